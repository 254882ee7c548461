#include "filter/device/tensors.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

namespace jko {
namespace {

/// A view: Eigen's columns are a tensor's rows.
at::Tensor view(const Eigen::Ref<const Matrix>& matrix) {
  return at::from_blob(const_cast<double*>(matrix.data()), {matrix.rows(), matrix.cols()}, {1, matrix.outerStride()},
                       at::TensorOptions(at::kDouble));
}

}  // namespace

at::Tensor to_tensor(const Eigen::Ref<const Matrix>& matrix, const at::TensorOptions& options) {
  at::Tensor tensor = at::empty({matrix.rows(), matrix.cols()}, options);
  copy_to(matrix, tensor);
  return tensor;
}

void copy_to(const Eigen::Ref<const Matrix>& matrix, const at::Tensor& tensor) { tensor.copy_(view(matrix)); }

Matrix to_matrix(const at::Tensor& tensor) {
  const at::Tensor t = tensor.dim() == 1 ? tensor.unsqueeze(1) : tensor;
  Matrix matrix(t.size(0), t.size(1));
  at::from_blob(matrix.data(), {matrix.rows(), matrix.cols()}, {1, matrix.rows()}, at::TensorOptions(at::kDouble))
      .copy_(t);
  return matrix;
}

}  // namespace jko
