#include "filter/device/fused_step.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "filter/device/fused/fused_batch.hpp"

namespace jko {
namespace {

constexpr int kLongestLaunch = 1000;  // iterations; bounds the losses that are kept on the device

}  // namespace

bool fused_supports(const JkoStepProblem& problem, const Parametrisation& parameters, std::string* why) {
  std::string objection = fused::objection(problem, parameters);
  const bool supported = objection.empty();
  if (why) *why = std::move(objection);
  return supported;
}

#ifdef JKO_CUDA_KERNEL
bool fused_kernel_built() { return true; }
bool fused_device_present() { return fused::cuda_device_present(); }

FusedSolver FusedSolver::on_device(const FusedOptions& options) {
  return FusedSolver(options, fused::make_cuda_runner(options.blocks));
}
#else
bool fused_kernel_built() { return false; }
bool fused_device_present() { return false; }

FusedSolver FusedSolver::on_device(const FusedOptions&) {
  throw std::runtime_error(
      "the fused CUDA kernel was not built: configure with -DJKO_CUDA_KERNEL=ON, which needs the CUDA toolkit");
}
#endif

FusedSolver::FusedSolver(const FusedOptions& options, std::unique_ptr<fused::Runner> runner)
    : options_(options), runner_(std::move(runner)) {}
FusedSolver::~FusedSolver() = default;
FusedSolver::FusedSolver(FusedSolver&&) noexcept = default;
FusedSolver& FusedSolver::operator=(FusedSolver&&) noexcept = default;

std::vector<MinimizeSummary> FusedSolver::solve(const std::vector<const JkoStepProblem*>& problems,
                                                const std::vector<const Parametrisation*>& parameters,
                                                std::vector<Vector>& thetas, const MinimizeOptions& options) {
  const fused::Batch batch = fused::make_batch(problems, parameters, thetas, options);
  const int longest = options.stop ? std::max(options_.iterations_per_launch, 1) : kLongestLaunch;
  const int iterations = std::clamp(options.iterations, 1, longest);
  runner_->begin(batch, options_.precision == FusedPrecision::single_precision, iterations);
  std::vector<MinimizeSummary> summaries(problems.size());
  bool finished = false, stopped = false;
  while (!finished && !stopped) {
    runner_->launch(iterations);
    finished = true;
    for (std::size_t b = 0; b < problems.size(); ++b) {
      MinimizeSummary& summary = summaries[b];
      const fused::Progress& progress = runner_->progress(static_cast<int>(b));
      if (summary.losses.empty()) summary.losses.push_back(progress.initial_value);
      const double* losses = runner_->losses(static_cast<int>(b));
      summary.losses.insert(summary.losses.end(), losses, losses + (progress.iterations - summary.iterations));
      summary.initial_value = progress.initial_value;
      summary.value = progress.value;
      summary.iterations = progress.iterations;
      summary.evaluations = progress.evaluations;
      summary.reason =
          progress.finished ? static_cast<MinimizeSummary::Reason>(progress.reason) : MinimizeSummary::Reason::stopped;
      if (!progress.finished) finished = false;
    }
    stopped = !finished && options.stop && options.stop();
  }
  std::vector<double> theta;
  runner_->read_theta(theta);
  for (std::size_t b = 0; b < problems.size(); ++b) {
    std::copy_n(theta.data() + b * batch.shape.parameters, batch.shape.parameters, thetas[b].data());
  }
  return summaries;
}

double FusedSolver::loss(const JkoStepProblem& problem, const Parametrisation& parameters, const Vector& theta,
                         Vector& gradient) {
  MinimizeOptions options;
  options.iterations = 0;
  const fused::Batch batch = fused::make_batch({&problem}, {&parameters}, {theta}, options);
  runner_->begin(batch, options_.precision == FusedPrecision::single_precision, 1);
  runner_->launch(1);
  std::vector<double> numbers;
  runner_->read_gradient(numbers);
  gradient = Eigen::Map<const Vector>(numbers.data(), static_cast<Index>(numbers.size()));
  return runner_->progress(0).value;
}

}  // namespace jko
