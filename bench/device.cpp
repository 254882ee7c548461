// What a device makes of JKO steps, beside this machine's processor.
//
//   build/bench_device [--json FILE] [--quick]
//
// Five tables: the time of one step's solve by each engine and precision; what of a step the engine does; the sine well
// task of five seconds; many filters at once; the stationary mixture in many dimensions. Without CUDA the device's
// columns stay empty, and LibTorch on the processor shows that the same code runs. Needs neither the program nor its
// libraries; never fails.

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>

#include "bench/problems.hpp"
#include "filter/device/device_engine.hpp"
#include "filter/device/fused/fused_batch.hpp"
#include "filter/device/fused_engine.hpp"
#include "filter/reference/grid_filter.hpp"
#include "filter/step_rendezvous.hpp"
#include "jko/divergence.hpp"
#include "jko/jko_filter.hpp"
#include "jko/mixture_potential.hpp"

using namespace jko;

namespace {

using nlohmann::ordered_json;

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct Engine {
  std::string name;
  std::shared_ptr<StepEngine> engine;
};

/// `sent`: as TensorEngineOptions has it.
std::vector<Engine> engines(std::atomic<std::size_t>* sent = nullptr) {
  std::vector<Engine> all{{"processor", processor_engine()}, {"LibTorch, processor", tensor_engine({})}};
  if (!cuda_available()) return all;
  all.push_back({"CUDA, double", tensor_engine({true, false, 0, kFewestOperations, sent})});
  all.push_back({"CUDA, float", tensor_engine({true, true, 0, kFewestOperations, sent})});
  if (!fused_device_present()) return all;
  for (const FusedPrecision precision : {FusedPrecision::double_precision, FusedPrecision::single_precision}) {
    const std::string name =
        precision == FusedPrecision::double_precision ? "CUDA, fused, double" : "CUDA, fused, float";
    all.push_back({name, fused_engine(FusedSolver::on_device({precision}),
                                      tensor_engine({true, false, 0, kFewestOperations, sent}))});
  }
  return all;
}

/// Three figures: 0.0123, 45.6, 1230.
std::string figure(double value) {
  std::ostringstream text;
  text << std::setprecision(3) << value;
  return text.str();
}

void print_row(const std::vector<std::string>& cells) {
  std::cout << '|';
  for (const std::string& cell : cells) std::cout << ' ' << cell << " |";
  std::cout << std::endl;
}

void print_head(const std::string& title, const std::vector<std::string>& columns) {
  std::cout << "\n" << title << "\n\n";
  print_row(columns);
  print_row(std::vector<std::string>(columns.size(), "---"));
}

/// Multiply-adds, times two, of the matrix products of one evaluation: forward once, reverse twice as much.
double operations(Index nodes, Index d, const std::vector<Index>& widths) {
  double forward = 0.0, before = static_cast<double>(d);
  for (const Index width : widths) {
    forward += 2.0 * (1.0 + static_cast<double>(d)) * static_cast<double>(nodes) * before * static_cast<double>(width);
    before = static_cast<double>(width);
  }
  return 3.0 * forward;
}

struct Shape {
  Index nodes, dimension;
  std::vector<Index> widths;
};

std::string text_of(const std::vector<Index>& widths) {
  std::string text;
  for (const Index width : widths) text += (text.empty() ? "" : ", ") + std::to_string(width);
  return text;
}

/// A step of a normal law in the sine well.
struct StepInHand {
  SineWell potential;
  JkoStepProblem problem;
  Parametrisation parameters;
  Vector start;

