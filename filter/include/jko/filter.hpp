#pragma once
/// What every filter of this library does: the JKO filter and the methods that it is compared with.
///
///     std::unique_ptr<Filter> filter = ...;
///     for (const auto& [t, y] : recording) {
///       filter->predict(t);                     // law of X(t) given what was seen before t
///       UpdateSummary seen = filter->update(y); // law of X(t) given y too
///       report(filter->mean(), filter->quantiles({0.05, 0.5, 0.95}), seen.log_evidence_increment);
///     }

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "jko/types.hpp"

namespace jko {

/// What happened in one prediction.
struct PredictSummary {
  int steps = 0;          ///< time steps (JKO steps, grid steps, Euler steps)
  int iterations = 0;     ///< iterations of the inner solver, all steps together; 0 where there is none
  bool fallback = false;  ///< a step could not be solved, and a plain one stood in for it
};

/// What one observation said.
struct UpdateSummary {
  /// log p(y_k | y_1 … y_{k-1}). -infinity if the observation is impossible under the prediction: then the belief is
  /// left as it was predicted.
  double log_evidence_increment = 0.0;
  /// Kish's effective sample size (Σw)² / Σw² of the nodes or particles just after reweighting, before any resampling.
  double effective_sample_size = 0.0;

  bool possible() const { return log_evidence_increment > -std::numeric_limits<double>::infinity(); }
};

class JKO_API Filter {
 public:
  virtual ~Filter() = default;

  /// Moves the law to time t >= time(). A numerical failure is flagged in the summary, never thrown.
  virtual PredictSummary predict(double t) = 0;

  /// Bayes' rule at time(). NaN entries of y are missing.
  virtual UpdateSummary update(const Vector& y) = 0;

  virtual double time() const = 0;
  virtual Index dimension() const = 0;

  virtual Vector mean() const = 0;        ///< (D)
  virtual Matrix covariance() const = 0;  ///< (D, D)

  /// Quantiles of each coordinate, shape (levels, D).
  virtual Matrix quantiles(const std::vector<double>& levels) const = 0;

  /// log density of the current law at each row of `points` (N, D), normalised. -infinity where there is none.
  virtual Vector log_density(PointsView points) const = 0;

  /// `count` independent draws of the current law, shape (count, D).
  virtual Points sample(Index count, std::uint64_t seed) const = 0;

  /// Name of the method, as on the command line: "jko", "grid", "kalman", ….
  virtual std::string method() const = 0;

  /// A filter in the same state, which goes its own way from here: what is kept to come back to.
  virtual std::unique_ptr<Filter> clone() const = 0;
};

}  // namespace jko
