#include "filter/device/torch_module_entry.hpp"

#include <cstring>

#include "filter/device/cuda_device.hpp"
#include "filter/device/tensor_engine.hpp"
#include "filter/device/tensor_expression.hpp"
#include "jko/version.hpp"

namespace jko {
namespace {

class LinkedTorch final : public TorchModule {
 public:
  std::unique_ptr<const FormulaProgram> compile(const FormulaScript& script, Index dimension,
                                                std::vector<Index> columns, std::vector<Index> scalars) const override {
    return compile_formula(script, dimension, std::move(columns), std::move(scalars));
  }
  std::shared_ptr<StepEngine> tensor_engine(const TensorEngineOptions& options) const override {
    return make_tensor_engine(options);
  }
  bool cuda_built() const override { return cuda::built(); }
  bool cuda_available() const override { return cuda::available(); }
};

}  // namespace

const TorchModule& linked_torch_module() {
  static const LinkedTorch module;
  return module;
}

}  // namespace jko

extern "C" __attribute__((visibility("default"))) const jko::TorchModule* jko_torch_module(const char* version) {
  return std::strcmp(version, JKO_VERSION) == 0 ? &jko::linked_torch_module() : nullptr;
}
