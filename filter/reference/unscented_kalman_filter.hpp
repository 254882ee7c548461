#pragma once
/// The unscented Kalman filter: a normal law, moved and corrected by the moments of drift and observation over its
/// sigma points (Julier and Uhlmann 2004; in continuous time Särkkä 2007).
///
///     UnscentedKalmanFilter filter(model);

#include "filter/reference/gaussian_sum_filter.hpp"

namespace jko {

class UnscentedKalmanFilter final : public GaussianSumFilter {
 public:
  /// Throws std::invalid_argument if the observation model has no moments.
  explicit UnscentedKalmanFilter(Model model) : GaussianSumFilter(std::move(model), sigma_points, "ukf") {}

  std::unique_ptr<Filter> clone() const override { return std::make_unique<UnscentedKalmanFilter>(*this); }
};

}  // namespace jko
