#pragma once
/// The exact filter for the Ornstein-Uhlenbeck process with linear Gaussian observations, in any dimension (Kalman
/// 1960, with the continuous process discretised exactly).
///
///     KalmanFilter filter(model);   // quadratic potential, one Gaussian, LinearGaussian observations

#include "filter/reference/normal_mixture_filter.hpp"
#include "jko/linear_gaussian.hpp"
#include "jko/model.hpp"
#include "jko/quadratic.hpp"

namespace jko {

class KalmanFilter final : public NormalMixtureFilter {
 public:
  /// Throws std::invalid_argument that names the part of the model that is not linear or not Gaussian.
  explicit KalmanFilter(Model model);

  PredictSummary predict(double t) override;
  UpdateSummary update(const Vector& y) override;
  std::string method() const override { return "kalman"; }
  std::unique_ptr<Filter> clone() const override { return std::make_unique<KalmanFilter>(*this); }

 private:
  Model model_;
  const Quadratic* potential_;
  const LinearGaussian* observation_;
  Vector rates_;  ///< eigenvalues of A
  Matrix modes_;  ///< its eigenvectors
};

}  // namespace jko
