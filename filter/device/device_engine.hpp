#pragma once
/// Engines for devices (step_engine.hpp), by LibTorch.
///
///     JkoOptions options;
///     options.engine = device_engine(Device::automatic);       // CUDA where there is one, else the processor
///
/// A device solves for trained features alone (the solvers lbfgs and pooled). The engine holds the processor in
/// reserve: a device that fails is replaced for good, and trouble() says so.

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "filter/step_engine.hpp"

namespace jko {

enum class Device { cpu, cuda, automatic };

/// Whether the LibTorch of this program can use CUDA at all, and whether there is a device for it.
bool cuda_built();
bool cuda_available();

/// The engine for a device. `cuda`: trained features instead of Newton's method, all on the device; throws DeviceError,
/// in one line, if there is none. `automatic`: trained features on the device, if there is one, and Newton's method,
/// which in few dimensions is far better than either, on the processor. `report` is told when a device has failed.
std::shared_ptr<StepEngine> device_engine(Device device, std::function<void(const std::string&)> report = {});

/// What a core does in the time of the fifty launches that a map's evaluation takes, about half a millisecond.
inline constexpr double kFewestOperations = 3e6;

struct TensorEngineOptions {
  bool cuda = false;              ///< else LibTorch's processor, which is slow and for tests
  bool single_precision = false;  ///< float instead of double
  std::size_t memory = 0;         ///< bytes that a step may take; 0: what is free on the device
  /// Maps are evaluated on the processor where that takes fewer floating point operations than these; for a device
  /// kFewestOperations.
  double fewest_operations = 0.0;
  /// Adds up the bytes of nodes, targets, scores and weights that go to the device. The caller's.
  std::atomic<std::size_t>* sent = nullptr;
};

/// The engine of LibTorch's tensor operations, which batches. Throws DeviceError if `options.cuda` and there is none.
std::shared_ptr<StepEngine> tensor_engine(const TensorEngineOptions& options);

/// What a step takes on the device at most, in bytes, by the sizes alone.
struct StepShape {
  Index batch = 1;
  Index nodes = 0;
  Index dimension = 1;
  std::vector<Index> widths;
  bool pooled = false;
};
std::size_t bytes_needed(const StepShape& shape, int memory_pairs, std::size_t bytes_a_number);

}  // namespace jko
