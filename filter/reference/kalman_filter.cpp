#include "filter/reference/kalman_filter.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <cmath>
#include <stdexcept>

#include "filter/model/observed_entries.hpp"
#include "filter/reference/linear_update.hpp"

namespace jko {
namespace {

/// ∫_0^t exp(-a s) ds.
double decay_integral(double a, double t) { return a == 0.0 ? t : -std::expm1(-a * t) / a; }

}  // namespace

KalmanFilter::KalmanFilter(Model model)
    : NormalMixtureFilter(model.initial, model.start_time),
      model_(std::move(model)),
      potential_(dynamic_cast<const Quadratic*>(model_.potential.get())),
      observation_(dynamic_cast<const LinearGaussian*>(model_.observation.get())) {
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
}

PredictSummary KalmanFilter::predict(double t) {
  PredictSummary summary;
  const double step = t - time();
  if (!(step > 0.0)) return summary;
  const auto in_modes = [&](const auto& f) {
    return Matrix(modes_ * rates_.unaryExpr(f).asDiagonal() * modes_.transpose());
  };
  const Matrix F = in_modes([step](double a) { return std::exp(-a * step); });
  const Matrix drift = in_modes([step](double a) { return decay_integral(a, step); });
  const Matrix noise = in_modes([step](double a) { return decay_integral(2.0 * a, step); });
  const Component& before = law().components().front();
  summary.fallback = !replace_law({{1.0, F * before.mean + drift * potential_->b(),
                                    F * before.covariance * F.transpose() + 2.0 * model_.temperature() * noise}});
  set_time(t);
  summary.steps = 1;
  return summary;
}

UpdateSummary KalmanFilter::update(const Vector& y) {
  UpdateSummary summary;
  summary.effective_sample_size = 1.0;
  const std::vector<Index> seen = observed_entries(y);
  if (seen.empty()) return summary;
  const Matrix H = observation_->H()(seen, Eigen::all), R = observation_->R()(seen, seen);
  const Component& predicted = law().components().front();
  const Matrix S = H * predicted.covariance * H.transpose() + R;
  const Vector innovation = Vector(y(seen)) - H * predicted.mean;
  const auto update = linear_update(innovation, S, predicted.covariance * H.transpose());
  if (!update) {
    summary.log_evidence_increment = -std::numeric_limits<double>::infinity();
    return summary;
  }
  summary.log_evidence_increment = update->log_evidence;
  const Matrix& gain = update->gain;
  // Joseph's form keeps the covariance symmetric and positive definite.
  const Matrix rest = Matrix::Identity(dimension(), dimension()) - gain * H;
  replace_law({{1.0, predicted.mean + gain * innovation,
                rest * predicted.covariance * rest.transpose() + gain * R * gain.transpose()}});
  return summary;
}

}  // namespace jko
