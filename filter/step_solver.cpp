#include "filter/step_solver.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "filter/pooled_parametrisation.hpp"
#include "filter/random.hpp"
#include "filter/state_checks.hpp"

namespace jko {
namespace {

constexpr double kSmallestDeterminant = 1e-8;  // of ∇²ψ: below, the map all but folds
constexpr double kHeldOut = 0.125;             // share of the nodes that are held out where features are trained
/// With the nodes' score the loss has no noise that a fit could gain from: at the stationary law nothing is below the
/// identity, and a fit ends a little above. The law then stays as it is; in units of relative entropy.
constexpr double kAtRest = 1e-3;

/// The nodes that are held out, or all the others. Which they are is random: every n-th point of a quasi-random
/// sequence would be a biased sample.
std::vector<Index> part(Index nodes, bool held_out) {
  Matrix uniform(nodes, 1);
  fill_uniform(0, 0, uniform);
  std::vector<Index> rows;
  for (Index i = 0; i < nodes; ++i) {
    if ((uniform(i) < kHeldOut) == held_out) rows.push_back(i);
  }
  return rows;
}

JkoStepProblem at(const std::vector<Index>& rows, const JkoStepProblem& problem) {
  JkoStepProblem selected = problem;
  selected.nodes = problem.nodes(rows, Eigen::all);
  selected.target = problem.target(rows, Eigen::all);
  selected.weights = problem.weights(rows);
  if (problem.score.size() > 0) selected.score = problem.score(rows, Eigen::all);
  selected.weights /= selected.weights.sum();
  return selected;
}

MapValue at(const std::vector<Index>& rows, const MapValue& value) {
  return {value.image(rows, Eigen::all), value.log_det(rows), value.divergence(rows)};
}

/// By how much the loss is above that of the identity, which leaves the nodes where they are.
double excess_loss(const JkoStepProblem& problem, const MapValue& value) {
  const Index n = problem.nodes.rows(), d = problem.nodes.cols();
  const double identity =
      step_loss(problem, {problem.nodes, Vector::Zero(n), Vector::Constant(n, static_cast<double>(d))});
  const double excess = step_loss(problem, value) - identity;
  return std::isfinite(excess) ? excess : kInfinity;
}

}  // namespace

/// A pooled map as a vector, and back.
Vector flat(const ConvexMap& map) {
  const auto& pool = map.layers.front();
  Vector all(map.Q.size() + map.c.size() + pool.A.size() + pool.b.size() + 1);
  all << map.Q.reshaped(), map.c, pool.A.reshaped(), pool.b, pool.w;
  return all;
}

Index flat_size(Index d, Index units) { return d * d + d + units * (d + 1) + 1; }

ConvexMap pooled_map(const Vector& flat, Index d, Index units) {
  ConvexMap map;
  map.Q = flat.head(d * d).reshaped(d, d);
  map.c = flat.segment(d * d, d);
  auto& pool = map.layers.emplace_back();
  pool.A = flat.segment(d * d + d, units * d).reshaped(units, d);
  pool.W.resize(units, 0);
  pool.b = flat.segment(d * d + d + units * d, units);
  pool.w = flat.tail(1);
  return map;
}

double loss_of(const JkoStepProblem& problem, const ConvexMap& map, StepEngine& engine) {
  const double loss = step_loss(problem, engine.pushforward({&map}, problem.nodes, Points()));
  return std::isfinite(loss) ? loss : std::numeric_limits<double>::infinity();
}

// Units beyond what the nodes can tell apart fit the nodes' noise: in many dimensions a few serve better.
Index default_width(Index dimension) {
  if (dimension == 1) return 72;
  return dimension == 2 ? 144 : 16;
}

StepSolver::StepSolver(StepSolverOptions options, Index dimension)
    : dimension_(dimension), options_(std::move(options)) {
  if (!options_.engine) options_.engine = processor_engine();
  if (options_.solver == Solver::automatic) {
    const bool trained = options_.widths.size() > 1 || !options_.engine->newton();
    options_.solver = trained ? Solver::lbfgs : Solver::newton;
  }
  if (options_.solver == Solver::newton && !options_.engine->newton()) {
    throw std::invalid_argument("the solver newton is the processor's alone; on a device there are lbfgs and pooled");
  }
  const bool on_a_line = dimension == 1 && options_.solver != Solver::pooled;
  if (options_.tolerance == 0.0) options_.tolerance = on_a_line ? 1e-8 : 1e-5;
  // The nodes of a line lie so close that features cannot bend between them, unless some are held out.
  if (on_a_line) options_.hold_out = false;
  if (options_.widths.empty()) {
    if (options_.solver == Solver::lbfgs)
      options_.widths = on_a_line ? std::vector<Index>{32, 32} : std::vector<Index>{16, 16};
    else
      options_.widths = {options_.solver == Solver::pooled ? 16 : default_width(dimension)};
  }
}

MinimizeOptions StepSolver::minimize_options(const JkoStepProblem& problem, const StepLimits& limits,
                                             int attempt) const {
  MinimizeOptions minimize;
  minimize.iterations = std::min(options_.iterations, limits.iterations);
  minimize.value_tolerance = options_.tolerance * problem.temperature;
  if (limits.repeat) {
    minimize.iterations = limits.repeat->iterations[attempt];
  } else if (limits.stop) {
    minimize.stop = limits.stop;
  } else if (options_.budget_ms > 0.0) {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + std::chrono::duration<double, std::milli>(options_.budget_ms);
    minimize.stop = [deadline] { return Clock::now() >= deadline; };
  }
  return minimize;
}

ConvexMap StepSolver::solve_newton(const JkoStepProblem& problem, double ratio, const MinimizeOptions& options,
                                   MinimizeSummary& summary) {
  const ConvexFeatures features(problem.nodes, problem.weights, options_.widths.front(), options_.seed);
  const FeatureCoefficients identity = identity_coefficients(features, problem.nodes, problem.weights);
  FeatureCoefficients solution = identity;
  if (ratio > 0.0) {
    solution.shift += ratio * (coefficients_.shift - identity_coefficients_.shift);
    solution.u += ratio * (coefficients_.u - identity_coefficients_.u);
    solution.u = solution.u.cwiseMax(0.0);
  }
  summary = newton_step(problem, features, identity, solution, options);
  coefficients_ = solution;
  identity_coefficients_ = identity;
  return features.map(solution.shift, solution.u);
}

ConvexMap StepSolver::solve_lbfgs(const JkoStepProblem& problem, double ratio, const MinimizeOptions& options,
                                  MinimizeSummary& summary) {
  const std::vector<Index> rows = options_.hold_out ? part(problem.nodes.rows(), false) : std::vector<Index>();
  JkoStepProblem training = options_.hold_out ? at(rows, problem) : problem;
  Vector weights = problem.weights;
  if (options_.hold_out) {
    training.whole = &problem;
    training.rows = &rows;
    weights.setZero();
    weights(rows) = training.weights;
  }
  const Parametrisation parameters(options_.widths, Frame::of(training.nodes, training.weights), options_.seed);
  // Over all nodes, which a device has from the step before.
  const Vector identity =
      parameters.start([&](const ConvexMap& map) { return options_.engine->average(map, problem.nodes, weights); });
  Vector solution = identity;
  if (ratio > 0.0) solution += ratio * (theta_ - identity_theta_);
  summary = minimise(*options_.engine, training, &parameters, solution, options);
  theta_ = solution;
  identity_theta_ = identity;
  return parameters.map(solution);
}

ConvexMap StepSolver::solve_pooled(const JkoStepProblem& problem, bool afresh, const MinimizeOptions& options,
                                   MinimizeSummary& summary) {
  const Index units = options_.widths.front();
  ConvexMap guess = tangent_map(problem, units, options_.seed);
  // Regions move little from step to step: the last map is nearly always the better guess.
  if (!afresh && has_previous()) {
    ConvexMap last = pooled_map(theta_, dimension_, units);
    if (loss_of(problem, last, *options_.engine) <= loss_of(problem, guess, *options_.engine)) guess = std::move(last);
  }
  const PooledParametrisation parameters(guess, problem.nodes, problem.weights);
  Vector solution = parameters.start();
  summary = minimise(*options_.engine, problem, &parameters, solution, options);
  ConvexMap map = parameters.map(solution);
  theta_ = flat(map);
  identity_theta_.resize(0);
  return map;
}

JkoStepResult StepSolver::solve(const JkoStepProblem& problem, double length, const StepLimits& limits) {
  JkoStepResult result;
  const bool trained = options_.solver == Solver::lbfgs;
  // What rounding and an unfinished fit may leave; a relative entropy.
  const double slack = 1e-7 * problem.temperature;
  bool at_rest = false;
  const bool plain = limits.repeat ? limits.repeat->attempts == 0 : limits.plain;
  for (const bool again : {false, true}) {
    if (plain) break;
    const double ratio = again || last_length_ == 0.0 ? 0.0 : length / last_length_;
    if (again && last_length_ == 0.0) break;  // it did start from the identity
    result.restarted = again;
    const int attempt = again ? 1 : 0;
    const MinimizeOptions options = minimize_options(problem, limits, attempt);
    result.map = options_.solver == Solver::pooled ? solve_pooled(problem, again, options, result.summary)
                 : trained                         ? solve_lbfgs(problem, ratio, options, result.summary)
                                                   : solve_newton(problem, ratio, options, result.summary);
    result.record.attempts = attempt + 1;
    result.record.iterations[attempt] = result.summary.iterations;
    result.stopped = result.stopped || result.summary.reason == MinimizeSummary::Reason::stopped;
    result.moved = options_.engine->pushforward({&result.map}, problem.nodes, problem.score);
    const Pushforward& moved = result.moved;
    const bool valid = moved.image.allFinite() && moved.log_det.allFinite() &&
                       moved.log_det.minCoeff() > std::log(kSmallestDeterminant);
    const double excess = valid ? excess_loss(problem, moved) : kInfinity;
    bool good = excess <= slack;
    at_rest = problem.score.size() > 0 && excess <= kAtRest * problem.temperature;
    if (good && trained && options_.hold_out) {
      const std::vector<Index> held_out = part(problem.nodes.rows(), true);
      good = excess_loss(at(held_out, problem), at(held_out, moved)) <= slack + 1e-3 * problem.temperature;
    }
    if (good) {
      last_length_ = length;
      return result;
    }
  }
  if (at_rest) {
    last_length_ = length;
    result.map = ConvexMap::affine(Matrix::Identity(dimension_, dimension_), Vector::Zero(dimension_));
    result.moved.image = problem.nodes;
    result.moved.log_det.setZero();
    result.moved.score = problem.score;
    return result;
  }
  forget();
  result.fallback = !plain;
  result.map = affine_step(problem, length);
  result.moved = options_.engine->pushforward({&result.map}, problem.nodes, problem.score);
  return result;
}

SolverState StepSolver::state() const {
  return {last_length_, coefficients_.shift, coefficients_.u, identity_coefficients_.shift, identity_coefficients_.u,
          theta_,       identity_theta_};
}

void StepSolver::restore(const SolverState& state) {
  require_state(std::isfinite(state.last_length) && state.last_length >= 0.0, "the solver's last step");
  if (state.last_length > 0.0) {
    const bool trained = options_.solver != Solver::newton, pooled = options_.solver == Solver::pooled;
    const Frame frame{Vector::Zero(dimension_), Matrix::Identity(dimension_, dimension_), 1.0, 1.0};
    const Index units = trained ? 0 : ConvexFeatures::count(dimension_, options_.widths.front());
    const Index parameters = pooled    ? flat_size(dimension_, options_.widths.front())
                             : trained ? Parametrisation(options_.widths, frame, options_.seed).size()
                                       : 0;
    const Index shift = trained ? 0 : dimension_;
    require_vector(state.shift, shift, "the solver's shift");
    require_vector(state.identity_shift, shift, "the solver's shift");
    require_vector(state.u, units, "the solver's coefficients");
    require_vector(state.identity_u, units, "the solver's coefficients");
    require_vector(state.theta, parameters, "the solver's parameters");
    require_vector(state.identity_theta, pooled ? 0 : parameters, "the solver's parameters");
    if (pooled) require_map(pooled_map(state.theta, dimension_, options_.widths.front()), dimension_);
  }
  last_length_ = state.last_length;
  coefficients_ = {state.shift, state.u};
  identity_coefficients_ = {state.identity_shift, state.identity_u};
  theta_ = state.theta;
  identity_theta_ = state.identity_theta;
}

}  // namespace jko
