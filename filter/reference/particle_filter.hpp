#pragma once
/// The opponent: a bootstrap particle filter (Gordon, Salmond and Smith 1993) with Heun's or Euler's steps, systematic
/// resampling when the effective sample size falls, and a Gaussian kernel density.
///
///     ParticleOptions options;
///     options.particles = 100000;
///     ParticleFilter filter(model, options);

#include "filter/reference/langevin_paths.hpp"
#include "filter/reference/particle_cloud.hpp"
#include "jko/baselines.hpp"
#include "jko/filter.hpp"
#include "jko/model.hpp"

namespace jko {

class ParticleFilter final : public Filter {
 public:
  /// Throws std::invalid_argument if an option is out of range.
  ParticleFilter(Model model, ParticleOptions options);

  PredictSummary predict(double t) override;
  UpdateSummary update(const Vector& y) override;
  double time() const override { return time_; }
  Index dimension() const override { return model_.dimension(); }
  Vector mean() const override { return law_.mean(); }
  Matrix covariance() const override { return law_.covariance(); }
  Matrix quantiles(const std::vector<double>& levels) const override { return law_.quantiles(levels); }
  Vector log_density(PointsView points) const override { return law_.log_density(points); }
  Points sample(Index count, std::uint64_t seed) const override { return law_.sample(count, seed); }
  /// Independent draws of what log_density() is the density of.
  Points sample_density(Index count, std::uint64_t seed) const { return law_.sample_density(count, seed); }
  /// The particles.
  const ParticleCloud& law() const { return law_; }
  std::string method() const override { return "bootstrap"; }
  std::unique_ptr<Filter> clone() const override { return std::make_unique<ParticleFilter>(*this); }

 private:
  Model model_;
  ParticleOptions options_;
  LangevinPaths paths_;
  std::uint64_t draws_ = 0;  ///< streams of random numbers used so far
  ParticleCloud law_;
  double time_;
};

}  // namespace jko
