#include "filter/device/device_engine.hpp"

#include <utility>

#include "filter/device/cuda_device.hpp"

namespace jko {

bool cuda_built() { return cuda::built(); }
bool cuda_available() { return cuda::available(); }

std::shared_ptr<StepEngine> device_engine(Device device, std::function<void(const std::string&)> report) {
  if (device == Device::cpu || (device == Device::automatic && !cuda_available())) return processor_engine();
  TensorEngineOptions options;
  options.cuda = true;
  return with_fallback(tensor_engine(options), device == Device::automatic, std::move(report));
}

}  // namespace jko
