#pragma once
/// What an observation says of the state: the log-likelihood log g(y | x, t).
///
/// An entry of y that is NaN is missing. Models with independent entries skip it, correlated ones marginalise it, and
/// an observation with no entry at all has log-likelihood 0 everywhere. No model ever returns NaN: where g is zero, or
/// where a formula is undefined, the value is -infinity.
///
/// Derive from it for one of your own (examples/own_likelihood.cpp); how to add one to the program: docs/development.md.

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "jko/random_engine.hpp"
#include "jko/types.hpp"

namespace jko {

/// E[y | x] and Cov[y | x] at N states.
struct ConditionalMoments {
  Points mean;                     ///< (N, M), M entries of y
  std::vector<Matrix> covariance;  ///< N of shape (M, M)
};

class JKO_API ObservationModel {
 public:
  virtual ~ObservationModel() = default;

  virtual Index state_dimension() const = 0;
  virtual Index observation_dimension() const = 0;

  /// log g(y | x, t) at each row of `x` (N, D); `y` has observation_dimension() entries, `log_likelihood` N. May be
  /// called from several threads at once.
  virtual void log_likelihood(PointsView x, const Vector& y, double t, Eigen::Ref<Vector> log_likelihood) const = 0;

  /// Whether sample() works: a likelihood that is only an expression cannot be drawn from.
  virtual bool can_sample() const { return true; }

  /// One draw of y given the state x (D).
  virtual Vector sample(const Vector& x, double t, RandomEngine& engine) const = 0;

  /// Whether moments() works: those of an expression, or of noise without a variance, are not known.
  virtual bool has_moments() const { return false; }

  /// Mean and covariance of y given each row of `x` (N, D). NaN where they are undefined. Throws std::logic_error
  /// unless has_moments().
  virtual ConditionalMoments moments(PointsView /*x*/, double /*t*/) const {
    throw std::logic_error("the moments of this observation model are not known");
  }

  /// The model as a formula, for people: "y ~ N(x0, 1)".
  virtual std::string formula() const = 0;
};

}  // namespace jko
