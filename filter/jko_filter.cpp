#include "jko/jko_filter.hpp"

#include <algorithm>
#include <boost/math/tools/toms748_solve.hpp>
#include <chrono>
#include <cmath>
#include <stdexcept>

#include "filter/belief.hpp"
#include "filter/jko_state.hpp"
#include "filter/state_checks.hpp"
#include "filter/state_stream.hpp"
#include "filter/step_solver.hpp"

namespace jko {
namespace {

Index default_nodes(Index dimension) {
  if (dimension == 1) return 512;
  return dimension == 2 ? 2400 : 2048;
}

/// With every default that depends on the dimension in place.
JkoOptions checked(JkoOptions options, Index dimension) {
  if (std::string why; !options.validate(&why)) throw std::invalid_argument(why);
  if (options.chain == 0) options.chain = default_chain(dimension);
  if (options.nodes == 0) options.nodes = default_nodes(dimension);
  if (!options.engine) options.engine = processor_engine();
  return options;
}

BeliefOptions belief_options(const JkoOptions& options) {
  BeliefOptions belief;
  belief.nodes = options.nodes;
  belief.resample_below = options.resample_below;
  belief.chain = options.chain;
  belief.seed = options.seed;
  return belief;
}

StepSolverOptions solver_options(const JkoOptions& options) {
  StepSolverOptions solver;
  solver.solver = options.solver;
  solver.widths = options.widths;
  solver.iterations = options.iterations;
  solver.tolerance = options.tolerance;
  solver.budget_ms = options.budget_ms;
  solver.hold_out = options.hold_out;
  solver.seed = options.seed;
  solver.engine = options.engine;
  return solver;
}

constexpr double kMostSteps = 1e9;  // of a plan: more would never end

/// The steps that a step of BDF2 is made of. Right after an observation the velocity field has jumped, and there is no
/// past to use: it grows from a short first-order step. Later on it at most doubles, which the scheme's stability asks
/// for (Hairer, Nørsett and Wanner, section III.5: less than 1 + √2).
std::vector<double> bdf2_shares(double length, double previous) {
  if (previous == 0.0) return {0.125, 0.125, 0.25, 0.5};
  std::vector<double> shares{1.0};
  for (double sum = 1.0; length > 2.0 * previous * (1.0 + 1e-9) * sum && shares.size() < 16; sum += shares.back()) {
    shares.push_back(2.0 * shares.back());
  }
  const double sum = 2.0 * shares.back() - 1.0;
  for (double& share : shares) share /= sum;
  return shares;
}

}  // namespace

bool JkoOptions::validate(std::string* why) const {
  const auto wrong = [&] {
    if (!(step >= 0.0 && std::isfinite(step))) return "the step must be positive (or 0: automatic)";
    if (nodes != 0 && nodes < 32) return "at least 32 nodes are needed";
    if (iterations < 1) return "at least one iteration is needed";
    if (!(tolerance >= 0.0 && std::isfinite(tolerance))) return "the tolerance must not be negative";
    if (!(budget_ms >= 0.0)) return "the budget must not be negative";
    if (!(resample_below >= 0.0 && resample_below <= 1.0)) return "resample_below must lie in [0, 1]";
    if (chain < 0) return "the chain's length must not be negative";
    for (const Index width : widths) {
      if (width < 1) return "a layer needs at least one hidden unit";
    }
    if (solver == Solver::newton && widths.size() > 1) {
      return "the newton solver has one hidden layer; use the solver lbfgs for more";
    }
    if (solver == Solver::pooled && widths.size() > 1) return "the pooled solver has one hidden layer";
    if (solver == Solver::pooled && !widths.empty() && widths.front() < 2) {
      return "the pooled solver needs at least two hidden units";
    }
    return "";
  }();
  if (why) *why = wrong;
  return *wrong == '\0';
}

struct JkoFilter::Implementation {
  Implementation(Model model, JkoOptions given)
      : model_(std::make_shared<const Model>(std::move(model))),
        options_(checked(std::move(given), model_->dimension())),
        belief_(model_, belief_options(options_)),
        solver_(solver_options(options_), model_->dimension()),
        time_(model_->start_time) {}

