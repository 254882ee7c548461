// Time of JKO steps by the fused solver: one problem of many nodes, and many filters at once.
//
//   build/bench_fused [--host] [--filters B] [--nodes N] [--steps K] [--iterations I]
//
// The flow of the sine well from normal laws, first-order steps of 0.1, two layers of 32, each step warm-started from
// the one before. The first step is not counted: it allocates. On the host the figures say what the algorithm costs
// there, nothing about a GPU. Prints figures and never fails.

#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "filter/device/fused_step.hpp"
#include "filter/gaussian_mixture.hpp"
#include "filter/model/sine_well.hpp"
#include "src/stopwatch.hpp"

using namespace jko;

namespace {

struct Flow {
  JkoStepProblem problem;
  Vector identity, theta;

  Flow(const Potential& potential, Index nodes, double mean)
      : problem{{}, Vector::Constant(nodes, 1.0 / static_cast<double>(nodes)), {}, 0.1, 0.0, &potential, 1.0} {
    problem.nodes = GaussianMixture::gaussian(Vector::Constant(1, mean), Matrix::Identity(1, 1)).quasi_sample(nodes, 1);
  }

  /// The next step's frame and first guess.
  Parametrisation begin_step() {
    problem.target = problem.nodes;
    Parametrisation parameters({32, 32}, Frame::of(problem.nodes, problem.weights), 1);
    const Vector fresh = parameters.start(problem.nodes, problem.weights);
    theta = theta.size() == 0 ? fresh : Vector(fresh + (theta - identity));
    identity = fresh;
    return parameters;
  }
};

void measure(FusedSolver& solver, Index filters, Index nodes, int steps, const MinimizeOptions& options) {
  const SineWell well(1);
  std::vector<Flow> flows;
  flows.reserve(static_cast<std::size_t>(filters));
  for (Index b = 0; b < filters; ++b) flows.emplace_back(well, nodes, 2.0 * static_cast<double>(b % 16) / 15.0 - 1.0);
  double slowest = 0.0, total = 0.0, evaluations = 0.0;
  for (int step = 0; step <= steps; ++step) {
    std::vector<Parametrisation> parameters;
    std::vector<const JkoStepProblem*> problems;
    std::vector<const Parametrisation*> pointers;
    std::vector<Vector> thetas;
    for (Flow& flow : flows) {
      parameters.push_back(flow.begin_step());
      problems.push_back(&flow.problem);
      thetas.push_back(flow.theta);
    }
    for (const Parametrisation& p : parameters) pointers.push_back(&p);
    Stopwatch watch;
    watch.start();
    const auto summaries = solver.solve(problems, pointers, thetas, options);
    const double ms = watch.stop();
    for (std::size_t b = 0; b < flows.size(); ++b) {
      flows[b].theta = thetas[b];
      flows[b].problem.nodes = apply(parameters[b].map(thetas[b]), flows[b].problem.nodes).image;
    }
    if (step == 0) continue;
    slowest = std::max(slowest, ms);
    total += ms;
    for (const MinimizeSummary& summary : summaries) evaluations += summary.evaluations;
  }
  fmt::print("{:5} problems of {:5} nodes: {:9.2f} ms a step, slowest {:9.2f} ms, {:.1f} evaluations a problem\n",
             filters, nodes, total / steps, slowest,
             evaluations / (static_cast<double>(steps) * static_cast<double>(filters)));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Time of JKO steps by the fused solver");
  bool host = false;
  Index filters = 1024, nodes = 512;
  int steps = 10;
  MinimizeOptions options;
  options.iterations = 40;
  options.value_tolerance = 1e-5;
  app.add_flag("--host", host, "on the host instead of a CUDA device");
  app.add_option("--filters", filters, "how many at once")->check(CLI::Range(1, 100'000))->capture_default_str();
  app.add_option("--nodes", nodes, "of each of them")->check(CLI::Range(16, 100'000))->capture_default_str();
  app.add_option("--steps", steps, "that are timed")->check(CLI::Range(1, 10'000))->capture_default_str();
  app.add_option("--iterations", options.iterations, "L-BFGS iterations a step, at most")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (!host && !fused_device_present()) {
    fmt::print("no CUDA device, or built without JKO_CUDA_KERNEL; --host runs the same on the host\n");
    return 0;
  }
  for (const auto precision : {FusedPrecision::single_precision, FusedPrecision::double_precision}) {
    FusedOptions fused;
    fused.precision = precision;
    FusedSolver solver = host ? FusedSolver::on_host(fused) : FusedSolver::on_device(fused);
    fmt::print("{} precision\n", precision == FusedPrecision::single_precision ? "single" : "double");
    measure(solver, 1, 4096, steps, options);
    measure(solver, filters, nodes, steps, options);
  }
}
