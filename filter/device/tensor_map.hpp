#pragma once
/// Equation 3 and its reverse mode for a batch of maps at once, as LibTorch tensor operations without autograd: what
/// filter/engine/ is for the processor's caches, this is for a device that wants few, large operations.
///
/// Shapes: B maps, each at its own N points in D dimensions. Every tensor has one dtype and one device.

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include <vector>

#include "filter/convex_map.hpp"

namespace jko {

/// The parameters of B maps of one shape, or their gradient.
struct TensorMap {
  struct Layer {
    at::Tensor A;  ///< (B, H, D)
    at::Tensor W;  ///< (B, H, H of the layer before); undefined in the first layer
    at::Tensor b;  ///< (B, H)
    at::Tensor w;  ///< (B, H); pooled: (B, 1)
  };

  at::Tensor Q;  ///< (B, D, D)
  at::Tensor c;  ///< (B, D)
  std::vector<Layer> layers;
  bool pooled = false;

  /// A batch of one.
  static TensorMap of(const ConvexMap& map, const at::TensorOptions& options);
};

/// What forward() keeps for the reverse mode.
struct TensorMapTape {
  struct Layer {
    at::Tensor J;       ///< directional derivatives of a_l, (B, D, N, H); first layer: (B, D, 1, H)
    at::Tensor stack;   ///< σ(a_l) and σ' ⊙ J_l, (B, 1 + D, N, H)
    at::Tensor s;       ///< σ'(a_l), (B, N, H)
    at::Tensor lambda;  ///< λ_l, (B, N, H), or (B, 1, H) in the last layer
    at::Tensor u;       ///< σ' ⊙ λ, (B, N, H)
  };
  std::vector<Layer> layers;
  at::Tensor share;    ///< pooled: each plane's share of a point, (B, N, H)
  at::Tensor plane;    ///< pooled: Σ share ⊙ A, (B, N, D)
  at::Tensor squares;  ///< pooled: a aᵀ of each plane, (B, H, D·D)

  at::Tensor image;    ///< T(x), (B, N, D)
  at::Tensor hessian;  ///< ∇²ψ(x), (B, N, D, D)
  at::Tensor inverse;  ///< its inverse
  at::Tensor log_det;  ///< (B, N); NaN where ∇²ψ is not positive definite
};

/// T, ∇²ψ, its inverse and its log determinant at the points `x` (B, N, D).
TensorMapTape forward(const TensorMap& map, const at::Tensor& x);

/// div T = tr ∇²ψ, (B, N).
at::Tensor divergence(const TensorMapTape& tape);

/// ∇ log det ∇²ψ at the points `x` of forward(), (B, N, D).
at::Tensor log_det_gradient(const TensorMap& map, const at::Tensor& x, const TensorMapTape& tape);

/// ∂L/∂(Q, c, A, W, b, w) from ∂L/∂T (B, N, D), ∂L/∂log det and ∂L/∂div T (B, N).
TensorMap backward(const TensorMap& map, const at::Tensor& x, const TensorMapTape& tape, const at::Tensor& d_image,
                   const at::Tensor& d_log_det, const at::Tensor& d_divergence);

}  // namespace jko
