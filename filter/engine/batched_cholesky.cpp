#include "filter/engine/batched_cholesky.hpp"

#include <algorithm>

namespace jko {

double invert_cholesky_factors(const Eigen::Ref<const Eigen::ArrayXXd>& matrices, Index dimension,
                               Eigen::Ref<Eigen::ArrayXXd> inverse, Eigen::Ref<Eigen::ArrayXd> log_det) {
  const auto L = [&inverse, dimension](Index i, Index j) { return inverse.col(i * dimension + j); };
  double smallest = kInfinity;
  log_det.setZero();
  Eigen::ArrayXd pivot(matrices.rows());
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
