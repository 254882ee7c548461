#include "filter/device/fused_step.hpp"

#include <iostream>
#include <memory>
#include <stdexcept>

#include "jko/double_well.hpp"
#include "jko/gaussian_mixture.hpp"
#include "jko/mixture_potential.hpp"
#include "jko/quadratic.hpp"
#include "jko/sine_well.hpp"
#include "tests/filter/random_map.hpp"
#include "tests/filter/test_models.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

using Widths = std::vector<Index>;

/// One potential of each kind, with numbers that differ from coordinate to coordinate.
std::vector<std::shared_ptr<const Potential>> all_potentials(Index d) {
  const Vector ramp = Vector::LinSpaced(d, 0.7, 1.3);
  const Matrix R = 0.4 * random_points(d, d, 7);
  const Matrix A = R * R.transpose() + 0.3 * Matrix::Identity(d, d);
  const GaussianMixture mixture({{1.0, random_points(d, 1, 20), A},
                                 {2.0, random_points(d, 1, 21), A + 0.2 * Matrix::Identity(d, d)},
                                 {3.0, random_points(d, 1, 22), A + 0.4 * Matrix::Identity(d, d)}});
  return {std::make_shared<SineWell>(d), std::make_shared<DoubleWell>(ramp, Vector(2.0 * ramp)),
          std::make_shared<Quadratic>(A, ramp), std::make_shared<MixturePotential>(mixture)};
}

/// A step from random nodes of unequal weights, and a first guess some way from the identity.
struct Case {
  JkoStepProblem problem;
  Parametrisation parameters;
  Vector theta;

  Case(const Potential& potential, Index n, const Widths& widths, unsigned seed = 1)
      : Case(make(potential, n, seed), widths, seed) {}

  Case(JkoStepProblem given, const Widths& widths, unsigned seed = 1)
      : problem(std::move(given)),
        parameters(widths, Frame::of(problem.nodes, problem.weights), seed),
        theta(parameters.start(problem.nodes, problem.weights)) {}

  Case& shaken(double size) {
    theta += size * random_points(theta.size(), 1, 3).col(0);
    return *this;
  }

  static JkoStepProblem make(const Potential& potential, Index n, unsigned seed) {
    const Index d = potential.dimension();
    Vector weights = (0.3 * random_points(n, 1, seed + 1).col(0)).array().exp();
    weights /= weights.sum();
    const Points x = 0.8 * random_points(n, d, seed).array() + 0.3;
    return {x, weights, x + 0.05 * random_points(n, d, seed + 2), 0.1, 0.0, &potential, 0.7};
  }
};

double relative_to_first(const Vector& a, const Vector& b) { return (a - b).norm() / (1e-300 + a.norm()); }

/// L and its gradient by the library's own engine.
double reference_loss(const Case& c, Vector& gradient) {
  const JkoStepProblem& p = c.problem;
  MapEvaluator evaluator(p.nodes, c.parameters.widths());
  const ConvexMap map = c.parameters.map(c.theta);
  evaluator.forward(map);
  Vector value(p.nodes.rows());
  Points force(p.nodes.rows(), p.nodes.cols());
  p.potential->evaluate(evaluator.image(), p.time, value, force);
  const Points d_image = ((evaluator.image() - p.target) / p.tau_hat + force).array().colwise() * p.weights.array();
  ConvexMap d_map;
  evaluator.backward(map, d_image, -p.temperature * p.weights, d_map);
  gradient = c.parameters.pull_back(c.theta, d_map);
  return step_loss(p, {evaluator.image(), evaluator.log_det(), evaluator.divergence()});
}

FusedSolver host(FusedPrecision precision, int blocks = 1, int threads = 1) {
  FusedOptions options;
  options.precision = precision;
  options.blocks = blocks;
  options.threads = threads;
  return FusedSolver::on_host(options);
}

MinimizeOptions iterations(int count) {
  MinimizeOptions options;
  options.iterations = count;
  return options;
}

/// θ and the summary of a solve of one problem.
std::pair<Vector, MinimizeSummary> solution(FusedSolver solver, const Case& c, const MinimizeOptions& options) {
  std::vector<Vector> thetas{c.theta};
  const auto summaries = solver.solve({&c.problem}, {&c.parameters}, thetas, options);
  return {thetas.front(), summaries.front()};
}

double image_error(const Case& c, const Vector& a, const Vector& b) {
  const Points difference =
      apply(c.parameters.map(a), c.problem.nodes).image - apply(c.parameters.map(b), c.problem.nodes).image;
  return std::sqrt(c.problem.weights.dot(difference.rowwise().squaredNorm()));
}

}  // namespace