  Index dimension() const { return model_->dimension(); }
  StepPlan plan(double t, int count) const;
  StepReport step(StepPlan& plan, const StepLimits& limits);
  void advance(double length, const StepLimits& limits);
  double automatic_step() const;
  void renew();
  void push_forward(const ConvexMap& map);
  void replace_model(Model model);
  void replace_resolution(double step, Index nodes);
  void restore(const JkoState& state);
  UpdateSummary update(const Vector& y);
  Matrix quantiles(const std::vector<double>& levels) const;

  std::shared_ptr<const Model> model_;
  JkoOptions options_;
  Belief belief_;
  StepSolver solver_;
  double time_;
  Points previous_;               ///< where the nodes were before the last step; empty after an observation
  double previous_length_ = 0.0;  ///< of the last step; 0: start up
  StepReport last_step_;
};

// τ from the two rates of the flow: the drift's (mean square curvature of Φ) and diffusion's across the law.
double JkoFilter::Implementation::automatic_step() const {
  constexpr double kShare = 0.5;
  const Nodes& nodes = belief_.nodes();
  const Index n = nodes.x.rows(), d = nodes.x.cols();
  const Vector deviation = nodes.covariance().diagonal().cwiseSqrt();
  Vector value(n);
  Points here(n, d), there(n, d);
  model_->potential->evaluate(nodes.x, time_, value, here);
  double square = 0.0;
  for (Index k = 0; k < d; ++k) {
    const double nudge = 1e-3 * deviation(k);
    Points moved = nodes.x;
    moved.col(k).array() += nudge;
    model_->potential->evaluate(moved, time_, value, there);
    const Vector change = (there - here).rowwise().squaredNorm() / (nudge * nudge);
    const double mean = nodes.weights.dot(change);
    if (std::isfinite(mean)) square = std::max(square, mean);
  }
  const double diffusion = model_->temperature() / deviation.cwiseAbs2().minCoeff();
  return kShare / (std::sqrt(square) + diffusion);
}

StepPlan JkoFilter::Implementation::plan(double t, int count) const {
  StepPlan plan;
  plan.start = time_;
  plan.end = t;
  const double interval = t - time_;
  if (!(interval > 0.0)) return plan;
  plan.count = count;
  if (count == 0) {
    const double wanted = options_.step > 0.0 ? options_.step : automatic_step();
    plan.count = static_cast<int>(std::clamp(std::ceil(interval / wanted * (1.0 - 1e-12)), 1.0, kMostSteps));
  }
  return plan;
}

StepReport JkoFilter::Implementation::step(StepPlan& plan, const StepLimits& limits) {
  const auto begin = std::chrono::steady_clock::now();
  const double length = (plan.end - plan.start) / plan.count;
  if (belief_.chain_full()) renew();
  if (options_.redraw) {
    if (std::optional<Points> before = belief_.redraw(*options_.engine)) previous_ = std::move(*before);
  }
  if (plan.next_share == plan.shares.size()) {
    plan.shares = options_.scheme == Scheme::bdf2 ? bdf2_shares(length, previous_length_) : std::vector<double>{1.0};
    plan.next_share = 0;
  }
  advance(plan.shares[plan.next_share] * length, limits);
  if (++plan.next_share == plan.shares.size()) {
    ++plan.done;
    time_ = plan.finished() ? plan.end : plan.start + plan.done * length;
  }
  last_step_.ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  return last_step_;
}

void JkoFilter::Implementation::renew() {
  if (std::optional<Points> before = belief_.renew()) {
    previous_ = std::move(*before);
  } else {
    previous_length_ = 0.0;
  }
}

void JkoFilter::Implementation::advance(double length, const StepLimits& limits) {
  const Nodes& nodes = belief_.nodes();
  JkoStepProblem problem{
      nodes.x,    nodes.weights, nodes.x, length, time_ + length, model_->potential.get(), model_->temperature(),
      nodes.score};
  if (options_.scheme == Scheme::bdf2 && previous_length_ > 0.0) {
    Bdf2Anchor anchor = bdf2_anchor(nodes.x, previous_, length, previous_length_);
    problem.target = std::move(anchor.target);
    problem.tau_hat = anchor.tau_hat;
  }
  JkoStepResult result = solver_.solve(problem, length, limits);
  belief_.advance(result.map, std::move(result.moved));
  previous_ = std::move(problem.nodes);
  previous_length_ = length;
  time_ += length;
  const int iterations = result.record.iterations[0] + result.record.iterations[1];
  last_step_ = {
      result.record, iterations, result.stopped, result.fallback, length, 0.0, std::move(result.summary.losses)};
}

void JkoFilter::Implementation::push_forward(const ConvexMap& map) {
  if (map.dimension() != dimension()) throw std::invalid_argument("the map is not of the law's dimension");
  const Nodes& nodes = belief_.nodes();
  belief_.advance(map, options_.engine->pushforward({&map}, nodes.x, nodes.score));
  previous_length_ = 0.0;
  solver_.forget();
}

void JkoFilter::Implementation::replace_model(Model model) {
  auto shared = std::make_shared<const Model>(std::move(model));
  belief_.replace_model(shared);
  model_ = std::move(shared);
  previous_length_ = 0.0;
  solver_.forget();
}

void JkoFilter::Implementation::replace_resolution(double step, Index nodes) {
  JkoOptions options = options_;
  options.step = step;
  options.nodes = nodes;
  options = checked(std::move(options), dimension());
  if (options.nodes != options_.nodes) {
    belief_.resize(options.nodes, *options.engine);
    previous_length_ = 0.0;
    if (options.solver != Solver::pooled) solver_.forget();  // planes lie where they did, whatever the nodes
  }
  options_ = std::move(options);
}

void JkoFilter::Implementation::restore(const JkoState& state) {
  require_state(std::isfinite(state.time), "the time");
  require_state(std::isfinite(state.previous_length) && state.previous_length >= 0.0, "the previous step");
  if (state.previous_length > 0.0) {
    require_shape(state.previous, state.belief.nodes.x.rows(), dimension(), "the previous nodes");
  }
  Belief belief = belief_;
  belief.restore(state.belief);
  solver_.restore(state.solver);
  belief_ = std::move(belief);
  time_ = state.time;
  previous_ = state.previous;
  previous_length_ = state.previous_length;
}

UpdateSummary JkoFilter::Implementation::update(const Vector& y) {
  const UpdateSummary summary = belief_.update(y, time_);
  previous_length_ = 0.0;
  solver_.forget();
  return summary;
}

// Each node's mass is spread evenly over a cell's width along the coordinate, so that the rows of a lattice, which
// share coordinates, do not make steps.
Matrix JkoFilter::Implementation::quantiles(const std::vector<double>& levels) const {
  const Nodes& nodes = belief_.nodes();
  const Index d = nodes.x.cols();
  const Vector width_now = nodes.covariance().diagonal().cwiseSqrt();
  Nodes placed = nodes;
  placed.x = nodes.origin;
  const Vector width_placed = placed.covariance().diagonal().cwiseSqrt();
  Matrix result(static_cast<Index>(levels.size()), d);
  for (Index k = 0; k < d; ++k) {
    const double cell = nodes.cell.row(k).cwiseAbs().sum() * width_now(k) / width_placed(k);
    const double half = std::max(0.5 * cell, width_now(k) / std::sqrt(static_cast<double>(nodes.x.rows())));
    const Eigen::ArrayXd x = nodes.x.col(k);
    const auto below = [&](double q) {
      return (((q - x + half) / (2.0 * half)).max(0.0).min(1.0) * nodes.weights.array()).sum();
    };
    const double low = x.minCoeff() - half, high = x.maxCoeff() + half;
    const auto close = [&](double a, double b) { return std::abs(a - b) < 1e-9 * width_now(k); };
    for (std::size_t q = 0; q < levels.size(); ++q) {
      const double level = std::clamp(levels[q], 0.0, 1.0);
      std::uintmax_t evaluations = 100;
      const auto bracket = boost::math::tools::toms748_solve([&](double x_q) { return below(x_q) - level; }, low, high,
                                                             -level, 1.0 - level, close, evaluations);
      result(static_cast<Index>(q), k) = 0.5 * (bracket.first + bracket.second);
    }
  }
  return result;
}

JkoFilter::JkoFilter(Model model, JkoOptions options)
    : implementation_(std::make_unique<Implementation>(std::move(model), std::move(options))) {}
JkoFilter::~JkoFilter() = default;
JkoFilter::JkoFilter(const JkoFilter& other)
    : Filter(other), implementation_(std::make_unique<Implementation>(*other.implementation_)) {}
JkoFilter& JkoFilter::operator=(const JkoFilter& other) {
  implementation_ = std::make_unique<Implementation>(*other.implementation_);
  return *this;
}
JkoFilter::JkoFilter(JkoFilter&&) noexcept = default;
JkoFilter& JkoFilter::operator=(JkoFilter&&) noexcept = default;

PredictSummary JkoFilter::predict(double t) {
  PredictSummary summary;
  for (StepPlan plan = this->plan(t); !plan.finished();) {
    const StepReport report = step(plan, {});
    summary.steps += 1;
    summary.iterations += report.iterations;
    summary.fallback = summary.fallback || report.fallback;
  }
  return summary;
}

UpdateSummary JkoFilter::update(const Vector& y) { return implementation_->update(y); }

StepPlan JkoFilter::plan(double t, int count) const { return implementation_->plan(t, count); }
StepReport JkoFilter::step(StepPlan& plan, const StepLimits& limits) { return implementation_->step(plan, limits); }
const StepReport& JkoFilter::last_step() const { return implementation_->last_step_; }

void JkoFilter::relabel(double t) { implementation_->time_ = t; }
void JkoFilter::replace_model(Model model) { implementation_->replace_model(std::move(model)); }
void JkoFilter::replace_resolution(double step, Index nodes) { implementation_->replace_resolution(step, nodes); }
void JkoFilter::push_forward(const ConvexMap& map) { implementation_->push_forward(map); }

JkoState JkoFilter::state() const {
  const Implementation& now = *implementation_;
  return {now.time_, now.previous_, now.previous_length_, now.belief_.state(), now.solver_.state()};
}
void JkoFilter::restore(const JkoState& state) { implementation_->restore(state); }

void JkoFilter::save(std::ostream& out) const { write_state(out, state()); }
void JkoFilter::load(std::istream& in) {
  const JkoState read = read_state(in);
  try {
    restore(read);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(std::string("this is not the state of a filter with this model and these options: ") +
                                error.what());
  }
}

double JkoFilter::time() const { return implementation_->time_; }
Index JkoFilter::dimension() const { return implementation_->dimension(); }
Vector JkoFilter::mean() const { return belief().nodes().mean(); }
Matrix JkoFilter::covariance() const { return belief().nodes().covariance(); }
Matrix JkoFilter::quantiles(const std::vector<double>& levels) const { return implementation_->quantiles(levels); }
Vector JkoFilter::log_density(PointsView points) const { return belief().log_density(points); }
Points JkoFilter::sample(Index count, std::uint64_t seed) const { return belief().sample(count, seed); }
std::unique_ptr<Filter> JkoFilter::clone() const { return std::make_unique<JkoFilter>(*this); }
const Belief& JkoFilter::belief() const { return implementation_->belief_; }

}  // namespace jko
