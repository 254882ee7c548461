#pragma once
/// Formulas of a config (jko/expression.hpp), compiled with TorchScript: on points, and on tensors of any device.

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include <memory>
#include <utility>
#include <vector>

#include "filter/torch_module.hpp"
#include "jko/expression.hpp"

namespace jko {

/// As TorchModule::compile(). The compiled graph runs in TorchScript's interpreter as it is: no profiling, no fuser, so
/// that the first call computes what all later ones do.
std::unique_ptr<const FormulaProgram> compile_formula(const FormulaScript& script, Index dimension,
                                                      std::vector<Index> columns, std::vector<Index> scalars);

/// The formula (B, N) and its gradient (B, N, D) at `x` (B, N, D), with scalars of shape (B), all of one dtype and on
/// one device.
std::pair<at::Tensor, at::Tensor> evaluate(const Expression& expression, const at::Tensor& x,
                                           const std::vector<at::Tensor>& scalars);

}  // namespace jko
