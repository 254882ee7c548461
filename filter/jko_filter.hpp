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
#include "filter/jko_state.hpp"
#include "filter/step_limits.hpp"
#include "filter/step_solver.hpp"

namespace jko {

/// First order: the JKO scheme (implicit Euler). Second order: variational BDF2, at the same cost a step.
enum class Scheme { jko, bdf2 };

struct JkoOptions {
  Scheme scheme = Scheme::bdf2;
  double step = 0.0;  ///< τ, in units of the model's time; 0: from the model's own time scales
  Index nodes = 0;    ///< nodes that represent the law; 0: by dimension
  Solver solver = Solver::automatic;
  std::vector<Index> widths;  ///< hidden units of each layer; empty: by dimension
  int iterations = 100;       ///< at most so many solver iterations a step
  double tolerance = 0.0;     ///< a step is solved when iterations lower its loss by less, times β⁻¹; 0: by solver
  double budget_ms = 0.0;     ///< at most so much time a step, then the best so far; 0: no limit
  double resample_below = 0.5;  ///< new nodes when the effective sample size falls below this share of them
  int chain = 0;  ///< at most so many maps since the anchor, then a new anchor is fitted; 0: default_chain()
  /// New nodes for each step, drawn from the initial law and moved along, as long as nothing was observed: a step is
  /// then not fitted to the nodes that the steps before were fitted to. For three dimensions or more; the chain should
  /// hold all steps.
  bool redraw = false;
  bool hold_out = true;  ///< as StepSolverOptions has it
  std::uint64_t seed = 0;
  std::shared_ptr<StepEngine> engine;  ///< as StepSolverOptions has it; clones share it
};

/// How a prediction is cut into steps, and how far it has come. Each of the `count` steps may be several: after an
/// observation, or where steps get longer, BDF2 grows from short ones.
struct StepPlan {
  double start = 0.0, end = 0.0;
  int count = 0, done = 0;
  std::vector<double> shares;  ///< of the step in hand
  std::size_t next_share = 0;

  bool finished() const { return done >= count; }
};

class JkoFilter final : public Filter {
 public:
  /// Throws std::invalid_argument if an option is out of range.
  JkoFilter(Model model, JkoOptions options);

  PredictSummary predict(double t) override;
  UpdateSummary update(const Vector& y) override;

  /// The same as predict(t), a step at a time: for those who watch a clock, or want to look in between.
  ///
  ///     for (StepPlan plan = filter.plan(t); !plan.finished();) filter.step(plan, limits);
  ///
  /// `count`: of steps; 0: as the options' τ has it. A plan may be dropped halfway and another one made from there.
  StepPlan plan(double t, int count = 0) const;
  StepReport step(StepPlan& plan, const StepLimits& limits);

  /// Sets the time without moving the law: for a t that is that of the belief but for rounding.
  void relabel(double t) { time_ = t; }

  /// Pushes the law forward by a map that is given, exactly and at no time: what was solved for in other coordinates
  /// becomes the law of `map` of them. The model stays as it is: whoever wants to take further steps gives one of the
  /// new coordinates to replace_model(). Throws std::invalid_argument if the dimension is another one.
  void push_forward(const ConvexMap& map);

  /// Goes on with another model of the same dimension.
  void replace_model(Model model);
  /// Goes on with steps of another length and with another number of nodes; 0, as in the options: by itself. Throws
  /// std::invalid_argument, and changes nothing, if they are out of range.
  void replace_resolution(double step, Index nodes);

  /// What restore() takes back: throws std::invalid_argument if it cannot be a state of a filter with this model and
  /// these options. A restored filter goes on bit for bit as the other one would.
  JkoState state() const;
  void restore(const JkoState& state);

  double time() const override { return time_; }
  Index dimension() const override { return model_->dimension(); }
  Vector mean() const override { return belief_.nodes().mean(); }
  Matrix covariance() const override { return belief_.nodes().covariance(); }
  Matrix quantiles(const std::vector<double>& levels) const override;
  Vector log_density(PointsView points) const override { return belief_.log_density(points); }
  Points sample(Index count, std::uint64_t seed) const override { return belief_.sample(count, seed); }
  std::string method() const override { return "jko"; }
  std::unique_ptr<Filter> clone() const override { return std::make_unique<JkoFilter>(*this); }

  const Belief& belief() const { return belief_; }
  /// What happened in the last step; nothing before the first one.
  const StepReport& last_step() const { return last_step_; }

 private:
  void advance(double length, const StepLimits& limits);
  double automatic_step() const;
  void renew();

  std::shared_ptr<const Model> model_;
  JkoOptions options_;
  Belief belief_;
  StepSolver solver_;
  double time_;
  Points previous_;               ///< where the nodes were before the last step; empty after an observation
  double previous_length_ = 0.0;  ///< of the last step; 0: start up
  StepReport last_step_;
};

}  // namespace jko
