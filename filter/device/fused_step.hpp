#pragma once
/// Many JKO steps at once by the fused solver: a whole L-BFGS run in one kernel, parameters and activations in a GPU's
/// shared memory. For networks of one to three layers of at most 64 units in at most four dimensions, and the
/// potentials that the kernel knows (sine well, double well, quadratic, Gaussian mixture). docs/gpu.md says how it is
/// built and laid out.
///
///     FusedSolver solver = FusedSolver::on_device({});
///     std::vector<MinimizeSummary> summaries =
///         solver.solve({&problem}, {&parameters}, thetas, options);  // thetas: first guesses, then solutions
///
/// lbfgs_step() of jko_step.hpp solves the same problem by the same rules: in double precision iterates agree with its
/// to rounding. The algorithm is written once, for teams of threads of a GPU or of the host (device/fused/).

#include <memory>
#include <string>
#include <vector>

#include "filter/jko_step.hpp"

namespace jko {

namespace fused {
class Runner;
}

enum class FusedPrecision {
  single_precision,  ///< the network at the nodes; sums over tiles of nodes, parameters and L-BFGS are in double
  double_precision
};

struct FusedOptions {
  FusedPrecision precision = FusedPrecision::single_precision;
  /// Where MinimizeOptions::stop is set: iterations of a launch, after which it is asked. A launch cannot be
  /// interrupted.
  int iterations_per_launch = 10;
  /// That share one problem. On a device 0 divides as many as fill it among the problems. Results depend on their
  /// number to rounding, and on nothing else.
  int blocks = 0;
  int threads = 1;  ///< of a block on the host; a device has 256
};

/// Whether the fused solver can take the problem; if not and `why` is given, it says why.
bool fused_supports(const JkoStepProblem& problem, const Parametrisation& parameters, std::string* why = nullptr);

/// Whether the kernel was built (CMake option JKO_CUDA_KERNEL).
bool fused_kernel_built();
/// Whether it was, and there is a CUDA device to run it.
bool fused_device_present();

class FusedSolver {
 public:
  /// On the current CUDA device, where memory is kept from call to call. Throws std::runtime_error, in one line, if the
  /// kernel was not built or there is no device.
  static FusedSolver on_device(const FusedOptions& options);
  /// The same algorithm by a team of std::threads for one problem after the other: the reference, for tests, which link
  /// jko_fused_host for it.
  static FusedSolver on_host(const FusedOptions& options);

  ~FusedSolver();
  FusedSolver(FusedSolver&&) noexcept;
  FusedSolver& operator=(FusedSolver&&) noexcept;

  /// Minimises each problem's loss from its θ, which becomes the best point seen. Problems have the same dimension,
  /// number of nodes, widths and kind of potential. Throws std::invalid_argument if they do not, if one is not
  /// supported, or if options ask for more than 20 pairs of memory or a patience above 32; std::runtime_error if CUDA
  /// fails or the network does not fit the device's shared memory.
  std::vector<MinimizeSummary> solve(const std::vector<const JkoStepProblem*>& problems,
                                     const std::vector<const Parametrisation*>& parameters, std::vector<Vector>& thetas,
                                     const MinimizeOptions& options);

  /// L(θ) and its gradient.
  double loss(const JkoStepProblem& problem, const Parametrisation& parameters, const Vector& theta, Vector& gradient);

 private:
  FusedSolver(const FusedOptions& options, std::unique_ptr<fused::Runner> runner);

  FusedOptions options_;
  std::unique_ptr<fused::Runner> runner_;
};

}  // namespace jko
