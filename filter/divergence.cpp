#include "filter/divergence.hpp"

#include <Eigen/Cholesky>
#include <cmath>

namespace jko {
namespace {

constexpr double kFloor = -700.0;
constexpr double kReach = 8.0;  // standard deviations, beyond the mean of either law

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
    x(i, 0) = low(0) + spacing(0) * static_cast<double>(i % n);
    if (d == 2) x(i, 1) = low(1) + spacing(1) * static_cast<double>(i / n);
  }
  const Eigen::ArrayXd log_p = p.log_density(x).cwiseMax(kFloor), log_q = q.log_density(x).cwiseMax(kFloor);
  return ((log_p.exp() - log_q.exp()) * (log_p - log_q)).sum() * spacing.prod();
}

double symmetric_kl(const Filter& p, const Filter& q, PointsView draws_of_q) {
  const Eigen::ArrayXd log_p = p.log_density(draws_of_q).cwiseMax(kFloor);
  const Eigen::ArrayXd log_ratio = log_p - q.log_density(draws_of_q).array().max(kFloor);
  return ((log_ratio.exp() - 1.0) * log_ratio).mean();
}

}  // namespace jko
