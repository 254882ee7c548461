#pragma once
/// An opponent: particles that carry values of their density, by entropically regularised JKO steps (Caluya and Halder,
/// "Gradient flow algorithms for density propagation in stochastic systems", IEEE TAC 65, 2020, arXiv 1908.00533,
/// Algorithm 1; "Proximal recursion for solving the Fokker-Planck equation", ACC 2019, arXiv 1809.10844).
///
///     ProximalOptions options;
///     options.particles = 400;
///     ProximalRecursion filter(model, options);
///     filter.predict(4.0);
///
/// A step h moves the particles by Euler-Maruyama's scheme, from x to x'. With the squared distances C_ij = |x_i -
/// x'_j|², Γ = exp(-C / 2ε) and ξ = exp(-βΦ(x) - 1) the values ρ' at x' are those of the fixed point
///
///     z = (ξ / Γᵀy)^(1 / (1 + βε/h)),   y = ρ / Γz,   ρ' = z ⊙ Γᵀy,
///
/// a contraction in Thompson's metric, max |log y - log y⁺|, by the exponent's factor. Logarithms are kept of all of
/// them, so nothing underflows.
///
/// The values are known at the particles only, and but for a factor. As laws of this library can be asked anywhere, the
/// law here is a kernel density of the particles, each weighted by ρ over the density at which the particles lie there
/// (a kernel density of equal weights): importance weights, self-normalised.

#include <cstdint>
#include <memory>
#include <optional>

#include "filter/reference/particle_cloud.hpp"
#include "jko/filter.hpp"
#include "jko/model.hpp"

namespace jko {

struct ProximalOptions {
  static constexpr Index kMostParticles = 8192;  ///< a step holds two square matrices of them

  Index particles = 1000;        ///< 2 … kMostParticles
  double step = 1e-3;            ///< h, in units of the model's time, at most
  double regularisation = 0.05;  ///< ε, in squared units of the state
  double tolerance = 1e-5;       ///< δ: log y and log z change by less from one iteration to the next
  int iterations = 300;          ///< L, at most so many a step
  Bandwidth bandwidth = Bandwidth::cross_validated;
  std::uint64_t seed = 0;
};

class ProximalRecursion final : public Filter {
 public:
  /// Throws std::invalid_argument if an option is out of range.
  ProximalRecursion(Model model, ProximalOptions options);

  /// A step that does not converge in `iterations` is taken as it is then, and flagged as `fallback`.
  PredictSummary predict(double t) override;
  /// Multiplies the values by the likelihood, and then draws the particles anew by their weights (systematically):
  /// where ε is well above h, each step pulls the values towards the particles' own density, and a likelihood that only
  /// the values knew of would soon be forgotten. NaN entries are missing.
  UpdateSummary update(const Vector& y) override;
  double time() const override { return time_; }
  Index dimension() const override { return model_.dimension(); }
  Vector mean() const override { return law().mean(); }
  Matrix covariance() const override { return law().covariance(); }
  Matrix quantiles(const std::vector<double>& levels) const override { return law().quantiles(levels); }
  Vector log_density(PointsView points) const override { return law().log_density(points); }
  Points sample(Index count, std::uint64_t seed) const override { return law().sample(count, seed); }
  std::string method() const override { return "proximal"; }
  std::unique_ptr<Filter> clone() const override { return std::make_unique<ProximalRecursion>(*this); }

  /// The particles with their importance weights.
  const ParticleCloud& law() const;
  /// log ρ at them, but for a constant, (N).
  const Vector& log_values() const { return log_values_; }

 private:
  int step(double dt, bool& converged);

  Model model_;
  ProximalOptions options_;
  Points x_;
  Vector log_values_, log_y_, log_z_;
  Matrix log_kernel_, log_kernel_transposed_;  ///< log Γ
  std::uint64_t stream_ = 1;                   ///< of the next step's random numbers; 0 has made the initial particles
  double time_;
  mutable std::optional<ParticleCloud> law_;  ///< once it has been asked for
};

}  // namespace jko
