#pragma once
/// A law given by weighted particles: Bayes' rule, resampling, moments, quantiles, kernel density and draws, on all
/// threads, with results that do not depend on their number.
///
///     ParticleCloud law(model.initial.sample(n, seed, 0), Bandwidth::cross_validated);
///     law.move([&](Points& x) { paths.move(x, 0.0, 0.5, stream); });
///     double log_evidence = law.reweight([&](Index first, Eigen::Ref<Vector> out) { … });
///     if (law.effective_sample_size() < 0.5 * law.size()) law.resample(offset);

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "filter/reference/kernel_density.hpp"
#include "jko/types.hpp"

namespace jko {

class ParticleCloud {
 public:
  /// Particles `x` (N, D) of equal weight.
  ParticleCloud(Points x, Bandwidth bandwidth);

  const Points& particles() const { return x_; }      ///< (N, D)
  const Vector& weights() const { return weights_; }  ///< (N), of sum 1
  Index size() const { return x_.rows(); }
  double effective_sample_size() const { return effective_sample_size_; }

  /// Lets `change(x)` move the particles.
  template <typename Change>
  void move(const Change& change) {
    change(x_);
    density_.reset();
  }

  /// Fills `out` with the log likelihood of particles `first`, `first` + 1, …; called from all threads.
  using LogLikelihood = std::function<void(Index first, Eigen::Ref<Vector> out)>;

  /// Bayes' rule: multiplies each weight by its particle's likelihood, and none by NaN, of a particle that has left the
  /// domain of the formulas: it loses its weight. Returns the log of the mean likelihood; -infinity, and the law stays
  /// what it was, if no particle has any.
  double reweight(const LogLikelihood& log_likelihood);

  /// Systematic resampling (Kitagawa 1996) by one `offset` in (0, 1): particles of equal weight again.
  void resample(double offset);

  Vector mean() const;
  Matrix covariance() const;
  Matrix quantiles(const std::vector<double>& levels) const;  ///< (levels, D)
  Vector log_density(PointsView points) const;                ///< kernel_density.hpp
  Points sample(Index count, std::uint64_t seed) const;       ///< independent draws, (count, D)
  /// The same of the kernel density: draws of its law are particles, and all of these are where a kernel peaks.
  Points sample_density(Index count, std::uint64_t seed) const;

 private:
  const KernelDensity& density() const;

  Points x_, spare_;
  Vector weights_, spare_weights_;
  Bandwidth bandwidth_;
  bool equal_weights_ = true;
  double effective_sample_size_;
  mutable std::optional<KernelDensity> density_;  ///< of the current law, once it has been asked for
};

}  // namespace jko
