#include "filter/device/tensor_engine.hpp"

#include <cmath>
#include <thread>

#include "filter/belief.hpp"
#include "filter/device/device_engine.hpp"
#include "filter/device/fused_engine.hpp"
#include "filter/pooled_parametrisation.hpp"
#include "filter/reference/grid_filter.hpp"
#include "filter/reference/kalman_filter.hpp"
#include "jko/divergence.hpp"
#include "jko/jko_filter.hpp"
#include "jko/linear_gaussian.hpp"
#include "jko/sine_well.hpp"
#include "tests/filter/filter_tester.hpp"
#include "tests/filter/random_map.hpp"
#include "tests/filter/test_models.hpp"
#include "tests/filter/watched_engine.hpp"
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
      const auto by_processor = minimise(*processor_engine(), problem, &parameters, expected, few_iterations());
      const auto summary = minimise(*libtorch(), problem, &parameters, theta, few_iterations());
      CHECK(summary.iterations == by_processor.iterations);
      CHECK(summary.evaluations == by_processor.evaluations);
      CHECK(summary.value == Approx(by_processor.value).epsilon(1e-9));
      CHECK(summary.value < summary.initial_value - 0.01);
      CHECK((theta - expected).norm() < 1e-6 * expected.norm());
      Vector single = start;
      CHECK(minimise(*libtorch(true), problem, &parameters, single, few_iterations()).value ==
            Approx(by_processor.value).epsilon(1e-3));
    }
    const PooledParametrisation pooled(tangent_map(problem, 6, 1), problem.nodes, problem.weights);
    Vector expected = pooled.start(), theta = pooled.start();
    const auto by_processor = minimise(*processor_engine(), problem, &pooled, expected, few_iterations());
    CHECK(minimise(*libtorch(), problem, &pooled, theta, few_iterations()).value ==
          Approx(by_processor.value).epsilon(1e-9));
    CHECK((theta - expected).norm() < 1e-6 * expected.norm());
  }
}

TEST_CASE("It evaluates maps as the processor does", "[tensor_engine]") {
  const Points x = random_points(100, 3, 1);
  for (const ConvexMap& map : {random_map(3, {6, 5}, 1), random_pooled_map(3, 6, 2)}) {
    const MapValue expected = apply(map, x), value = libtorch()->pushforward({&map}, x, Points());
    CHECK((value.image - expected.image).norm() < 1e-11 * expected.image.norm());
    CHECK((value.log_det - expected.log_det).norm() < 1e-11 * (1.0 + expected.log_det.norm()));
    CHECK((value.divergence - expected.divergence).norm() < 1e-11 * expected.divergence.norm());
  }
}

TEST_CASE("It averages maps over nodes, and moves laws through chains, as the processor does", "[tensor_engine]") {
  const Points x = random_points(150, 3, 1), score = random_points(150, 3, 2);
  const Vector weights = (random_points(150, 1, 3).array().square() + 0.1).matrix();
  const std::vector<ConvexMap> maps{random_map(3, {6, 5}, 1), random_pooled_map(3, 6, 2),
                                    ConvexMap::affine(Matrix::Identity(3, 3) * 1.5, Vector::Ones(3)),
                                    random_map(3, {4}, 4)};
  std::vector<const ConvexMap*> chain;
  for (const auto& map : maps) {
    chain.push_back(&map);
    const MapAverages expected = average(map, x, weights), sums = libtorch()->average(map, x, weights);
    CHECK((sums.hessian - expected.hessian).norm() < 1e-11 * expected.hessian.norm());
    CHECK((sums.image - expected.image).norm() < 1e-11 * expected.image.norm());
    for (const Points& known : {score, Points()}) {
      CAPTURE(chain.size(), known.size());
      const Pushforward wanted = pushforward(chain, x, known), moved = libtorch()->pushforward(chain, x, known);
      CHECK((moved.image - wanted.image).norm() < 1e-10 * wanted.image.norm());
      CHECK((moved.before - wanted.before).norm() < 1e-10 * wanted.before.norm());
      CHECK((moved.log_det - wanted.log_det).norm() < 1e-10 * wanted.log_det.norm());
      REQUIRE(moved.score.size() == known.size());
      CHECK((moved.score - wanted.score).norm() <= 1e-10 * wanted.score.norm());
    }
  }
}

TEST_CASE("Maps of little work are evaluated by the processor", "[tensor_engine]") {
  TensorEngineOptions options;
  options.memory = 1;  // whatever goes to the device fails
  const ConvexMap map = random_map(2, {8}, 1);
  const Points few = random_points(20, 2, 1), many = random_points(2000, 2, 1);
  options.fewest_operations = 1e5;
  const auto engine = tensor_engine(options);
  CHECK(engine->pushforward({&map}, few, Points()).image == apply(map, few).image);
  CHECK_THROWS_AS(engine->pushforward({&map}, many, Points()), DeviceError);
  CHECK(engine->average(map, few, Vector::Ones(20)).image == average(map, few, Vector::Ones(20)).image);
  CHECK_THROWS_AS(engine->average(map, many, Vector::Ones(2000)), DeviceError);
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
    const auto summary = minimise(*libtorch(), problems[b], &parameters[b], alone, few_iterations());
    CHECK(together[b].iterations == summary.iterations);
    CHECK(together[b].value == Approx(summary.value).epsilon(1e-9));
    CHECK((thetas[b] - alone).norm() < 1e-6 * alone.norm());
  }
}

