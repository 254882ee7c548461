#include "filter/reference/moment_rule.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>

namespace jko {

MomentRule linearised(const Vector& mean, const Matrix& covariance) {
  const Index d = mean.size();
  MomentRule rule{mean.transpose().replicate(2 * d + 1, 1), Vector::Unit(2 * d + 1, 0), {}, {}};
  Matrix tangent = Matrix::Zero(d, 2 * d + 1);  // tangent * values is the transposed Jacobian
  for (Index k = 0; k < d; ++k) {
    // The cube root of the machine's precision balances the formula's error and rounding.
    const double nudge = 6e-6 * std::max(std::sqrt(covariance(k, k)), std::abs(mean(k)));
    rule.points(1 + 2 * k, k) += nudge;
    rule.points(2 + 2 * k, k) -= nudge;
    const double apart = rule.points(1 + 2 * k, k) - rule.points(2 + 2 * k, k);
    tangent(k, 1 + 2 * k) = 1.0 / apart;
    tangent(k, 2 + 2 * k) = -1.0 / apart;
  }
  rule.cross = covariance * tangent;
  rule.spread = tangent.transpose() * rule.cross;
  return rule;
}

MomentRule sigma_points(const Vector& mean, const Matrix& covariance) {
  const Index d = mean.size(), n = 2 * d + 1;
  const double kappa = std::max(3.0 - static_cast<double>(d), 0.0), total = static_cast<double>(d) + kappa;
  const Eigen::LLT<Matrix> cholesky(covariance);
  Matrix reach = std::sqrt(total) * Matrix(cholesky.matrixL());
  if (cholesky.info() != Eigen::Success) reach.setConstant(std::numeric_limits<double>::quiet_NaN());
  MomentRule rule{mean.transpose().replicate(n, 1), Vector::Constant(n, 0.5 / total), {}, {}};
  rule.mean(0) = kappa / total;
  rule.points.middleRows(1, d) += reach.transpose();
  rule.points.bottomRows(d) -= reach.transpose();
  rule.cross = (rule.points.rowwise() - mean.transpose()).transpose() * rule.mean.asDiagonal();
  const Matrix centre = Matrix::Identity(n, n) - Vector::Ones(n) * rule.mean.transpose();
  rule.spread = centre.transpose() * rule.mean.asDiagonal() * centre;
  return rule;
}

}  // namespace jko
