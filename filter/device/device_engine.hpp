#pragma once
/// The parts of device_engine() (jko/engine.hpp): the engine of LibTorch's tensors alone.

#include <atomic>
#include <cstddef>
#include <memory>

#include "filter/step_engine.hpp"
#include "jko/engine.hpp"

namespace jko {

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

/// The engine of LibTorch's tensor operations, which batches. Throws DeviceError if `options.cuda` and there is none,
/// and TorchMissing if there is no LibTorch.
std::shared_ptr<StepEngine> tensor_engine(const TensorEngineOptions& options);

}  // namespace jko
