#pragma once
/// Convex maps with fixed features: one hidden layer whose input weights do not change, so that T and ∇²ψ are linear in
/// what is left to choose.
///
///     ψ(x) = pᵀx + ½ Σ_k q_k (g_kᵀ(x-m))² + Σ_h w_h κ_h σ(g_hᵀ(x-m) + b_h) + ε/2 |x|²,     q, w >= 0
///     T(x) = εx + p + Σ_j u_j g_j r_j(x),        ∇²ψ(x) = εI + Σ_j u_j s_j(x) g_j g_jᵀ,     u = (q, w)
///
/// Equation 2 is then a convex function of (p, u) with simple bounds, which Newton's method solves in a few iterations
/// (newton_step.hpp). Features cover the space where it has one or two dimensions; in more they must be trained.

#include <cstdint>
#include <vector>

#include "filter/convex_map.hpp"
#include "filter/parametrisation.hpp"

namespace jko {

class ConvexFeatures {
 public:
  /// `width` hidden units over the nodes (N, D): along each direction of a fan, bumps evenly spaced from the first node
  /// to the last.
  ConvexFeatures(PointsView nodes, const Vector& weights, Index width, std::uint64_t seed);

  /// What units() will be.
  static Index count(Index dimension, Index width) { return dimension * dimension + width; }

  Index dimension() const { return frame_.center.size(); }
  Index units() const { return directions_.rows(); }  ///< number of u: quadratic units first, then hidden ones

  const Matrix& directions() const { return directions_; }  ///< g_j, (units, D)
  const Vector& center() const { return frame_.center; }

  /// Hidden units `first` to `first + count - 1` share their direction.
  struct Fan {
    Index first, count;
  };
  const std::vector<Fan>& fans() const { return fans_; }

  /// r_j and s_j at each row of x, both of shape (N, units).
  void evaluate(PointsView x, Matrix& r, Matrix& s) const;

  /// The quadratic unit along axis i.
  Index axis(Index i) const { return i * i; }
  /// Units before it are quadratic, the others hidden ones.
  Index first_hidden() const { return quadratic_; }

  /// u of a map whose hidden units carry about half of the identity's curvature, and the axes' quadratic units the
  /// rest. In three dimensions or more, the identity itself.
  Vector start() const;

  ConvexMap map(const Vector& shift, const Vector& u) const;

  static constexpr double kFloor = 1e-3;  ///< ε

 private:
  Frame frame_;
  Index quadratic_;  ///< number of quadratic units
  Matrix directions_;
  Vector offsets_;         ///< b_h, (hidden)
  Vector kappa_;           ///< κ_h, (hidden)
  std::vector<Fan> fans_;  ///< all hidden units
};

}  // namespace jko
