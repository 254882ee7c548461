#include "filter/jko_step.hpp"

#include <cmath>

#include "filter/newton_step.hpp"
#include "filter/node_placement.hpp"
#include "filter/step_solver.hpp"
#include "jko/gaussian_mixture.hpp"
#include "tests/filter/random_map.hpp"
#include "tests/filter/test_models.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

/// Nodes of N(1, σ² I): a lattice in one or two dimensions, quasi-random points in more.
Nodes gaussian_nodes(Index d, double sigma, Index count) {
  const auto law = GaussianMixture::gaussian(Vector::Ones(d), sigma * sigma * Matrix::Identity(d, d));
  const LogDensity log_density = [&](PointsView x) { return law.log_density(x); };
  if (d <= 2) {
    const Points guess = law.quasi_sample(500, 1);
    return place_on_lattice(log_density, guess, law.log_density(guess), count).nodes;
  }
  return place_quasi_random(log_density, {law.mean(), law.covariance()}, count, 1).nodes;
}

JkoStepProblem step_problem(const Nodes& nodes, const Potential& potential, double tau, double temperature) {
  return {nodes.x, nodes.weights, nodes.x, tau, tau, &potential, temperature};
}

/// For Φ = a|x|²/2 the step from N(m, σ² I) is T(x) = s x + (r - s) m: the mean shrinks by r = 1/(1 + aτ), and s solves
/// (s-1)/τ + a s = 1/(β σ² s).
double exact_scaling(double a, double tau, double temperature, double variance) {
  const double p = 1.0 / tau + a, q = temperature / variance;
  return (1.0 / tau + std::sqrt(1.0 / (tau * tau) + 4.0 * p * q)) / (2.0 * p);
}

}  // namespace

TEST_CASE("The step of a Gaussian in a bowl is the affine map of the closed form, by each solver", "[jko_step]") {
  const double a = 0.7, tau = 0.2, temperature = 0.5, sigma = 0.6;
  const double s = exact_scaling(a, tau, temperature, sigma * sigma), r = 1.0 / (1.0 + a * tau);
  for (const Index d : {1, 2, 4}) {
    for (const Solver solver : {Solver::newton, Solver::lbfgs, Solver::pooled}) {
      CAPTURE(d, static_cast<int>(solver));
      const Nodes nodes = gaussian_nodes(d, sigma, d <= 2 ? 800 : 2048);
      const Bowl bowl(d, a);
      StepSolverOptions options;
      options.solver = solver;
      StepSolver steps(options, d);
      const JkoStepResult step = steps.solve(step_problem(nodes, bowl, tau, temperature), tau);
      CHECK_FALSE(step.fallback);
      const Points exact = (s * nodes.x).array() + (r - s);
      // Root mean square under the law, in units of its width.
      const double error = std::sqrt(nodes.weights.dot((step.moved.image - exact).rowwise().squaredNorm()));
      CHECK(error < (solver == Solver::newton ? 1e-2 : 4e-2) * sigma);
    }
  }
}

TEST_CASE("Newton's solution is a minimum: no nearby coefficients have a smaller loss", "[newton_step]") {
  for (const Index d : {1, 2, 3}) {
    CAPTURE(d);
    const Nodes nodes = gaussian_nodes(d, 1.0, 600);
    const Ripple ripple(d);
    const JkoStepProblem problem = step_problem(nodes, ripple, 0.05, 1.0);
    const ConvexFeatures features(nodes.x, nodes.weights, 24, 1);
    const FeatureCoefficients identity = identity_coefficients(features, nodes.x, nodes.weights);
    FeatureCoefficients solution = identity;
    MinimizeOptions options;
    options.iterations = 200;
    options.value_tolerance = 1e-13;
    newton_step(problem, features, identity, solution, options);
    const auto loss = [&](const FeatureCoefficients& c) {
      const MapValue value = apply(features.map(c.shift, c.u), nodes.x);
      return step_loss(problem, value);
    };
    const double best = loss(solution);
    CHECK(best < loss(identity));
    for (unsigned trial = 0; trial < 50; ++trial) {
      FeatureCoefficients other = solution;
      other.shift += 1e-2 * random_points(d, 1, trial).col(0);
      other.u = (other.u + 3e-2 * random_points(features.units(), 1, 1000 + trial).col(0)).cwiseMax(0.0);
      CHECK(loss(other) > best - 1e-7);
    }
  }
}

TEST_CASE("The score's term averages to zero, whatever the map", "[jko_step]") {
  const Index d = 3, count = 20'000;
  const auto law = GaussianMixture::gaussian(Vector::Ones(d), 0.5 * Matrix::Identity(d, d));
  const Bowl bowl(d, 1.0);
  JkoStepProblem plain{law.sample(count, 1, 0), Vector::Constant(count, 1.0 / count), Points(), 0.1, 0.1, &bowl, 0.7};
  plain.target = plain.nodes;
  JkoStepProblem scored = plain;
  scored.score = -(plain.nodes.array() - 1.0) / 0.5;
  for (const ConvexMap& map : {random_map(d, {6, 5}, 1), random_pooled_map(d, 6, 2)}) {
    const MapValue value = apply(map, plain.nodes);
    const double term = step_loss(scored, value) - step_loss(plain, value);
    CHECK(term != 0.0);
    const Points moved = value.image - plain.nodes;
    const Vector each = value.divergence.array() - d + moved.cwiseProduct(scored.score).rowwise().sum().array();
    const double deviation = std::sqrt((each.array() - each.mean()).square().mean() / count);
    CHECK(std::abs(term) < 4.0 * 0.7 * deviation);
  }
}