TEST_CASE("The fused loss and its gradient are those of the library's engine", "[fused_step]") {
  for (const Index d : {1, 2, 3, 4}) {
    for (const Widths& widths : {Widths{7}, Widths{9, 6}, Widths{32, 32}, Widths{5, 8, 4}}) {
      for (const auto& potential : all_potentials(d)) {
        CAPTURE(d, widths, potential->formula());
        const Case c = Case(*potential, 150, widths).shaken(0.3);
        Vector expected, gradient;
        const double loss = reference_loss(c, expected);
        CHECK(host(FusedPrecision::double_precision).loss(c.problem, c.parameters, c.theta, gradient) ==
              Approx(loss).epsilon(1e-12));
        CHECK(relative_to_first(expected, gradient) < 1e-11);
        CHECK(host(FusedPrecision::single_precision).loss(c.problem, c.parameters, c.theta, gradient) ==
              Approx(loss).epsilon(1e-5));
        CHECK(relative_to_first(expected, gradient) < 1e-4);
      }
    }
  }
}

TEST_CASE("Each part of the fused gradient is right, not only the large ones", "[fused_step]") {
  const SineWell well(2);
  const Case c = Case(well, 100, {5, 8, 4}).shaken(0.3);
  Vector expected, gradient;
  reference_loss(c, expected);
  host(FusedPrecision::double_precision, 2, 2).loss(c.problem, c.parameters, c.theta, gradient);
  CHECK((expected - gradient).cwiseAbs().maxCoeff() < 1e-13);
  CHECK(expected.cwiseAbs().minCoeff() < 1e-3);  // which the norm would not have seen
}

TEST_CASE("Few nodes, many nodes and the largest network fit the tiles", "[fused_step]") {
  const SineWell well(4);
  for (const Index n : {1, 3, 8, 33, 64}) {
    CAPTURE(n);
    Case c(well, 64, {64, 64, 64});
    c.problem.nodes.conservativeResize(n, 4);
    c.problem.target.conservativeResize(n, 4);
    c.problem.weights = Vector::Constant(n, 1.0 / static_cast<double>(n));
    Vector expected, gradient;
    const double loss = reference_loss(c, expected);
    CHECK(host(FusedPrecision::double_precision).loss(c.problem, c.parameters, c.theta, gradient) == Approx(loss));
    CHECK(relative_to_first(expected, gradient) < 1e-11);
  }
}

TEST_CASE("A fused L-BFGS run takes the iterates of the library's own", "[fused_step]") {
  for (const Index d : {1, 2, 4}) {
    for (const auto& potential : all_potentials(d)) {
      CAPTURE(d, potential->formula());
      const Case c(*potential, 200, {9, 6});
      Vector theta = c.theta;
      // Rounding grows by a factor at each iteration, and after a hundred two runs have nothing in common but the loss.
      // In 24 the correction pairs are full and the oldest have been dropped.
      const MinimizeSummary expected = lbfgs_step(c.problem, c.parameters, theta, iterations(24));
      const auto [fused, summary] = solution(host(FusedPrecision::double_precision), c, iterations(24));
      CHECK(summary.iterations == expected.iterations);
      CHECK(summary.evaluations == expected.evaluations);
      CHECK(summary.reason == expected.reason);
      REQUIRE(summary.losses.size() == expected.losses.size());
      for (std::size_t i = 0; i < summary.losses.size(); ++i) {
        CHECK(summary.losses[i] == Approx(expected.losses[i]).epsilon(1e-9));
      }
      CHECK(relative_to_first(theta, fused) < 1e-7);
    }
  }
}

TEST_CASE("A whole fused step ends where the library's own does", "[fused_step]") {
  for (const Index d : {1, 2, 4}) {
    const SineWell well(d);
    const Points x = GaussianMixture::gaussian(Vector::Ones(d), 0.36 * Matrix::Identity(d, d)).quasi_sample(512, 1);
    const Case c({x, Vector::Constant(512, 1.0 / 512), x, 0.1, 0.0, &well, 0.7}, {16, 16});
    Vector theta = c.theta;
    const MinimizeSummary expected = lbfgs_step(c.problem, c.parameters, theta, iterations(40));
    CAPTURE(d, expected.brief());
    const auto [exact, exact_summary] = solution(host(FusedPrecision::double_precision), c, iterations(40));
    CHECK(exact_summary.value == Approx(expected.value).epsilon(1e-8));
    CHECK(image_error(c, theta, exact) < 1e-5);
    // In single precision the loss is known to 1e-8, and forty iterations lead elsewhere along the same valley.
    const auto [rough, rough_summary] = solution(host(FusedPrecision::single_precision), c, iterations(40));
    const double gained = rough_summary.initial_value - rough_summary.value;
    CHECK(gained > 0.9 * (expected.initial_value - expected.value));
    CHECK(image_error(c, theta, rough) < 5e-2);
    CHECK(rough_summary.losses.back() == rough_summary.value);
  }
}

