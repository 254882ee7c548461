#include "filter/reference/kalman_filter.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <stdexcept>

namespace jko {
namespace {

/// ∫_0^t exp(-a s) ds.
double decay_integral(double a, double t) { return a == 0.0 ? t : -std::expm1(-a * t) / a; }

}  // namespace

KalmanFilter::KalmanFilter(Model model)
    : model_(std::move(model)),
      potential_(dynamic_cast<const Quadratic*>(model_.potential.get())),
      observation_(dynamic_cast<const LinearGaussian*>(model_.observation.get())),
      time_(model_.start_time) {
  if (!potential_) throw std::invalid_argument("the Kalman filter needs a quadratic potential");
  if (!observation_) throw std::invalid_argument("the Kalman filter needs linear Gaussian observations");
  if (model_.initial.components().size() != 1) {
    throw std::invalid_argument("the Kalman filter needs a Gaussian initial law, not a mixture");
  }
  const Index d = model_.dimension();
  if (potential_->dimension() != d || observation_->state_dimension() != d) {
    throw std::invalid_argument(
        "the Kalman filter needs a potential, an initial law and observations of one dimension");
  }
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(potential_->A());
  rates_ = eigen.eigenvalues();
  modes_ = eigen.eigenvectors();
  mean_ = model_.initial.mean();
  covariance_ = model_.initial.covariance();
}

PredictSummary KalmanFilter::predict(double t) {
  PredictSummary summary;
  const double step = t - time_;
  if (!(step > 0.0)) return summary;
  const auto in_modes = [&](const auto& f) {
    return Matrix(modes_ * rates_.unaryExpr(f).asDiagonal() * modes_.transpose());
  };
  const Matrix F = in_modes([step](double a) { return std::exp(-a * step); });
  const Matrix drift = in_modes([step](double a) { return decay_integral(a, step); });
  const Matrix noise = in_modes([step](double a) { return decay_integral(2.0 * a, step); });
  mean_ = F * mean_ + drift * potential_->b();
  covariance_ = F * covariance_ * F.transpose() + 2.0 * model_.temperature() * noise;
  covariance_ = 0.5 * (covariance_ + covariance_.transpose()).eval();
  time_ = t;
  summary.steps = 1;
  return summary;
}

UpdateSummary KalmanFilter::update(const Vector& y) {
  UpdateSummary summary;
  summary.effective_sample_size = 1.0;
  std::vector<Index> seen;
  for (Index i = 0; i < y.size(); ++i) {
    if (!std::isnan(y(i))) seen.push_back(i);
  }
  if (seen.empty()) return summary;
  const Matrix H = observation_->H()(seen, Eigen::all), R = observation_->R()(seen, seen);
  const Matrix S = H * covariance_ * H.transpose() + R;
  const Vector innovation = Vector(y(seen)) - H * mean_;
  const auto evidence = GaussianMixture::gaussian(Vector::Zero(innovation.size()), 0.5 * (S + S.transpose()));
  summary.log_evidence_increment = evidence.log_density(innovation.transpose())(0);
  if (!summary.possible()) return summary;
  const Matrix gain = S.llt().solve(H * covariance_).transpose();
  mean_ += gain * innovation;
  // Joseph's form keeps the covariance symmetric and positive definite.
  const Matrix rest = Matrix::Identity(dimension(), dimension()) - gain * H;
  covariance_ = rest * covariance_ * rest.transpose() + gain * R * gain.transpose();
  covariance_ = 0.5 * (covariance_ + covariance_.transpose()).eval();
  return summary;
}

Matrix KalmanFilter::quantiles(const std::vector<double>& levels) const {
  Matrix result(static_cast<Index>(levels.size()), dimension());
  for (std::size_t q = 0; q < levels.size(); ++q) {
    const double z = boost::math::quantile(boost::math::normal(), levels[q]);
    result.row(q) = (mean_ + z * covariance_.diagonal().cwiseSqrt()).transpose();
  }
  return result;
}

Vector KalmanFilter::log_density(PointsView points) const { return law().log_density(points); }

Points KalmanFilter::sample(Index count, std::uint64_t seed) const { return law().sample(count, seed, 0); }

}  // namespace jko
