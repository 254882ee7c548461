#pragma once
/// Convergence to a stationary law (Mokrov et al. 2021, "Large-Scale Wasserstein Gradient Flows", section 5.1): of
///
///     dX = ∇log π(X) dt + sqrt(2) dW,   X(0) ~ N(0, 16 I),   π = Σ_k N(μ_k, I) / K,   μ_k uniform on [-span, span]^D,
///
/// the law ρ at t = 4, and how far it is from π. In more than twelve dimensions a picture of one repeat, projected on
/// the principal components of π, instead of comparisons.
///
/// At t = 4 the exact law has not reached π: diffusion does not cross between far modes, each of which keeps the share
/// p_k of mass that its basin had at the start. KL divergences do not grow when all of a mode is made one point, so
/// that Σ_k (p_k - 1/K) log(p_k K) is a lower bound, the `floor`, of what any exact method has as SymKL. The method
/// `exact` measures it by many particles; it has no density.

#include <string>
#include <vector>

#include "filter/reference/particle_filter.hpp"
#include "filter/reference/proximal_recursion.hpp"
#include "jko/jko_filter.hpp"
#include "src/experiments/study.hpp"

namespace jko {

/// π in D dimensions: with D/2 + 4 components, five to ten. The same for the same arguments, whatever else is run.
GaussianMixture stationary_task_law(Index dimension, Index repeat, std::uint64_t seed);
/// The diffusion that tends to `law`. It has no observations.
Model stationary_task(const GaussianMixture& law);

/// Mean posterior probability of each component of `law` over the rows of `x` (N, D): shares of mass, of sum 1, (K).
Vector mode_shares(const GaussianMixture& law, PointsView x);
/// The lower bound, for a `law` of equal weights, of shares that were measured with `count` points: those that no point
/// fell on count as one point's, so that chance can only lower it.
double symmetric_kl_floor(const Vector& shares, Index count);

class StationaryStudy final : public Study {
 public:
  /// Throws InputError.
  explicit StationaryStudy(const StudyOptions& options);

  nlohmann::ordered_json settings() const override;
  std::vector<StudyTask> tasks() const override;
  StudyReport report(const std::vector<nlohmann::ordered_json>& results) const override;

 private:
  struct Entry {
    Index dimension, repeat;
    std::string method;
  };
  std::vector<Entry> entries() const;  ///< of the tasks, in their order
  nlohmann::ordered_json run(const Entry& entry) const;
  nlohmann::ordered_json run_exact(const Entry& entry) const;

  std::uint64_t seed_;
  std::string save_;
  std::vector<Index> dimensions_;
  Index repeats_;
  std::vector<std::string> methods_;
  double end_;
  Index draws_;  ///< of each law, that divergences are estimated with
  JkoOptions jko_;
  ParticleOptions particles_;
  ProximalOptions proximal_;
  Index exact_particles_;
  double exact_step_;
};

}  // namespace jko
