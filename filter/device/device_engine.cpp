#include "filter/device/device_engine.hpp"

#include <utility>

#include "filter/device/fused_engine.hpp"
#include "filter/torch_module.hpp"

namespace jko {
namespace {

bool found_one() {
  try {
    return cuda_available();
  } catch (const TorchMissing&) {
    return false;
  }
}

}  // namespace

bool cuda_built() { return torch_module().cuda_built(); }
bool cuda_available() { return torch_module().cuda_available(); }

std::shared_ptr<StepEngine> tensor_engine(const TensorEngineOptions& options) {
  return torch_module().tensor_engine(options);
}

std::shared_ptr<StepEngine> device_engine(Device device, std::function<void(const std::string&)> report) {
  if (device == Device::cpu || (device == Device::automatic && !found_one())) return processor_engine();
  TensorEngineOptions options;
  options.cuda = true;
  options.fewest_operations = kFewestOperations;
  std::shared_ptr<StepEngine> engine = tensor_engine(options);
  if (fused_device_present()) {
    // What the kernel takes it solves without a launch for each operation.
    engine = fused_engine(FusedSolver::on_device({FusedPrecision::double_precision}), std::move(engine));
  }
  return with_fallback(std::move(engine), device == Device::automatic, std::move(report));
}

}  // namespace jko