TEST_CASE("Rings of correction pairs, patience and gradient tolerance stop a fused run as they stop the library's",
          "[fused_step]") {
  const Quadratic bowl(Matrix::Identity(1, 1), Vector::Zero(1));
  const Case c(bowl, 100, {4});
  std::vector<MinimizeOptions> all(4, iterations(60));
  all[0].memory = 3;
  all[1].value_tolerance = 1e-3;
  all[1].patience = 2;
  all[2].gradient_tolerance = 1e-2;
  all[3].patience = 1;
  all[3].value_tolerance = 1e-4;
  for (const MinimizeOptions& options : all) {
    Vector theta = c.theta;
    const MinimizeSummary expected = lbfgs_step(c.problem, c.parameters, theta, options);
    const auto [fused, summary] = solution(host(FusedPrecision::double_precision), c, options);
    CAPTURE(expected.brief(), summary.brief());
    CHECK(summary.reason == expected.reason);
    CHECK(summary.value == Approx(expected.value).epsilon(1e-6));
    if (&options != &all[0]) CHECK(summary.iterations == expected.iterations);
  }
}

TEST_CASE("A team repeats itself bit for bit, whatever its threads, and agrees with a team of one",
          "[fused_step][fused_team]") {
  const DoubleWell well(Vector::Ones(2), Vector::Ones(2));
  const Case c(well, 130, {8, 5});
  const MinimizeOptions options = iterations(6);
  const auto [alone, summary] = solution(host(FusedPrecision::double_precision), c, options);
  const auto [three_threads, same] = solution(host(FusedPrecision::double_precision, 1, 3), c, options);
  CHECK(three_threads == alone);
  CHECK(same.losses == summary.losses);
  for (const int blocks : {2, 3, 5}) {
    CAPTURE(blocks);
    const auto [first, first_summary] = solution(host(FusedPrecision::double_precision, blocks, 1), c, options);
    const auto [again, again_summary] = solution(host(FusedPrecision::double_precision, blocks, 2), c, options);
    CHECK(first == again);
    CHECK(first_summary.losses == again_summary.losses);
    CHECK(first_summary.value == Approx(summary.value).epsilon(1e-12));
    CHECK((first - alone).cwiseAbs().maxCoeff() < 1e-9);
  }
  Vector gradient, gradient_alone;
  const double value = host(FusedPrecision::double_precision).loss(c.problem, c.parameters, c.theta, gradient_alone);
  CHECK(host(FusedPrecision::double_precision, 4, 2).loss(c.problem, c.parameters, c.theta, gradient) ==
        Approx(value).epsilon(1e-14));
  CHECK(relative_to_first(gradient_alone, gradient) < 1e-12);
}

TEST_CASE("Problems of a batch are solved as if each were alone", "[fused_step]") {
  std::vector<std::unique_ptr<Case>> cases;
  std::vector<const JkoStepProblem*> problems;
  std::vector<const Parametrisation*> parameters;
  std::vector<Vector> thetas;
  const DoubleWell low(Vector::Ones(1), Vector::Ones(1)), high(Vector::Constant(1, 3.0), Vector::Constant(1, 0.8));
  for (unsigned b = 0; b < 5; ++b) {
    cases.push_back(std::make_unique<Case>(b % 2 ? low : high, 70, Widths{6, 6}, 10 * b + 1));
    cases.back()->problem.tau_hat = 0.05 + 0.01 * b;
    problems.push_back(&cases.back()->problem);
    parameters.push_back(&cases.back()->parameters);
    thetas.push_back(cases.back()->theta);
  }
  FusedSolver solver = host(FusedPrecision::double_precision, 2, 2);
  const auto summaries = solver.solve(problems, parameters, thetas, iterations(8));
  for (std::size_t b = 0; b < cases.size(); ++b) {
    const auto [theta, summary] = solution(host(FusedPrecision::double_precision, 2, 1), *cases[b], iterations(8));
    CHECK(thetas[b] == theta);
    CHECK(summaries[b].losses == summary.losses);
  }
}

TEST_CASE("A fused run that is cut into launches is the same run, and stops between them when told to",
          "[fused_step]") {
  const SineWell well(1);
  const Case c(well, 120, {8, 8});
  FusedOptions fused;
  fused.precision = FusedPrecision::double_precision;
  fused.iterations_per_launch = 3;
  const auto [whole, whole_summary] = solution(FusedSolver::on_host(fused), c, iterations(14));
  MinimizeOptions options = iterations(14);
  int asked = 0;
  options.stop = [&] { return ++asked > 100; };
  const auto [pieces, summary] = solution(FusedSolver::on_host(fused), c, options);
  CHECK(asked == 4);
  CHECK(pieces == whole);
  CHECK(summary.losses == whole_summary.losses);

  options.stop = [] { return true; };
  const auto [stopped, stopped_summary] = solution(FusedSolver::on_host(fused), c, options);
  CHECK(stopped_summary.reason == MinimizeSummary::Reason::stopped);
  CHECK(stopped_summary.iterations == 3);
  CHECK(stopped_summary.losses.size() == 4);
  CHECK(stopped == solution(FusedSolver::on_host(fused), c, iterations(3)).first);
}

