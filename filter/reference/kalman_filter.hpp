#pragma once
/// The exact filter for the Ornstein-Uhlenbeck process with linear Gaussian observations, in any dimension (Kalman
/// 1960, with the continuous process discretised exactly).
///
///     KalmanFilter filter(model);   // quadratic potential, one Gaussian, LinearGaussian observations

#include "filter/filter.hpp"
#include "filter/model/linear_gaussian.hpp"
#include "filter/model/model.hpp"
#include "filter/model/quadratic.hpp"

namespace jko {

class KalmanFilter final : public Filter {
 public:
  /// Throws std::invalid_argument that names the part of the model that is not linear or not Gaussian.
  explicit KalmanFilter(Model model);

  PredictSummary predict(double t) override;
  UpdateSummary update(const Vector& y) override;
  double time() const override { return time_; }
  Index dimension() const override { return mean_.size(); }
  Vector mean() const override { return mean_; }
  Matrix covariance() const override { return covariance_; }
  Matrix quantiles(const std::vector<double>& levels) const override;
  Vector log_density(PointsView points) const override;
  Points sample(Index count, std::uint64_t seed) const override;
  std::string method() const override { return "kalman"; }

 private:
  GaussianMixture law() const { return GaussianMixture::gaussian(mean_, covariance_); }

  Model model_;
  const Quadratic* potential_;
  const LinearGaussian* observation_;
  Vector rates_;  ///< eigenvalues of A
  Matrix modes_;  ///< its eigenvectors
  Vector mean_;
  Matrix covariance_;
  double time_;
};

}  // namespace jko
