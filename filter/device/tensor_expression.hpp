#pragma once
/// A formula of a config on tensors of any device (filter/model/expression.hpp; implemented with it).

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include <utility>
#include <vector>

#include "filter/model/expression.hpp"

namespace jko {

/// The formula (B, N) and its gradient (B, N, D) at `x` (B, N, D), with scalars of shape (B), all of one dtype and on
/// one device.
std::pair<at::Tensor, at::Tensor> evaluate(const Expression& expression, const at::Tensor& x,
                                           const std::vector<at::Tensor>& scalars);

}  // namespace jko