TEST_CASE("A loss that is not finite is a result of the fused solver, not an accident", "[fused_step]") {
  const SineWell well(1);
  Case c(well, 50, {4});
  c.problem.target(7, 0) = std::numeric_limits<double>::quiet_NaN();
  const auto [theta, summary] = solution(host(FusedPrecision::double_precision, 2, 2), c, iterations(5));
  CHECK(summary.reason == MinimizeSummary::Reason::not_finite);
  CHECK(theta == c.theta);
}

TEST_CASE("What the fused solver cannot take, it says", "[fused_step]") {
  std::string why;
  const SineWell well(1);
  const Case good(well, 20, {4});
  CHECK(fused_supports(good.problem, good.parameters, &why));
  CHECK(why.empty());
  const Ripple ripple(1);
  const Case unknown(ripple, 20, {4});
  CHECK_FALSE(fused_supports(unknown.problem, unknown.parameters, &why));
  CHECK(why == "the potential is not a sine well, a double well, a quadratic or a mixture");
  CHECK_FALSE(fused_supports(Case(well, 20, {65}).problem, Case(well, 20, {65}).parameters));
  CHECK_FALSE(fused_supports(Case(well, 20, {4, 4, 4, 4}).problem, Case(well, 20, {4, 4, 4, 4}).parameters));
  const SineWell five(5);
  CHECK_FALSE(fused_supports(Case(five, 20, {4}).problem, Case(five, 20, {4}).parameters));
  JkoStepProblem scored = good.problem;
  scored.score = -scored.nodes;
  CHECK_FALSE(fused_supports(scored, good.parameters));

  const Case other(well, 21, {4});
  std::vector<Vector> thetas{good.theta, other.theta};
  FusedSolver solver = host(FusedPrecision::double_precision);
  CHECK_THROWS_AS(solver.solve({&good.problem, &other.problem}, {&good.parameters, &other.parameters}, thetas, {}),
                  std::invalid_argument);
  MinimizeOptions options;
  options.memory = 21;
  thetas.pop_back();
  CHECK_THROWS_AS(solver.solve({&good.problem}, {&good.parameters}, thetas, options), std::invalid_argument);
}

TEST_CASE("Without the kernel, the fused solver on a device says how to build it", "[fused_step]") {
  if (fused_kernel_built()) return;
  CHECK_FALSE(fused_device_present());
  try {
    FusedSolver::on_device({});
    FAIL("there is no kernel");
  } catch (const std::runtime_error& error) {
    CHECK(std::string(error.what()).find("-DJKO_CUDA_KERNEL=ON") != std::string::npos);
  }
}

TEST_CASE("The kernel on a CUDA device agrees with the host", "[fused_step][cuda]") {
  if (!fused_device_present()) {
    std::cout << "skipped: no CUDA device\n";
    return;
  }
  for (const Index d : {1, 2, 3, 4}) {
    for (const auto& potential : all_potentials(d)) {
      for (const int blocks : {1, 4, 0}) {
        CAPTURE(d, blocks, potential->formula());
        const Case c = Case(*potential, 500, {32, 32}).shaken(0.1);
        FusedOptions options;
        options.precision = FusedPrecision::double_precision;
        options.blocks = blocks;
        FusedSolver device = FusedSolver::on_device(options);
        Vector expected, gradient;
        const double loss = reference_loss(c, expected);
        CHECK(device.loss(c.problem, c.parameters, c.theta, gradient) == Approx(loss).epsilon(1e-12));
        CHECK(relative_to_first(expected, gradient) < 1e-11);
        const auto [theta, summary] = solution(FusedSolver::on_device(options), c, iterations(8));
        const auto [again, again_summary] = solution(FusedSolver::on_device(options), c, iterations(8));
        CHECK(theta == again);
        CHECK(summary.losses == again_summary.losses);
        const auto [host_theta, host_summary] = solution(host(FusedPrecision::double_precision), c, iterations(8));
        CHECK(summary.value == Approx(host_summary.value).epsilon(1e-9));
        CHECK(image_error(c, theta, host_theta) < 1e-6);
        options.precision = FusedPrecision::single_precision;
        CHECK(FusedSolver::on_device(options).loss(c.problem, c.parameters, c.theta, gradient) ==
              Approx(loss).epsilon(1e-5));
        CHECK(relative_to_first(expected, gradient) < 1e-4);
      }
    }
  }
}
