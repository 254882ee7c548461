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

template <typename Scalar>
class PoolBlock {
 public:
  using Mat = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using Array = Eigen::Array<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using View = Eigen::Ref<const Mat>;
  using ArrayView = Eigen::Ref<const Array>;

  /// T (B, D) and the lower triangles of ∇²ψ (B, D·D) at the points `x` (B, D).
  void forward(const ConvexMap<Scalar>& map, View x, Mat& image, Array& hessian);

  /// After forward(): ∂/∂x of Σ_ij G_ij ∇²ψ_ij with `G` (B, D·D) symmetric, held fixed; shape (B, D).
  Mat input_gradient(const ConvexMap<Scalar>& map, ArrayView G) const;

  /// After forward(): adds ∂L/∂(A, b, w), where `d_hessian` (B, D·D) is ∂L/∂∇²ψ, symmetric.
  void accumulate(const ConvexMap<Scalar>& map, View x, View d_image, ArrayView d_hessian,
                  ConvexMap<Scalar>& gradient) const;

 private:
  std::vector<Index> seen_;  ///< units with a share of any point; the others are left out
  Mat logit_;                ///< a_k·x + b_k, less the largest, (B, units)
  Mat share_;                ///< p of the units that are seen, (B, seen)
  Mat slope_;                ///< their a_k, (seen, D)
  Mat squares_;              ///< their a_k a_kᵀ, lower triangles row by row, (seen, D(D+1)/2)
  Mat plane_;                ///< u, (B, D)
};

extern template class PoolBlock<float>;
extern template class PoolBlock<double>;

}  // namespace jko
