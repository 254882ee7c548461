#pragma once
/// The pooled map ψ(x) = ½ xᵀQx + cᵀx + w log Σ_k exp(a_k·x + b_k) and its reverse mode for one block of points.
///
/// With p = softmax(a_k·x + b_k) and u = Σ_k p_k a_k, the plane that the point sees:
///
///     T = Qx + c + w u,        ∇²ψ = Q + w (Σ_k p_k a_k a_kᵀ - u uᵀ)
///
/// A point sees few planes. Those that no point of a block sees cost one product and no more, so that points that are
/// close to each other are best in one block.

#include <vector>

#include "filter/convex_map.hpp"

namespace jko {

class PoolBlock {
 public:
  using Array = Eigen::ArrayXXd;
  using ArrayView = Eigen::Ref<const Array>;

  /// T (B, D) and the lower triangles of ∇²ψ (B, D·D) at the points `x` (B, D).
  void forward(const ConvexMap& map, PointsView x, Matrix& image, Array& hessian);

  /// After forward(): ∂/∂x of Σ_ij G_ij ∇²ψ_ij with `G` (B, D·D) symmetric, held fixed; shape (B, D).
  Matrix input_gradient(const ConvexMap& map, ArrayView G) const;

  /// After forward(): adds ∂L/∂(A, b, w), where `d_hessian` (B, D·D) is ∂L/∂∇²ψ, symmetric.
  void accumulate(const ConvexMap& map, PointsView x, PointsView d_image, ArrayView d_hessian,
                  ConvexMap& gradient) const;

 private:
  std::vector<Index> seen_;  ///< units with a share of any point; the others are left out
  Matrix logit_;             ///< a_k·x + b_k, less the largest, (B, units)
  Matrix share_;             ///< p of the units that are seen, (B, seen)
  Matrix slope_;             ///< their a_k, (seen, D)
  Matrix squares_;           ///< their a_k a_kᵀ, lower triangles row by row, (seen, D(D+1)/2)
  Matrix plane_;             ///< u, (B, D)
};

}  // namespace jko
