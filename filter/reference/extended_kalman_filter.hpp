#pragma once
/// The extended Kalman filter: a normal law, moved and corrected by the tangents of drift and observation at its mean
/// (Jazwinski 1970, "Stochastic processes and filtering theory", section 8.3).
///
///     ExtendedKalmanFilter filter(model);

#include "filter/reference/gaussian_sum_filter.hpp"

namespace jko {

class ExtendedKalmanFilter final : public GaussianSumFilter {
 public:
  /// Throws std::invalid_argument if the observation model has no moments.
  explicit ExtendedKalmanFilter(Model model) : GaussianSumFilter(std::move(model), linearised, "ekf") {}

  std::unique_ptr<Filter> clone() const override { return std::make_unique<ExtendedKalmanFilter>(*this); }
};

}  // namespace jko
