#pragma once
/// Where the steps of a filter are computed.
///
///     JkoOptions options;                                        // options.engine is null: this machine's cores
///     options.engine = device_engine(Device::automatic);         // a CUDA device where there is one, else the cores
///
/// An engine may serve several filters and threads at once. A device solves for trained features alone (the solvers
/// lbfgs and pooled). It holds the cores in reserve: when it fails, they replace it for good.

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "jko/export.hpp"

namespace jko {

class StepEngine;

/// The device is gone, or has too little memory: the message is one line that says what to do.
class JKO_API DeviceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// LibTorch, which formulas and devices need, is missing or broken: the message is one line that says which and why.
class JKO_API TorchMissing : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class Device { cpu, cuda, automatic };

/// Whether LibTorch can use CUDA at all, and whether there is a device for it. Both load LibTorch, and throw
/// TorchMissing if there is none.
JKO_API bool cuda_built();
JKO_API bool cuda_available();

/// The engine of this machine's cores.
JKO_API std::shared_ptr<StepEngine> processor_engine();

/// The engine for a device. `cuda`: trained features instead of Newton's method, all on the device; throws DeviceError
/// or TorchMissing, in one line, if there is none. `automatic`: trained features on the device, if there is one, and
/// Newton's method, which in few dimensions is far better than either, on the cores. `report` is told when a device has
/// failed.
JKO_API std::shared_ptr<StepEngine> device_engine(Device device, std::function<void(const std::string&)> report = {});

}  // namespace jko
