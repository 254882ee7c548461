#include <cmath>
#include <thread>

#include "filter/device/device_engine.hpp"
#include "filter/device/fused_engine.hpp"
#include "filter/divergence.hpp"
#include "filter/jko_filter.hpp"
#include "filter/model/linear_gaussian.hpp"
#include "filter/model/sine_well.hpp"
#include "filter/pooled_parametrisation.hpp"
#include "filter/reference/grid_filter.hpp"
#include "filter/reference/kalman_filter.hpp"
#include "tests/filter/filter_tester.hpp"
#include "tests/filter/random_map.hpp"
#include "tests/filter/test_models.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

Model sine_well() {
  return {std::make_shared<SineWell>(1), 1.0, GaussianMixture::standard(1),
          std::make_shared<LinearGaussian>(Matrix::Identity(1, 1), Matrix::Identity(1, 1))};
}

/// A step from standard normal nodes.
JkoStepProblem step_problem(const Potential& potential, Index nodes, unsigned seed) {
  const Points x = random_points(nodes, potential.dimension(), seed);
  return {x, Vector::Constant(nodes, 1.0 / static_cast<double>(nodes)), x, 0.1, 0.1, &potential, 1.0};
}

/// On a GPU, where there is one.
std::shared_ptr<StepEngine> libtorch(bool single = false, std::size_t memory = 0) {
  TensorEngineOptions options;
  options.cuda = cuda_available();
  options.single_precision = single;
  options.memory = memory;
  return tensor_engine(options);
}

MinimizeOptions few_iterations() {
  MinimizeOptions options;
  options.iterations = 10;
  return options;
}

/// A device that works `good` times and is then lost.
class Mortal final : public StepEngine {
 public:
  using StepEngine::minimise;

  explicit Mortal(int good) : good_(good) {}
  MinimizeSummary minimise(const JkoStepProblem& problem, const Parametrisation& parameters, Vector& theta,
                           const MinimizeOptions& options) override {
    theta.setZero();  // what a failure leaves behind must not be where the processor starts
    die();
    return processor_engine()->minimise(problem, parameters, theta, options);
  }
  MinimizeSummary minimise(const JkoStepProblem& problem, const PooledParametrisation& parameters, Vector& theta,
                           const MinimizeOptions& options) override {
    die();
    return processor_engine()->minimise(problem, parameters, theta, options);
  }
  MapValue apply(const ConvexMap<double>& map, PointsView points) override {
    die();
    return processor_engine()->apply(map, points);
  }
  std::string name() const override { return "mortal"; }

 private:
  void die() {
    if (good_-- <= 0) throw DeviceError("mortal: the device is gone");
  }
  int good_;
};

/// SymKL to the truth after three observations.
double sym_kl(const Model& model, const JkoOptions& options, Filter& truth) {
  JkoFilter filter(model, options);
  for (int k = 1; k <= 3; ++k) {
    const Vector y = Vector::Constant(model.observation->observation_dimension(), std::sin(1.7 * k));
    for (Filter* f : {static_cast<Filter*>(&filter), &truth}) {
      f->predict(0.5 * k);
      f->update(y);
    }
  }
  return symmetric_kl(filter, truth);
}

}  // namespace

TEST_CASE("The tensor engine takes the step that the processor takes", "[tensor_engine]") {
  for (const Index d : {1, 2, 5}) {
    const SineWell potential(d);
    JkoStepProblem problem = step_problem(potential, 300, 1);
    if (d == 2) problem.score = 0.5 * random_points(300, d, 8) - problem.nodes;
    for (const auto& widths : {std::vector<Index>{8}, {8, 6}}) {
      CAPTURE(d, widths.size());
      const Parametrisation parameters(widths, Frame::of(problem.nodes, problem.weights), 1);
      const Vector start = parameters.start(problem.nodes, problem.weights);
      Vector expected = start, theta = start;
      const auto by_processor = processor_engine()->minimise(problem, parameters, expected, few_iterations());
      const auto summary = libtorch()->minimise(problem, parameters, theta, few_iterations());
      CHECK(summary.iterations == by_processor.iterations);
      CHECK(summary.evaluations == by_processor.evaluations);
      CHECK(summary.value == Approx(by_processor.value).epsilon(1e-9));
      CHECK(summary.value < summary.initial_value - 0.01);
      CHECK((theta - expected).norm() < 1e-6 * expected.norm());
      Vector single = start;
      CHECK(libtorch(true)->minimise(problem, parameters, single, few_iterations()).value ==
            Approx(by_processor.value).epsilon(1e-3));
    }
    const PooledParametrisation pooled(tangent_map(problem, 6, 1), problem.nodes, problem.weights);
    Vector expected = pooled.start(), theta = pooled.start();
    const auto by_processor = processor_engine()->minimise(problem, pooled, expected, few_iterations());
    CHECK(libtorch()->minimise(problem, pooled, theta, few_iterations()).value ==
          Approx(by_processor.value).epsilon(1e-9));
    CHECK((theta - expected).norm() < 1e-6 * expected.norm());
  }
}