  explicit StepInHand(const Shape& shape)
      : potential(shape.dimension),
        problem{GaussianMixture::standard(shape.dimension).quasi_sample(shape.nodes, 1),
                Vector::Constant(shape.nodes, 1.0 / static_cast<double>(shape.nodes)),
                {},
                0.1,
                0.1,
                &potential,
                1.0},
        parameters(shape.widths, Frame::of(problem.nodes, problem.weights), 1),
        start(parameters.start(problem.nodes, problem.weights)) {
    problem.target = problem.nodes;
  }
  StepInHand(const StepInHand&) = delete;
  StepInHand& operator=(const StepInHand&) = delete;
};

/// Solved with exactly so many iterations.
ordered_json solve(const Shape& shape, const Engine& engine) {
  constexpr int kIterations = 20, kRepeats = 3;
  const StepInHand step(shape);
  MinimizeOptions options;
  options.iterations = kIterations;
  MinimizeSummary summary;
  double best = 0.0;
  for (int repeat = 0; repeat <= kRepeats; ++repeat) {  // the first warms up
    Vector theta = step.start;
    const double seconds =
        seconds_of([&] { summary = minimise(*engine.engine, step.problem, &step.parameters, theta, options); });
    if (repeat > 0) best = repeat == 1 ? seconds : std::min(best, seconds);
  }
  const double rate = operations(shape.nodes, shape.dimension, shape.widths) * summary.evaluations / best;
  return {{"engine", engine.name},         {"nodes", shape.nodes}, {"dimension", shape.dimension},
          {"widths", shape.widths},        {"seconds", best},      {"evaluations", summary.evaluations},
          {"operations_per_second", rate}, {"loss", summary.value}};
}

ordered_json solves(bool quick) {
  print_head("A step's solve, 20 iterations, best of three",
             {"nodes", "D", "widths", "engine", "ms", "evaluations", "GFLOP/s", "times the processor"});
  std::vector<Shape> shapes{{4096, 1, {32, 32}}, {4096, 4, {64}}};
  if (!quick) shapes.insert(shapes.end(), {{16384, 12, {64, 64}}, {65536, 4, {64, 64}}});
  ordered_json rows = ordered_json::array();
  for (const Shape& shape : shapes) {
    double reference = 0.0;
    for (const Engine& engine : engines()) {
      ordered_json row = solve(shape, engine);
      const double seconds = row["seconds"];
      if (reference == 0.0) reference = seconds;
      print_row({std::to_string(shape.nodes), std::to_string(shape.dimension), text_of(shape.widths), engine.name,
                 figure(1e3 * seconds), std::to_string(row["evaluations"].get<int>()),
                 figure(1e-9 * row["operations_per_second"].get<double>()), figure(reference / seconds)});
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

/// That of the published study in many dimensions, with span 3.
GaussianMixture ten_modes(Index d) {
  Points means(10, d);
  fill_uniform(1, 0, means);
  means = 6.0 * means.array() - 3.0;
  std::vector<GaussianMixture::Component> components;
  for (Index c = 0; c < 10; ++c) components.push_back({0.1, means.row(c), Matrix::Identity(d, d)});
  return GaussianMixture(components);
}

/// Another engine, with a clock.
class TimedEngine final : public StepEngine {
 public:
  explicit TimedEngine(std::shared_ptr<StepEngine> engine) : engine_(std::move(engine)) {}

  double minimising = 0.0, evaluating = 0.0;  ///< seconds so far

  std::vector<MinimizeSummary> minimise(const std::vector<StepTask>& tasks, const MinimizeOptions& options) override {
    std::vector<MinimizeSummary> summaries;
    minimising += seconds_of([&] { summaries = engine_->minimise(tasks, options); });
    return summaries;
  }
  MapAverages average(const ConvexMap& map, PointsView points, const Vector& weights) override {
    MapAverages sums;
    evaluating += seconds_of([&] { sums = engine_->average(map, points, weights); });
    return sums;
  }
  Pushforward pushforward(const std::vector<const ConvexMap*>& maps, PointsView points, PointsView score) override {
    Pushforward moved;
    evaluating += seconds_of([&] { moved = engine_->pushforward(maps, points, score); });
    return moved;
  }
  bool newton() const override { return engine_->newton(); }
  std::string name() const override { return engine_->name(); }

 private:
  std::shared_ptr<StepEngine> engine_;
};

struct StepKind {
  std::string name;
  Model model;
  JkoOptions options;
  int steps;
};

Model observed(std::shared_ptr<const Potential> potential, const GaussianMixture& initial) {
  const Index d = potential->dimension();
  return {std::move(potential), 1.0, initial,
          std::make_shared<LinearGaussian>(Matrix::Identity(d, d), Matrix::Identity(d, d))};
}

std::vector<StepKind> step_kinds(bool quick) {
  std::vector<StepKind> kinds;
  const auto add = [&](const std::string& name, Model model, Solver solver, std::vector<Index> widths, Index nodes,
                       int steps) {
    JkoOptions options;
    options.scheme = Scheme::jko;
    options.step = 0.1;
    options.solver = solver;
    options.widths = std::move(widths);
    options.nodes = nodes;
    options.redraw = solver == Solver::pooled;
    options.chain = 200;
    kinds.push_back({name, std::move(model), options, steps});
  };
  add("sine well, D = 1, 4,096 nodes, 32, 32", observed(std::make_shared<SineWell>(1), GaussianMixture::standard(1)),
      Solver::lbfgs, {32, 32}, 4096, 10);
  const Index many = quick ? 8192 : 65536;
  add("sine well, D = 4, " + std::to_string(many) + " nodes, 64, 64",
      observed(std::make_shared<SineWell>(4), GaussianMixture::standard(4)), Solver::lbfgs, {64, 64}, many, 2);
  const Index d = quick ? 4 : 32, nodes = quick ? 2048 : 16384, planes = quick ? 32 : 96;
  add("ten modes, D = " + std::to_string(d) + ", " + std::to_string(nodes) + " nodes, " + std::to_string(planes) +
          " planes, drawn anew",
      observed(std::make_shared<MixturePotential>(ten_modes(d)),
               GaussianMixture::gaussian(Vector::Zero(d), 16.0 * Matrix::Identity(d, d))),
      Solver::pooled, {planes}, nodes, quick ? 10 : 40);
  return kinds;
}

/// What an engine does of a step, and what is the processor's whatever the engine.
ordered_json shares(bool quick) {
  print_head("Where the time of a step goes, ms",
             {"step", "engine", "in all", "minimising", "maps", "the rest, never the device's", "KB of nodes sent"});
  ordered_json rows = ordered_json::array();
  for (const StepKind& kind : step_kinds(quick)) {
    std::atomic<std::size_t> sent{0};
    for (const Engine& engine : engines(&sent)) {
      if (engine.name == "LibTorch, processor") continue;  // minutes
      const auto timed = std::make_shared<TimedEngine>(engine.engine);
      StepKind one = kind;
      one.options.engine = timed;
      JkoFilter filter(one.model, one.options);
      filter.predict(0.1);  // warms up
      timed->minimising = timed->evaluating = 0.0;
      sent = 0;
      const double milli = 1e3 / kind.steps;
      const double all = milli * seconds_of([&] { filter.predict(0.1 * (1 + kind.steps)); });
      const double minimising = milli * timed->minimising, maps = milli * timed->evaluating;
      const double kilobytes = 1e-3 * static_cast<double>(sent) / kind.steps;
      print_row({kind.name, engine.name, figure(all), figure(minimising), figure(maps), figure(all - minimising - maps),
                 figure(kilobytes)});
      rows.push_back({{"step", kind.name},
                      {"engine", engine.name},
                      {"ms", all},
                      {"minimising", minimising},
                      {"maps", maps},
                      {"kilobytes_sent", kilobytes}});
    }
  }
  return rows;
}

/// The law of the sine well task at its end.
JkoFilter run_task(const Problem& task, const std::vector<Vector>& observations, std::shared_ptr<StepEngine> engine) {
  JkoOptions options;
  options.step = 0.1;
  options.solver = Solver::lbfgs;
  options.nodes = 1024;
  options.engine = std::move(engine);
  JkoFilter filter(task.model, options);
  for (std::size_t k = 0; k < observations.size(); ++k) {
    filter.predict(task.interval * static_cast<double>(k + 1));
    filter.update(observations[k]);
  }
  filter.predict(task.until);
  return filter;
}

ordered_json tasks() {
  print_head("The sine well task: 9 observations in 5 s, two layers of 32, 1,024 nodes",
             {"engine", "seconds", "SymKL"});
  const Problem task = sine_well();
  const std::vector<Vector> observations = simulate(task, 0);
  GridFilter truth(task.model, {});
  for (std::size_t k = 0; k < observations.size(); ++k) {
    truth.predict(task.interval * static_cast<double>(k + 1));
    truth.update(observations[k]);
  }
  truth.predict(task.until);
  ordered_json rows = ordered_json::array();
  for (const Engine& engine : engines()) {
    if (engine.name == "LibTorch, processor") continue;     // minutes
    run_task(task, {observations.front()}, engine.engine);  // warms up
    double divergence = 0.0;
    const double seconds = seconds_of([&] {
      const JkoFilter filter = run_task(task, observations, engine.engine);
      divergence = symmetric_kl(filter, truth);
    });
    print_row({engine.name, figure(seconds), figure(divergence)});
    rows.push_back({{"engine", engine.name}, {"seconds", seconds}, {"sym_kl", divergence}});
  }
  return rows;
}

/// So many filters of one observation interval each, in threads that meet for their steps.
double together(Index filters, const std::shared_ptr<StepEngine>& engine) {
  const Problem task = sine_well();
  const auto meeting = std::make_shared<StepRendezvous>(engine);
  std::vector<std::unique_ptr<StepRendezvous::Member>> members;
  for (Index i = 0; i < filters; ++i) members.push_back(std::make_unique<StepRendezvous::Member>(*meeting));
  return seconds_of([&] {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < members.size(); ++i) {
      threads.emplace_back([&, i] {
        omp_set_num_threads(1);  // the cores are the filters'
        JkoOptions options;
        options.step = 0.1;
        options.solver = Solver::lbfgs;
        options.engine = meeting;
        JkoFilter filter(task.model, options);
        filter.predict(task.interval);
        members[i].reset();
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
}

ordered_json fleets(bool quick) {
  print_head("Filters at once, sine well, 0.5 s of stream, 512 nodes",
             {"filters", "engine", "seconds", "times real time"});
  ordered_json rows = ordered_json::array();
  for (const Index filters : {Index{15}, Index{1024}}) {
    for (const Engine& engine : engines()) {
      const bool device = engine.name.rfind("CUDA", 0) == 0;
      if ((quick && filters > 15) || (!device && filters > 15)) continue;
      const double seconds = together(filters, engine.engine);
      print_row({std::to_string(filters), engine.name, figure(seconds), figure(0.5 / seconds)});
      rows.push_back({{"engine", engine.name}, {"filters", filters}, {"seconds", seconds}});
    }
  }
  return rows;
}

/// The published study in many dimensions: ten components, span 3, N(0, 16 I) moved to t = 4 by 40 steps.
ordered_json mixtures(bool quick) {
  print_head(
      quick ? "Stationary mixture of ten components, four of 40 steps of the pooled solver, which shows that it runs"
            : "Stationary mixture of ten components, t = 4, 40 steps of the pooled solver",
      {"D", "nodes", "planes", "engine", "seconds", "SymKL"});
  ordered_json rows = ordered_json::array();
  for (const Index d : {Index{32}, Index{64}}) {
    const Index nodes = quick ? 512 : 16384, planes = quick ? 12 : 96;
    const GaussianMixture law = ten_modes(d);
    const Model model = observed(std::make_shared<MixturePotential>(law),
                                 GaussianMixture::gaussian(Vector::Zero(d), 16.0 * Matrix::Identity(d, d)));
    for (const Engine& engine : engines()) {
      const bool device = engine.name.rfind("CUDA", 0) == 0;
      if (!quick && !device) continue;  // hours
      if (quick && d > 32) continue;
      JkoOptions options;
      options.scheme = Scheme::jko;
      options.step = 0.1;
      options.solver = Solver::pooled;
      options.widths = {planes};
      options.nodes = nodes;
      options.iterations = quick ? 5 : 200;
      options.redraw = true;
      options.chain = 200;
      options.engine = engine.engine;
      JkoFilter filter(model, options);
      const double seconds = seconds_of([&] { filter.predict(quick ? 0.4 : 4.0); });
      const Points ours = filter.sample(2048, 1), theirs = law.sample(2048, 2, 0);
      const double divergence = (filter.log_density(ours) - law.log_density(ours)).mean() +
                                (law.log_density(theirs) - filter.log_density(theirs)).mean();
      print_row({std::to_string(d), std::to_string(nodes), std::to_string(planes), engine.name, figure(seconds),
                 figure(divergence)});
      rows.push_back({{"engine", engine.name}, {"dimension", d}, {"seconds", seconds}, {"sym_kl", divergence}});
    }
  }
  return rows;
}

/// What a block of the fused kernel takes, where a block can have so much: KiB, and nodes in hand at once.
template <typename Real>
std::string shared_memory(const fused::Shape& network, std::size_t kibibytes) {
  const fused::Shape shape = fused::with_tile<Real>(network, kibibytes * 1024);
  if (shape.tile == 0) return "does not fit";
  const std::size_t bytes = fused::BlockMemory<Real>(nullptr, shape).bytes;
  return std::to_string((bytes + 1023) / 1024) + " KiB, " + std::to_string(shape.tile);
}

void print_shared_memory() {
  print_head(
      "Shared memory of a block of the fused kernel, and nodes in hand at once",
      {"D", "widths", "θ", "float, 227 KiB (sm_90)", "double, 227 KiB", "float, 163 KiB (sm_80)", "double, 163 KiB"});
  const std::vector<Shape> shapes{
      {4096, 1, {16, 16}}, {4096, 1, {32, 32}}, {4096, 2, {32, 32}}, {4096, 4, {32, 32}}, {4096, 4, {64, 64, 64}}};
  for (const Shape& shape : shapes) {
    const StepInHand step(shape);
    const fused::Shape network = fused::make_batch({&step.problem}, {&step.parameters}, {step.start}, {}).shape;
    print_row({std::to_string(shape.dimension), text_of(shape.widths), std::to_string(step.parameters.size()),
               shared_memory<float>(network, 227), shared_memory<double>(network, 227),
               shared_memory<float>(network, 163), shared_memory<double>(network, 163)});
  }
}

}  // namespace

int main(int count, char** arguments) {
  bool quick = false;
  std::string json;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    if (argument == "--quick") {
      quick = true;
    } else if (argument == "--json" && i + 1 < count) {
      json = arguments[++i];
    } else {
      std::cerr << "usage: bench_device [--json FILE] [--quick]\n";
      return 2;
    }
  }
  std::cout << "device: " << (cuda_available() ? engines().back().engine->name() : "none (no CUDA)") << std::endl;
  ordered_json results;
  results["device"] = cuda_available() ? ordered_json(engines().back().engine->name()) : ordered_json(nullptr);
  print_shared_memory();
  results["solves"] = solves(quick);
  results["shares"] = shares(quick);
  results["tasks"] = tasks();
  results["fleets"] = fleets(quick);
  results["mixtures"] = mixtures(quick);
  if (!json.empty()) std::ofstream(json) << results.dump(1) << '\n';
}
