#pragma once
/// The module itself (filter/torch_module.hpp), for programs that are linked to LibTorch: tests of the tensors.

#include "filter/torch_module.hpp"

namespace jko {

const TorchModule& linked_torch_module();

}  // namespace jko
