#pragma once
/// Moments of a nonlinear function g of a normal law X ~ N(m, P), from the values of g at a few points:
///
///     MomentRule rule = sigma_points(m, P);
///     Points values = …;                          // g at each row of rule.points, (N, K)
///     Vector mean = values.transpose() * rule.mean;                      // E g(X)
///     Matrix cross = rule.cross * values;                                // E (X - m) g(X)ᵀ
///     Matrix covariance = values.transpose() * rule.spread * values;     // Cov g(X)
///
/// A filter of normal laws needs no more than that of its model: with `linearised` it is the extended Kalman filter,
/// with `sigma_points` the unscented one.

#include "jko/types.hpp"

namespace jko {

struct MomentRule {
  Points points;  ///< (N, D)
  Vector mean;    ///< (N)
  Matrix cross;   ///< (D, N)
  Matrix spread;  ///< (N, N)
};

/// One that is not positive definite gives a rule whose points are NaN.
using MakeMomentRule = MomentRule (*)(const Vector& mean, const Matrix& covariance);

/// The moments of the function's tangent at m, by central differences: exact for linear functions.
MomentRule linearised(const Vector& mean, const Matrix& covariance);

/// Julier and Uhlmann's 2 D + 1 sigma points (2004, "Unscented filtering and nonlinear estimation") with κ = 3 - D: the
/// mean is exact for cubic functions. From D = 3 on κ = 0, so that no weight is negative: the cubature points of
/// Arasaratnam and Haykin (2009).
MomentRule sigma_points(const Vector& mean, const Matrix& covariance);

}  // namespace jko
