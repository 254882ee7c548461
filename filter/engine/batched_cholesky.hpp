#pragma once
/// Cholesky factors of many small matrices at once, in loops over the matrices that vectorise.

#include <Eigen/Core>
#include <algorithm>
#include <limits>

namespace jko {

/// Row i of `matrices` (B, D·D) holds a symmetric matrix H = L Lᵀ, of which the lower triangle is read. Fills the lower
/// triangle of `inverse` with M = L⁻¹, so that H⁻¹ = MᵀM, and `log_det` (B) with log det H. Returns the smallest pivot;
/// if it is not positive, some matrix is not positive definite, and results mean nothing.
template <typename Scalar>
Scalar invert_cholesky_factors(const Eigen::Ref<const Eigen::Array<Scalar, Eigen::Dynamic, Eigen::Dynamic>>& matrices,
                               Eigen::Index dimension,
                               Eigen::Ref<Eigen::Array<Scalar, Eigen::Dynamic, Eigen::Dynamic>> inverse,
                               Eigen::Ref<Eigen::Array<Scalar, Eigen::Dynamic, 1>> log_det) {
  using Eigen::Index;
  const auto L = [&inverse, dimension](Index i, Index j) { return inverse.col(i * dimension + j); };
  Scalar smallest = std::numeric_limits<Scalar>::infinity();
  log_det.setZero();
  Eigen::Array<Scalar, Eigen::Dynamic, 1> pivot(matrices.rows());
  for (Index j = 0; j < dimension; ++j) {
    pivot = matrices.col(j * dimension + j);
    for (Index k = 0; k < j; ++k) pivot -= L(j, k).square();
    smallest = std::min(smallest, pivot.minCoeff());
    log_det += pivot.log();
    // The diagonal holds 1/L_jj, which is all that is ever used of it.
    L(j, j) = pivot.sqrt().inverse();
    for (Index i = j + 1; i < dimension; ++i) {
      L(i, j) = matrices.col(i * dimension + j);
      for (Index k = 0; k < j; ++k) L(i, j) -= L(i, k) * L(j, k);
      L(i, j) *= L(j, j);
    }
  }
  // Column by column in place below the diagonal.
  for (Index j = 0; j < dimension; ++j) {
    for (Index i = j + 1; i < dimension; ++i) {
      pivot = L(i, j) * L(j, j);
      for (Index k = j + 1; k < i; ++k) pivot += L(i, k) * L(k, j);
      L(i, j) = -pivot * L(i, i);
    }
  }
  return smallest;
}

}  // namespace jko