TEST_CASE("It evaluates maps as the processor does", "[tensor_engine]") {
  const Points x = random_points(100, 3, 1);
  for (const ConvexMap<double>& map : {random_map(3, {6, 5}, 1), random_pooled_map(3, 6, 2)}) {
    const MapValue expected = apply(map, x), value = libtorch()->apply(map, x);
    CHECK((value.image - expected.image).norm() < 1e-11 * expected.image.norm());
    CHECK((value.log_det - expected.log_det).norm() < 1e-11 * (1.0 + expected.log_det.norm()));
    CHECK((value.divergence - expected.divergence).norm() < 1e-11 * expected.divergence.norm());
  }
}

TEST_CASE("Problems of a batch do not see each other", "[tensor_engine]") {
  const SineWell potential(2);
  std::vector<JkoStepProblem> problems;
  std::vector<Parametrisation> parameters;
  std::vector<Vector> thetas;
  for (unsigned b = 0; b < 3; ++b) {
    problems.push_back(step_problem(potential, 200, b));
    problems.back().tau_hat = 0.05 * (b + 1);
    parameters.emplace_back(std::vector<Index>{6}, Frame::of(problems[b].nodes, problems[b].weights), b);
    thetas.push_back(parameters[b].start(problems[b].nodes, problems[b].weights));
  }
  const std::vector<Vector> starts = thetas;
  std::vector<StepTask> tasks;
  for (std::size_t b = 0; b < 3; ++b) tasks.push_back({&problems[b], &parameters[b], &thetas[b]});
  const auto together = libtorch()->minimise(tasks, few_iterations());
  for (std::size_t b = 0; b < 3; ++b) {
    Vector alone = starts[b];
    const auto summary = libtorch()->minimise(problems[b], parameters[b], alone, few_iterations());
    CHECK(together[b].iterations == summary.iterations);
    CHECK(together[b].value == Approx(summary.value).epsilon(1e-9));
    CHECK((thetas[b] - alone).norm() < 1e-6 * alone.norm());
  }
}

TEST_CASE("A whole replay is as accurate on the tensor engine", "[tensor_engine]") {
  const auto check = [](const Model& model, JkoOptions options, const Filter& truth, double accuracy) {
    options.step = 0.1;
    options.solver = Solver::lbfgs;
    const auto for_processor = truth.clone(), for_tensors = truth.clone();
    const double by_processor = sym_kl(model, options, *for_processor);
    options.engine = libtorch();
    const double by_tensors = sym_kl(model, options, *for_tensors);
    CAPTURE(by_processor, by_tensors);
    CHECK(by_processor < accuracy);
    CHECK(std::abs(by_tensors - by_processor) < 0.1 * by_processor);
  };
  const Model ou = ou_model(2);
  check(ou, {}, KalmanFilter(ou), 1e-2);
  // Steps that end early: in hundreds of iterations rounding drives two runs of L-BFGS apart.
  const Model sine = sine_well();
  JkoOptions early;
  early.tolerance = 1e-5;
  check(sine, early, GridFilter(sine, {}), 0.1);
}

TEST_CASE("The same replay twice is the same to the last bit", "[tensor_engine]") {
  JkoOptions options;
  options.step = 0.25;
  options.nodes = 200;
  options.widths = {8, 8};
  options.iterations = 20;
  const Points line = Vector::LinSpaced(50, -3.0, 3.0);
  std::vector<Vector> densities;
  for (int run = 0; run < 2; ++run) {
    options.engine = libtorch();
    JkoFilter filter(sine_well(), options);
    filter.predict(0.5);
    filter.update(Vector::Constant(1, 0.3));
    filter.predict(1.0);
    densities.push_back(filter.log_density(line));
  }
  CHECK(densities[0] == densities[1]);
}

TEST_CASE("Threads share an engine", "[tensor_engine]") {
  const auto engine = libtorch();
  JkoOptions options;
  options.step = 0.25;
  options.nodes = 100;
  options.widths = {6, 6};
  options.iterations = 20;
  options.engine = engine;
  const auto run = [&](int observations) {
    JkoFilter filter(sine_well(), options);
    for (int k = 1; k <= observations; ++k) {
      filter.predict(0.25 * k);
      filter.update(Vector::Constant(1, 0.1 * k));
    }
    return filter.mean()(0);
  };
  const double expected = run(2);
  double first = 0.0, second = 0.0;
  std::thread one([&] { first = run(2); }), two([&] { second = run(2); });
  one.join();
  two.join();
  CHECK(first == expected);
  CHECK(second == expected);
}

