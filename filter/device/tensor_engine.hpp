#pragma once
/// The engine of LibTorch's tensor operations (device_engine.hpp), behind filter/torch_module.hpp.

#include <cstddef>
#include <memory>
#include <vector>

#include "filter/device/device_engine.hpp"

namespace jko {

std::shared_ptr<StepEngine> make_tensor_engine(const TensorEngineOptions& options);

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
