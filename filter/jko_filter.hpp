#pragma once
/// The filter that this project is for: JKO steps between observations, Bayes' rule at them.

#include <cstdint>
#include <memory>
#include <vector>

#include "filter/filter.hpp"
#include "filter/model/model.hpp"

namespace jko {

/// First order: the JKO scheme (implicit Euler). Second order: variational BDF2, at the same cost a step.
enum class Scheme { jko, bdf2 };

struct JkoOptions {
  Scheme scheme = Scheme::bdf2;
  double step = 0.0;                    ///< τ, in units of the model's time; 0: from the model's own time scales
  Index nodes = 0;                      ///< nodes that represent the law; 0: by dimension
  std::vector<Index> widths = {24, 24};  ///< hidden units of each layer
  int iterations = 120;                 ///< at most so many solver iterations a step
  double budget_ms = 0.0;               ///< at most so much time a step, then the best so far; 0: no limit
  double resample_below = 0.5;          ///< new nodes when the effective sample size falls below this share of them
  int chain = 24;                       ///< at most so many maps since the anchor, then a new anchor is fitted
  std::uint64_t seed = 0;
};

class JkoFilter final : public Filter {
 public:
  /// Throws std::invalid_argument if an option is out of range.
  JkoFilter(Model model, JkoOptions options);
  ~JkoFilter() override;

  PredictSummary predict(double t) override;
  UpdateSummary update(const Vector& y) override;
  double time() const override;
  Index dimension() const override;
  Vector mean() const override;
  Matrix covariance() const override;
  Matrix quantiles(const std::vector<double>& levels) const override;
  Vector log_density(PointsView points) const override;
  Points sample(Index count, std::uint64_t seed) const override;
  std::string method() const override { return "jko"; }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace jko
