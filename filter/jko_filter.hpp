#pragma once
/// The filter that this project is for: JKO steps between observations, Bayes' rule at them.
///
///     JkoOptions options;
///     options.step = 0.1;
///     JkoFilter filter(model, options);
///     filter.predict(0.5);
///     filter.update(y);
///     filter.log_density(points);

#include <cstdint>
#include <memory>

#include "filter/belief.hpp"
#include "filter/filter.hpp"
#include "filter/step_solver.hpp"

namespace jko {

/// First order: the JKO scheme (implicit Euler). Second order: variational BDF2, at the same cost a step.
enum class Scheme { jko, bdf2 };

struct JkoOptions {
  Scheme scheme = Scheme::bdf2;
  double step = 0.0;  ///< τ, in units of the model's time; 0: from the model's own time scales
  Index nodes = 0;    ///< nodes that represent the law; 0: by dimension
  Solver solver = Solver::automatic;
  std::vector<Index> widths;    ///< hidden units of each layer; empty: by dimension
  int iterations = 100;         ///< at most so many solver iterations a step
  double budget_ms = 0.0;       ///< at most so much time a step, then the best so far; 0: no limit
  double resample_below = 0.5;  ///< new nodes when the effective sample size falls below this share of them
  int chain = 24;               ///< at most so many maps since the anchor, then a new anchor is fitted
  std::uint64_t seed = 0;
};

class JkoFilter final : public Filter {
 public:
  /// Throws std::invalid_argument if an option is out of range.
  JkoFilter(Model model, JkoOptions options);

  PredictSummary predict(double t) override;
  UpdateSummary update(const Vector& y) override;
  double time() const override { return time_; }
  Index dimension() const override { return model_->dimension(); }
  Vector mean() const override { return belief_.nodes().mean(); }
  Matrix covariance() const override { return belief_.nodes().covariance(); }
  Matrix quantiles(const std::vector<double>& levels) const override;
  Vector log_density(PointsView points) const override { return belief_.log_density(points); }
  Points sample(Index count, std::uint64_t seed) const override { return belief_.sample(count, seed); }
  std::string method() const override { return "jko"; }

  const Belief& belief() const { return belief_; }

 private:
  void step(double length, PredictSummary& summary);
  double automatic_step() const;

  std::shared_ptr<const Model> model_;
  JkoOptions options_;
  Belief belief_;
  StepSolver solver_;
  double time_;
  Points previous_;               ///< where the nodes were before the last step; empty after an observation
  double previous_length_ = 0.0;  ///< of the last step; 0: start up
};

}  // namespace jko
