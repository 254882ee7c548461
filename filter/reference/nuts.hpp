#pragma once
/// The No-U-Turn sampler (Hoffman and Gelman 2014), with the choice among a trajectory's points by their weights and
/// the criterion of its end by momentum sums of Betancourt (2017, "A conceptual introduction to Hamiltonian Monte
/// Carlo", appendix A): the truth, to whatever accuracy one waits for, that faster methods are measured against.
///
///     NutsOptions options;
///     NutsResult truth = sample_nuts(posterior, start, options);   // start (chains, D): where each chain begins
///     if (truth.worst().r_hat < 1.01) use(truth.all());
///
/// While it warms up, a chain adapts its step (dual averaging towards an acceptance rate, Hoffman and Gelman section
/// 3.2) and the scale of each coordinate (variances of windows of doubling length, as in Stan's reference manual,
/// "Automatic parameter tuning").

#include <cstdint>
#include <vector>

#include "filter/reference/chain_diagnostics.hpp"
#include "jko/potential.hpp"

namespace jko {

struct NutsOptions {
  int warmup = 1000;        ///< iterations of each chain that are not kept
  int draws = 1000;         ///< that are
  double acceptance = 0.8;  ///< aimed at by the step
  int depth = 10;           ///< a trajectory has at most 2^depth leapfrog steps
  std::uint64_t seed = 0;
};

struct NutsResult {
  std::vector<Points> chains;  ///< (draws, D) each
  std::vector<double> steps;   ///< of each chain, in units of its coordinates' scales
  int divergences = 0;         ///< kept iterations whose trajectory left the level of its energy: the law has a place
                               ///< that the step is too long for
  int exhausted = 0;           ///< kept iterations whose trajectory was cut off by `depth`
  std::int64_t gradients = 0;  ///< all evaluations of ∇Φ

  Points all() const;                                 ///< one chain below the other
  std::vector<ChainDiagnostics> diagnostics() const;  ///< of each coordinate
  ChainDiagnostics worst() const;  ///< the largest R̂ and the smallest effective sample size of them
};

/// Draws from exp(-Φ(x, t)), a chain for each row of `start`, on all threads; a function of its arguments. Φ must be
/// finite at the starts. Throws std::invalid_argument if that is not so or an option is out of range.
NutsResult sample_nuts(const Potential& potential, const Points& start, const NutsOptions& options, double t = 0.0);

}  // namespace jko