TEST_CASE("A deadline ends a solve of the tensor engine with the best so far", "[tensor_engine]") {
  const auto engine = tensor_engine({});  // on a GPU it is asked less often
  const SineWell potential(1);
  const JkoStepProblem problem = step_problem(potential, 200, 1);
  const Parametrisation parameters({8, 8}, Frame::of(problem.nodes, problem.weights), 1);
  Vector theta = parameters.start(problem.nodes, problem.weights);
  MinimizeOptions options = few_iterations();
  int asked = 0;
  options.stop = [&] { return ++asked == 4; };
  const auto summary = engine->minimise(problem, parameters, theta, options);
  CHECK(summary.reason == MinimizeSummary::Reason::stopped);
  CHECK(summary.iterations < 10);
  // What a run of so many iterations gives.
  Vector again = parameters.start(problem.nodes, problem.weights);
  options.stop = {};
  options.iterations = summary.iterations;
  engine->minimise(problem, parameters, again, options);
  CHECK(theta == again);
}

TEST_CASE("Too little memory on the device is one clear line, and what is needed is known before", "[tensor_engine]") {
  const Points x = random_points(4000, 4, 1);
  const auto engine = libtorch(false, 1U << 20U);
  CHECK_THROWS_WITH(engine->apply(random_map(4, {64, 64}, 1), x),
                    Catch::Contains("4000 nodes needs up to") && Catch::Contains("0.00 GiB are free"));
  const StepShape one{1, 1000, 2, {32, 32}, false};
  StepShape batch = one, wide = one;
  batch.batch = 10;
  wide.widths = {64, 64};
  CHECK(bytes_needed(batch, 20, 8) == 10 * bytes_needed(one, 20, 8));
  CHECK(bytes_needed(wide, 20, 8) > 1.5 * bytes_needed(one, 20, 8));
  CHECK(bytes_needed(one, 20, 4) == bytes_needed(one, 20, 8) / 2);
}

TEST_CASE("A filter outlives its device", "[step_engine]") {
  JkoOptions options;
  options.step = 0.25;
  options.widths = {6, 6};
  options.nodes = 100;
  JkoFilter undisturbed(sine_well(), options);
  std::vector<std::string> reports;
  options.engine =
      with_fallback(std::make_shared<Mortal>(3), false, [&](const std::string& why) { reports.push_back(why); });
  JkoFilter filter(sine_well(), options);
  CHECK(options.engine->trouble().empty());
  CHECK(options.engine->name() == "mortal");
  for (Filter* f : {static_cast<Filter*>(&undisturbed), static_cast<Filter*>(&filter)}) f->predict(1.0);
  CHECK(options.engine->trouble() == "mortal: the device is gone");
  CHECK(reports == std::vector<std::string>{"mortal: the device is gone"});  // once
  CHECK(options.engine->name() == "processor, in place of mortal");
  CHECK(std::isfinite(filter.mean()(0)));
}

TEST_CASE("The fused engine solves what it can, and leaves the rest to another", "[fused_engine]") {
  class Counting final : public StepEngine {
   public:
    int solves = 0;
    MinimizeSummary minimise(const JkoStepProblem& problem, const Parametrisation& parameters, Vector& theta,
                             const MinimizeOptions& options) override {
      ++solves;
      return processor_engine()->minimise(problem, parameters, theta, options);
    }
    MinimizeSummary minimise(const JkoStepProblem& problem, const PooledParametrisation& parameters, Vector& theta,
                             const MinimizeOptions& options) override {
      ++solves;
      return processor_engine()->minimise(problem, parameters, theta, options);
    }
    using StepEngine::minimise;
    MapValue apply(const ConvexMap<double>& map, PointsView x) override { return processor_engine()->apply(map, x); }
    std::string name() const override { return "counting"; }
  };
  const auto other = std::make_shared<Counting>();
  const auto engine = fused_engine(FusedSolver::on_host({FusedPrecision::double_precision}), other);
  for (const Index d : {1, 6}) {  // six dimensions are more than the kernel takes
    CAPTURE(d);
    const SineWell potential(d);
    const JkoStepProblem problem = step_problem(potential, 200, 1);
    const Parametrisation parameters({8, 6}, Frame::of(problem.nodes, problem.weights), 1);
    const Vector start = parameters.start(problem.nodes, problem.weights);
    Vector expected = start, theta = start;
    const auto by_processor = processor_engine()->minimise(problem, parameters, expected, few_iterations());
    CHECK(engine->minimise(problem, parameters, theta, few_iterations()).value ==
          Approx(by_processor.value).epsilon(1e-9));
    CHECK((theta - expected).norm() < 1e-6 * expected.norm());
    CHECK(other->solves == (d == 1 ? 0 : 1));
  }
}

TEST_CASE("Newton's solver stays on the processor", "[step_engine]") {
  JkoOptions options;
  options.solver = Solver::newton;
  options.engine = libtorch();
  CHECK_THROWS_WITH(JkoFilter(sine_well(), options), Catch::Contains("newton"));
  options.solver = Solver::automatic;
  CHECK_NOTHROW(JkoFilter(sine_well(), options));
}

TEST_CASE("A program without CUDA says so", "[step_engine]") {
  if (cuda_available()) return;
  CHECK(device_engine(Device::automatic) == processor_engine());
  CHECK(device_engine(Device::cpu) == processor_engine());
  CHECK_THROWS_WITH(device_engine(Device::cuda), Catch::Contains("CUDA"));
}
