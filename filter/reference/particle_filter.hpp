#pragma once
/// The opponent: a bootstrap particle filter (Gordon, Salmond and Smith 1993) with Euler-Maruyama moves, systematic
/// resampling when the effective sample size falls, and a Gaussian kernel density.
///
///     ParticleOptions options;
///     options.particles = 100000;
///     ParticleFilter filter(model, options);

#include "filter/filter.hpp"
#include "filter/model/model.hpp"

namespace jko {

struct ParticleOptions {
  Index particles = 100000;
  double step = 0.0;            ///< Euler-Maruyama step; 0: a fiftieth of the drift's time scale over the initial law
  double resample_below = 0.5;  ///< resample when the effective sample size falls below this share of the particles
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
  Vector mean() const override { return x_.transpose() * weights_; }
  Matrix covariance() const override;
  Matrix quantiles(const std::vector<double>& levels) const override;
  /// Gaussian kernels of Silverman's bandwidth: on a line over a fine histogram of all particles, elsewhere over 4,000
  /// particles that represent them.
  Vector log_density(PointsView points) const override;
  Points sample(Index count, std::uint64_t seed) const override;
  std::string method() const override { return "bootstrap"; }

 private:
  double effective_sample_size() const { return 1.0 / weights_.squaredNorm(); }
  std::vector<Index> systematic(Index count, double offset) const;
  Vector line_density(PointsView points, double bandwidth) const;

  Model model_;
  ParticleOptions options_;
  double time_;
  std::uint64_t draws_ = 0;  ///< streams of random numbers used so far
  Points x_;
  Vector weights_;
  Points force_, noise_;
};

}  // namespace jko
