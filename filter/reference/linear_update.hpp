#pragma once
/// Bayes' rule for a state x and an observation y that are taken for jointly normal: all that Kalman's filter and its
/// relatives make of an observation.

#include <optional>

#include "jko/types.hpp"

namespace jko {

struct LinearUpdate {
  Matrix gain;  ///< K = Cov(x, y) Cov(y)⁻¹, (D, M): E[x | y] = E x + K (y - E y), Cov[x | y] = Cov x - K Cov(y) Kᵀ
  double log_evidence;  ///< log density of y
};

/// From y - E y, Cov y and Cov(x, y), the latter of shape (D, M). Nothing if a number is not finite, the density is
/// zero or Cov y not positive definite.
std::optional<LinearUpdate> linear_update(const Vector& innovation, const Matrix& covariance, const Matrix& cross);

}  // namespace jko
