// These tests are linked to LibTorch: the module that formulas ask for is the one in the program.
#include "filter/device/torch_module_entry.hpp"

namespace {

const bool kLinked = (jko::use_torch_module(jko::linked_torch_module()), true);

}  // namespace
