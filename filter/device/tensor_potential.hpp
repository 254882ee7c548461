#pragma once
/// Potentials as tensor operations on a device.
///
/// To add one: a class in tensor_potential.cpp and a line in make_tensor_potential(). A potential without one is
/// evaluated by the processor, with a copy of all points there and back for each evaluation.

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include <memory>
#include <utility>
#include <vector>

#include "jko/potential.hpp"

namespace jko {

class TensorPotential {
 public:
  virtual ~TensorPotential() = default;

  /// Φ (B, N) and ∇Φ (B, N, D) at x (B, N, D), each problem of the batch at its time, t (B).
  virtual std::pair<at::Tensor, at::Tensor> evaluate(const at::Tensor& x, const at::Tensor& t) const = 0;

  /// Whether nothing leaves the device, so that a CUDA graph can hold it.
  virtual bool stays_on_device() const { return true; }
};

/// The potentials of a batch, one a problem. Problems that share one are evaluated together. They must outlive what is
/// made. `options`: dtype and device.
std::unique_ptr<TensorPotential> make_tensor_potential(const std::vector<const Potential*>& potentials,
                                                       const at::TensorOptions& options);

}  // namespace jko
