#pragma once
/// Equation 3 and its reverse mode for one block of points: the inner loop of the whole program.
///
/// A block's arrays have one row a point, so every formula that is elementwise in the points runs down contiguous
/// columns. The arrays of a layer that meet the same weight matrix are stacked on top of each other and go through one
/// matrix product: [σ(a); σ'(a) ⊙ J^1; …; σ'(a) ⊙ J^D] W^T.

#include <vector>

#include "filter/convex_map.hpp"
#include "filter/engine/pool_block.hpp"

namespace jko {

/// What one thread needs besides the blocks to run backward().
struct MapAdjoint {
  using Array = Eigen::ArrayXXd;
  struct Layer {
    Array stack;         ///< adjoint of [a; J^1; …; J^D], ((1+D)B, H)
    Array s, lambda, u;  ///< adjoints of σ'(a), λ and u = σ'(a) ⊙ λ, (B, H)
  };
  std::vector<Layer> layers;
  Array d_hessian;  ///< ∂L/∂∇²ψ, (B, D·D)
  Matrix product;   ///< result of a stacked product

  void resize(Index rows, Index dimension, const std::vector<Index>& widths);
};

class MapBlock {
 public:
  using Array = Eigen::ArrayXXd;
  using Column = Eigen::ArrayXd;
  using ColumnView = Eigen::Ref<const Vector>;

  void resize(Index rows, Index dimension, const std::vector<Index>& widths);

  Index rows() const { return image_.rows(); }
  const Matrix& image() const { return image_; }
  auto log_det() const { return log_det_.matrix(); }
  double minimum_pivot() const { return minimum_pivot_; }
  Column divergence() const;                          ///< tr ∇²ψ, (B)
  auto hessian() const { return hessian_.matrix(); }  ///< (B, D·D)

  /// T, ∇²ψ and its inverse, and all that reverse() needs.
  void forward(const ConvexMap& map, PointsView x);
  /// T, ∇²ψ and its inverse only: three times as fast as forward() where there is one hidden layer.
  void evaluate(const ConvexMap& map, PointsView x);
  /// Reverse mode, point by point: from ∂L/∂T, ∂L/∂log det and ∂L/∂div to the adjoints of all that forward() computed.
  void reverse(const ConvexMap& map, PointsView d_image, ColumnView d_log_det, ColumnView d_divergence,
               MapAdjoint& adjoint) const;
  /// ∇ log det ∇²ψ at each point, after forward(); shape (B, D).
  Matrix log_det_gradient(const ConvexMap& map, MapAdjoint& adjoint) const;
  /// After reverse(): adds this block's share of ∂L/∂(Q, c, A, W, b, w).
  void accumulate(const ConvexMap& map, PointsView x, PointsView d_image, const MapAdjoint& adjoint,
                  ConvexMap& gradient) const;
  /// (∇²ψ)⁻¹ v for each row v of `right`, after forward().
  Matrix solve(PointsView right) const;

 private:
  struct Layer {
    Array stack;         ///< [σ(a); σ'(a) ⊙ J^1; …; σ'(a) ⊙ J^D], ((1+D)B, H)
    Array J;             ///< [J^1; …; J^D], (D·B, H)
    Array s, lambda, u;  ///< σ'(a), λ, σ'(a) ⊙ λ, (B, H)
  };

  void pool(const ConvexMap& map, PointsView x);
  void activate(Layer& layer) const;
  void mirror_hessian();
  void factorise();

  std::vector<Layer> layers_;
  PoolBlock pool_;  ///< of a pooled map
  Matrix image_;
  Array hessian_;   ///< (B, D·D)
  Array inverse_;   ///< (∇²ψ)⁻¹, (B, D·D)
  Array cholesky_;  ///< inverse of the lower Cholesky factor of ∇²ψ, (B, D·D)
  Column log_det_;
  double minimum_pivot_ = 1;
  Array activation_;                  ///< a_l, (B, H)
  Column decay_, slope_, curvature_;  ///< of evaluate(), for one direction: exp(-a), Σ w σ', Σ w σ'', (B)
  Matrix product_;                    ///< result of a stacked product
};

/// Zeros in the shapes of `map`'s parameters; allocates only where the shapes change.
void set_zero(ConvexMap& gradient, const ConvexMap& map);

}  // namespace jko
