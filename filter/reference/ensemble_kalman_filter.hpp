#pragma once
/// The stochastic ensemble Kalman filter (Evensen 1994; with perturbed observations, Burgers, van Leeuwen and Evensen
/// 1998): an ensemble moved along paths of the diffusion and corrected by the gain of its own covariances.
///
///     EnsembleKalmanOptions options;
///     options.members = 2000;
///     EnsembleKalmanFilter filter(model, options);
///
/// Each member draws an observation from the model, so that any model will do that can be sampled; where the mean of y
/// does not depend on x, as in the stochastic volatility model, the filter learns nothing. The law that it reports, and
/// the evidence, are those of the normal laws with the ensemble's mean and covariance.

#include "filter/reference/langevin_paths.hpp"
#include "filter/reference/normal_mixture_filter.hpp"
#include "jko/baselines.hpp"

namespace jko {

class EnsembleKalmanFilter final : public NormalMixtureFilter {
 public:
  /// Throws std::invalid_argument if the observation model cannot be sampled or an option is out of range.
  EnsembleKalmanFilter(Model model, EnsembleKalmanOptions options);

  PredictSummary predict(double t) override;
  UpdateSummary update(const Vector& y) override;
  std::string method() const override { return "enkf"; }
  std::unique_ptr<Filter> clone() const override { return std::make_unique<EnsembleKalmanFilter>(*this); }

 private:
  bool describe_ensemble();

  Model model_;
  EnsembleKalmanOptions options_;
  LangevinPaths paths_;
  std::uint64_t draws_ = 0;  ///< streams of random numbers used so far
  Points x_;                 ///< members, (N, D)
};

}  // namespace jko
