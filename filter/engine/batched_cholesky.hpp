#pragma once
/// Cholesky factors of many small matrices at once, in loops over the matrices that vectorise.

#include "jko/types.hpp"

namespace jko {

/// Row i of `matrices` (B, D·D) holds a symmetric matrix H = L Lᵀ, of which the lower triangle is read. Fills the lower
/// triangle of `inverse` with M = L⁻¹, so that H⁻¹ = MᵀM, and `log_det` (B) with log det H. Returns the smallest pivot;
/// if it is not positive, some matrix is not positive definite, and results mean nothing.
double invert_cholesky_factors(const Eigen::Ref<const Eigen::ArrayXXd>& matrices, Index dimension,
                               Eigen::Ref<Eigen::ArrayXXd> inverse, Eigen::Ref<Eigen::ArrayXd> log_det);

}  // namespace jko