TEST_CASE("A whole replay is as accurate on the tensor engine", "[tensor_engine][optimised]") {
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
  const auto summary = minimise(*engine, problem, &parameters, theta, options);
  CHECK(summary.reason == MinimizeSummary::Reason::stopped);
  CHECK(summary.iterations < 10);
  // What a run of so many iterations gives.
  Vector again = parameters.start(problem.nodes, problem.weights);
  options.stop = {};
  options.iterations = summary.iterations;
  minimise(*engine, problem, &parameters, again, options);
  CHECK(theta == again);
}

TEST_CASE("Too little memory on the device is one clear line, and what is needed is known before", "[tensor_engine]") {
  const Points x = random_points(4000, 4, 1);
  const auto engine = libtorch(false, 1U << 20U);
  const ConvexMap map = random_map(4, {64, 64}, 1);
  CHECK_THROWS_WITH(engine->pushforward({&map}, x, Points()),
                    Catch::Contains("4000 nodes needs up to") && Catch::Contains("0.00 GiB are free"));
  const StepShape one{1, 1000, 2, {32, 32}, false};
  StepShape batch = one, wide = one;
  batch.batch = 10;
  wide.widths = {64, 64};
  CHECK(bytes_needed(batch, 20, 8) == 10 * bytes_needed(one, 20, 8));
  CHECK(bytes_needed(wide, 20, 8) > 1.5 * bytes_needed(one, 20, 8));
  CHECK(bytes_needed(one, 20, 4) == bytes_needed(one, 20, 8) / 2);
}

TEST_CASE("A batch that does not fit is solved in smaller ones", "[tensor_engine]") {
  const SineWell potential(2);
  std::vector<JkoStepProblem> problems;
  for (unsigned b = 0; b < 5; ++b) problems.push_back(step_problem(potential, 100, b));
  std::vector<PooledParametrisation> parameters;
  std::vector<Vector> thetas, alone;
  std::vector<StepTask> tasks;
  for (const JkoStepProblem& problem : problems) {
    parameters.emplace_back(tangent_map(problem, 4, 1), problem.nodes, problem.weights);
    thetas.push_back(parameters.back().start());
  }
  alone = thetas;
  for (std::size_t b = 0; b < problems.size(); ++b) tasks.push_back({&problems[b], &parameters[b], &thetas[b]});
  const std::size_t one = bytes_needed({1, 100, 2, {4}, true}, few_iterations().memory, 8);
  const auto summaries = libtorch(false, 2 * one + 1)->minimise(tasks, few_iterations());  // twos, and one
  REQUIRE(summaries.size() == problems.size());
  for (std::size_t b = 0; b < problems.size(); ++b) {
    CAPTURE(b);
    const auto summary = minimise(*libtorch(), problems[b], &parameters[b], alone[b], few_iterations());
    CHECK(summaries[b].value == Approx(summary.value).epsilon(1e-9));
    CHECK((thetas[b] - alone[b]).norm() < 1e-6 * alone[b].norm());
  }
  std::vector<StepTask> tight{tasks.front()};
  CHECK_THROWS_AS(libtorch(false, one - 1)->minimise(tight, few_iterations()), DeviceError);
}

TEST_CASE("A filter outlives its device", "[step_engine]") {
  JkoOptions options;
  options.step = 0.25;
  options.widths = {6, 6};
  options.nodes = 100;
  JkoFilter undisturbed(sine_well(), options);
  std::vector<std::string> reports;
  int good = 4;  // calls; the next is the second step's minimise()
  const auto mortal = std::make_shared<WatchedEngine>("mortal", [&](const std::vector<StepTask>& tasks) {
    for (const StepTask& task : tasks) {
      if (good == 0) task.theta->setZero();  // what a failure leaves behind must not be where the processor starts
    }
    if (good-- == 0) throw DeviceError("mortal: the device is gone");
  });
  options.engine = with_fallback(mortal, false, [&](const std::string& why) { reports.push_back(why); });
  JkoFilter filter(sine_well(), options);
  CHECK(options.engine->trouble().empty());
  CHECK(options.engine->name() == "mortal");
  for (Filter* f : {static_cast<Filter*>(&undisturbed), static_cast<Filter*>(&filter)}) f->predict(1.0);
  CHECK(options.engine->trouble() == "mortal: the device is gone");
  CHECK(reports == std::vector<std::string>{"mortal: the device is gone"});  // once
  CHECK(options.engine->name() == "processor, in place of mortal");
  CHECK(filter.mean()(0) == undisturbed.mean()(0));
}

TEST_CASE("The fused engine solves what it can, and leaves the rest to another", "[fused_engine]") {
  int solves = 0;
  const auto other = std::make_shared<WatchedEngine>(
      "other", [&](const std::vector<StepTask>& tasks) { solves += static_cast<int>(tasks.size()); });
  const auto engine = fused_engine(FusedSolver::on_host({FusedPrecision::double_precision}), other);
  for (const Index d : {1, 6}) {  // six dimensions are more than the kernel takes
    CAPTURE(d);
    const SineWell potential(d);
    const JkoStepProblem problem = step_problem(potential, 200, 1);
    const Parametrisation parameters({8, 6}, Frame::of(problem.nodes, problem.weights), 1);
    const Vector start = parameters.start(problem.nodes, problem.weights);
    Vector expected = start, theta = start;
    const auto by_processor = minimise(*processor_engine(), problem, &parameters, expected, few_iterations());
    CHECK(minimise(*engine, problem, &parameters, theta, few_iterations()).value ==
          Approx(by_processor.value).epsilon(1e-9));
    CHECK((theta - expected).norm() < 1e-6 * expected.norm());
    CHECK(solves == (d == 1 ? 0 : 1));
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
