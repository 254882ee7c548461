#pragma once
/// The opponent: a bootstrap particle filter (Gordon, Salmond and Smith 1993) with Heun's or Euler's steps, systematic
/// resampling when the effective sample size falls, and a Gaussian kernel density.
///
///     ParticleOptions options;
///     options.particles = 100000;
///     ParticleFilter filter(model, options);

#include <optional>

#include "filter/filter.hpp"
#include "filter/model/model.hpp"
#include "filter/reference/kernel_density.hpp"
#include "filter/reference/langevin.hpp"

namespace jko {

struct ParticleOptions {
  Index particles = 100000;
  /// Time step of the particles, at most. 0: for each prediction, from the drift's time scale over the law at its
  /// beginning and at its end, 1/λ, where λ² is the mean square of ∇Φ's derivatives. Heun's step is then 0.1/λ, Euler's
  /// 0.004/λ: both leave less bias in the mean and the variance than 100,000 particles leave noise (on an
  /// Ornstein-Uhlenbeck process of rate λ, 0.2 % of the variance).
  double step = 0.0;
  Integrator integrator = Integrator::heun;
  double resample_below = 0.5;  ///< resample when the effective sample size falls below this share of the particles
  Bandwidth bandwidth = Bandwidth::cross_validated;  ///< of log_density()
  std::uint64_t seed = 0;
};

class ParticleFilter final : public Filter {
 public:
  /// Throws std::invalid_argument if an option is out of range.
  ParticleFilter(Model model, ParticleOptions options);

  PredictSummary predict(double t) override;
  UpdateSummary update(const Vector& y) override;
  double time() const override { return time_; }
  Index dimension() const override { return model_.dimension(); }
  Vector mean() const override;
  Matrix covariance() const override;
  Matrix quantiles(const std::vector<double>& levels) const override;
  Vector log_density(PointsView points) const override;
  Points sample(Index count, std::uint64_t seed) const override;
  std::string method() const override { return "bootstrap"; }

 private:
  void resample();
  double automatic_step(double interval);

  Model model_;
  ParticleOptions options_;
  double time_;
  std::uint64_t draws_ = 0;  ///< streams of random numbers used so far
  Points x_, spare_;
  Vector weights_;  ///< normalised
  Vector spare_weights_;
  bool equal_weights_ = true;
  double effective_sample_size_;
  mutable std::optional<KernelDensity> density_;  ///< of the current law, once it has been asked for
};

}  // namespace jko