// A law at rest: the best map is the identity, which a few random nodes cannot tell without their score.
TEST_CASE("With the score, a step at the stationary law does not follow the nodes' noise", "[jko_step]") {
  const Index d = 4, count = 200;
  const auto law = GaussianMixture::standard(d);
  const Bowl bowl(d, 1.0);
  const Points x = law.sample(count, 3, 0);
  for (const Solver solver : {Solver::newton, Solver::lbfgs, Solver::pooled}) {
    CAPTURE(static_cast<int>(solver));
    const auto moved = [&](const Points& score) {
      StepSolverOptions options;
      options.solver = solver;
      options.widths = {4};
      options.hold_out = false;
      options.tolerance = 1e-9;
      options.iterations = 1000;
      const JkoStepProblem problem{x, Vector::Constant(count, 1.0 / count), x, 1.0, 1.0, &bowl, 1.0, score};
      return std::sqrt((StepSolver(options, d).solve(problem, 1.0).moved.image - x).squaredNorm() / (count * d));
    };
    const double with_score = moved(-x), without = moved(Points());
    CHECK(without > 0.05);
    CHECK(with_score < 0.02 * without);
  }
}

TEST_CASE("Fixed features start as a map close to the identity", "[convex_features]") {
  for (const Index d : {1, 2, 5}) {
    const Nodes nodes = gaussian_nodes(d, 0.3, 1000);
    const ConvexFeatures features(nodes.x, nodes.weights, 64, 1);
    const FeatureCoefficients start = identity_coefficients(features, nodes.x, nodes.weights);
    const Points moved = apply(features.map(start.shift, start.u), nodes.x).image;
    CHECK(std::sqrt(nodes.weights.dot((moved - nodes.x).rowwise().squaredNorm())) < 0.3 * 0.3 * std::sqrt(d));
  }
}

TEST_CASE("Features and the network that is made of them agree", "[convex_features]") {
  for (const Index d : {1, 2, 3}) {
    const Points x = random_points(50, d, 1);
    const ConvexFeatures features(x, Vector::Ones(50), 10, 3);
    const Vector shift = random_points(d, 1, 2), u = random_points(features.units(), 1, 3).cwiseAbs();
    Matrix r, s;
    features.evaluate(x, r, s);
    MapEvaluator evaluator(x, {10});
    evaluator.forward(features.map(shift, u));
    const Points image =
        (ConvexFeatures::kFloor * x + r * (u.asDiagonal() * features.directions())).rowwise() + shift.transpose();
    CHECK((evaluator.image() - image).cwiseAbs().maxCoeff() < 1e-12);
    const Matrix hessian = evaluator.hessian();
    for (Index i = 0; i < x.rows(); ++i) {
      Matrix H = ConvexFeatures::kFloor * Matrix::Identity(d, d);
      for (Index j = 0; j < u.size(); ++j) {
        H += u(j) * s(i, j) * features.directions().row(j).transpose() * features.directions().row(j);
      }
      CHECK((hessian.row(i).reshaped(d, d) - H).cwiseAbs().maxCoeff() < 1e-12);
    }
  }
}

TEST_CASE("BDF2 with equal steps has its textbook coefficients, and is exact for straight motion", "[jko_step]") {
  const Points x = random_points(5, 2, 1), before = random_points(5, 2, 2);
  const Bdf2Anchor equal = bdf2_anchor(x, before, 0.3, 0.3);
  CHECK((equal.target - (4.0 * x - before) / 3.0).norm() < 1e-14);
  CHECK(equal.tau_hat == Approx(0.2));
  // x(t) = x + v t: the anchor's target plus τ̂ v must be the point at the end of the step, whatever the ratio.
  const Points v = random_points(5, 2, 3);
  const Bdf2Anchor uneven = bdf2_anchor(x, x - 0.2 * v, 0.5, 0.2);
  CHECK((uneven.target + uneven.tau_hat * v - (x + 0.5 * v)).norm() < 1e-12);
}

TEST_CASE("A step that cannot be solved is replaced by a plain one and flagged", "[step_solver]") {
  for (const Index d : {1, 2, 3}) {
    for (const Solver solver : {Solver::newton, Solver::lbfgs, Solver::pooled}) {
      const Nodes nodes = gaussian_nodes(d, 1.0, 500);
      const BrokenPotential broken(d);
      StepSolverOptions options;
      options.solver = solver;
      StepSolver steps(options, d);
      const JkoStepResult step = steps.solve(step_problem(nodes, broken, 0.1, 1.0), 0.1);
      CHECK(step.fallback);
      CHECK(step.moved.image.allFinite());
      CHECK(step.moved.log_det.allFinite());
      // Without usable forces what is left is diffusion: the variance grows by 2τ/β.
      const Points centred = step.moved.image.rowwise() - (step.moved.image.transpose() * nodes.weights).transpose();
      const double variance = nodes.weights.dot(centred.rowwise().squaredNorm()) / d;
      CHECK(variance == Approx(nodes.covariance().trace() / d + 0.2).epsilon(1e-6));
    }
  }
}

TEST_CASE("A deadline ends a step at once with a usable map", "[step_solver]") {
  const Nodes nodes = gaussian_nodes(2, 1.0, 800);
  const Ripple ripple(2);
  for (const Solver solver : {Solver::newton, Solver::lbfgs, Solver::pooled}) {
    StepSolverOptions options;
    options.solver = solver;
    options.budget_ms = 1e-6;  // has struck by the first evaluation
    StepSolver steps(options, 2);
    const JkoStepResult step = steps.solve(step_problem(nodes, ripple, 0.05, 1.0), 0.05);
    CHECK(step.moved.image.allFinite());
    CHECK(step.moved.log_det.allFinite());
    CHECK(step.summary.iterations <= 1);
  }
}
