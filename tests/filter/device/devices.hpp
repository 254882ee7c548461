#pragma once
/// The devices on which tests of the tensor engine run: LibTorch's processor, and CUDA where there is one.

#include <ATen/core/Tensor.h>

#include <vector>

#include "filter/device/device_engine.hpp"

namespace jko {

inline std::vector<at::Device> test_devices() {
  std::vector<at::Device> devices{at::kCPU};
  if (cuda_available()) devices.emplace_back(at::kCUDA);
  return devices;
}

}  // namespace jko
