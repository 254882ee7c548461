#pragma once
/// θ of a batch of maps, and the chain rule to it, on a device: Parametrisation and PooledParametrisation as tensor
/// operations.
///
///     TensorParameters parameters(batch, dimension, widths, pooled, options);
///     parameters.assign(0, parametrisation);                 // for each problem of the batch
///     TensorMap map = parameters.map(theta);                 // theta: (B, P)
///     at::Tensor gradient = parameters.pull_back(theta, d_map);
///
/// Its tensors stay where they are when others are assigned, as a CUDA graph wants it.

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include <vector>

#include "filter/device/tensor_map.hpp"
#include "filter/parametrisation.hpp"
#include "filter/pooled_parametrisation.hpp"

namespace jko {

class TensorParameters {
 public:
  TensorParameters(Index batch, Index dimension, std::vector<Index> widths, bool pooled,
                   const at::TensorOptions& options);

  Index size() const { return size_; }  ///< P

  /// The frame of problem `b`. Precondition: of this dimension and these widths.
  void assign(Index b, const Parametrisation& parametrisation);
  void assign(Index b, const PooledParametrisation& parametrisation);

  TensorMap map(const at::Tensor& theta) const;
  at::Tensor pull_back(const at::Tensor& theta, const TensorMap& d_map) const;

 private:
  Index batch_, dimension_, size_;
  std::vector<Index> widths_;
  bool pooled_;
  at::Tensor center_;     ///< (B, D)
  at::Tensor whitening_;  ///< (B, D, D); pooled: unused
  at::Tensor scale_;      ///< (B, 1)
  at::Tensor output_;     ///< output_scale() of each layer, (B, L); pooled: stretch, (B, 1)
  at::Tensor seen_;       ///< pooled: (B, H, D)
};

}  // namespace jko
