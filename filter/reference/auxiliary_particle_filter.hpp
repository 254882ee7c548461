#pragma once
/// The auxiliary particle filter (Pitt and Shephard 1999, "Filtering via simulation: auxiliary particle filters"):
/// particles whose noise-free image explains the observation are chosen as ancestors, and moved to it anew.
///
///     AuxiliaryParticleOptions options;
///     options.particles = 50000;
///     AuxiliaryParticleFilter filter(model, options);

#include "filter/reference/langevin_paths.hpp"
#include "filter/reference/particle_cloud.hpp"
#include "jko/baselines.hpp"
#include "jko/filter.hpp"

namespace jko {

class AuxiliaryParticleFilter final : public Filter {
 public:
  /// Throws std::invalid_argument if an option is out of range.
  AuxiliaryParticleFilter(Model model, AuxiliaryParticleOptions options);

  PredictSummary predict(double t) override;
  /// The evidence is estimated without bias, as in Pitt (2002, "Smooth particle filters for likelihood evaluation and
  /// maximisation").
  UpdateSummary update(const Vector& y) override;
  double time() const override { return time_; }
  Index dimension() const override { return model_.dimension(); }
  Vector mean() const override { return law_.mean(); }
  Matrix covariance() const override { return law_.covariance(); }
  Matrix quantiles(const std::vector<double>& levels) const override { return law_.quantiles(levels); }
  Vector log_density(PointsView points) const override { return law_.log_density(points); }
  Points sample(Index count, std::uint64_t seed) const override { return law_.sample(count, seed); }
  std::string method() const override { return "apf"; }
  std::unique_ptr<Filter> clone() const override { return std::make_unique<AuxiliaryParticleFilter>(*this); }

 private:
  Model model_;
  AuxiliaryParticleOptions options_;
  LangevinPaths paths_;
  std::uint64_t draws_ = 0;     ///< streams of random numbers used so far
  ParticleCloud law_, origin_;  ///< now; after the last observation, from where ancestors are chosen
  double time_, origin_time_;
};

}  // namespace jko
