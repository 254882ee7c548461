#include "jko/divergence.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <cmath>

namespace jko {
namespace {

constexpr double kLogFloor = -700.0;
constexpr double kReach = 8.0;  // standard deviations, beyond the mean of either law

Eigen::ArrayXd log_ratio(const Filter& p, const Filter& q, PointsView points) {
  const Eigen::ArrayXd log_p = p.log_density(points).cwiseMax(kLogFloor);
  return log_p - q.log_density(points).array().max(kLogFloor);
}

/// The positive semidefinite square root of a symmetric matrix.
Matrix square_root(const Matrix& matrix) {
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(matrix);
  return eigen.eigenvectors() * eigen.eigenvalues().cwiseMax(0.0).cwiseSqrt().asDiagonal() *
         eigen.eigenvectors().transpose();
}

}  // namespace

double symmetric_kl(const Vector& mean_p, const Matrix& covariance_p, const Vector& mean_q,
                    const Matrix& covariance_q) {
  const Eigen::LLT<Matrix> p(covariance_p), q(covariance_q);
  const Vector apart = mean_p - mean_q;
  const double d = static_cast<double>(apart.size());
  return 0.5 * (q.solve(covariance_p).trace() + p.solve(covariance_q).trace() - 2.0 * d +
                apart.dot(p.solve(apart) + q.solve(apart)));
}

double symmetric_kl(const Filter& p, const Filter& q) {
  const Index d = p.dimension();
  const Vector mean_p = p.mean(), mean_q = q.mean();
  const Matrix covariance_p = p.covariance(), covariance_q = q.covariance();
  if (d > 2) return symmetric_kl(mean_p, covariance_p, mean_q, covariance_q);

  const Vector sd_p = covariance_p.diagonal().cwiseSqrt(), sd_q = covariance_q.diagonal().cwiseSqrt();
  const Vector low = (mean_p - kReach * sd_p).cwiseMin(mean_q - kReach * sd_q);
  const Vector high = (mean_p + kReach * sd_p).cwiseMax(mean_q + kReach * sd_q);
  const Index n = d == 1 ? 4001 : 121;
  const Index count = d == 1 ? n : n * n;
  Points x(count, d);
  const Vector spacing = (high - low) / static_cast<double>(n - 1);
  for (Index i = 0; i < count; ++i) {
    const Index column = i % n, row = i / n;
    x(i, 0) = low(0) + spacing(0) * static_cast<double>(column);
    if (d == 2) x(i, 1) = low(1) + spacing(1) * static_cast<double>(row);
  }
  const Eigen::ArrayXd log_p = p.log_density(x).cwiseMax(kLogFloor), log_q = q.log_density(x).cwiseMax(kLogFloor);
  return ((log_p.exp() - log_q.exp()) * (log_p - log_q)).sum() * spacing.prod();
}

double symmetric_kl(const Filter& p, const Filter& q, PointsView draws_of_q) {
  const Eigen::ArrayXd ratio = log_ratio(p, q, draws_of_q);
  return ((ratio.exp() - 1.0) * ratio).mean();
}

DrawnDivergence symmetric_kl(const Filter& p, const Filter& q, PointsView draws_of_p, PointsView draws_of_q) {
  const Eigen::ArrayXd at_p = log_ratio(p, q, draws_of_p), at_q = log_ratio(p, q, draws_of_q);
  const auto balanced = [](const Eigen::ArrayXd& l) { return ((0.5 * l).tanh() * l).mean(); };
  return {balanced(at_p) + balanced(at_q), at_p.mean() - at_q.mean()};
}

double unexplained_variance(const Vector& mean_p, const Matrix& covariance_p, const Vector& mean_q,
                            const Matrix& covariance_q) {
  const Matrix root = square_root(covariance_q);
  const double overlap = square_root(root * covariance_p * root).trace();
  const double squared = (mean_p - mean_q).squaredNorm() + covariance_p.trace() + covariance_q.trace() - 2.0 * overlap;
  return 100.0 * squared / (0.5 * covariance_q.trace());
}

}  // namespace jko
