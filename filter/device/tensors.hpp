#pragma once
/// Between Eigen and LibTorch.

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include "jko/types.hpp"

namespace jko {

/// A copy of shape (rows, cols), contiguous, with the dtype and on the device of `options`.
at::Tensor to_tensor(const Eigen::Ref<const Matrix>& matrix, const at::TensorOptions& options);

/// Copies into an existing tensor of shape (rows, cols), wherever it is.
void copy_to(const Eigen::Ref<const Matrix>& matrix, const at::Tensor& tensor);

/// A copy of a tensor of two dimensions, or of one as a column, from wherever it is, in double precision.
Matrix to_matrix(const at::Tensor& tensor);

}  // namespace jko
