#pragma once
/// Moves many particles along dX = -∇Φ(X, t) dt + sqrt(2/β) dW, as fast as the machine can.
///
/// Particles go by blocks that stay in the nearest cache for all steps of a call, each block with a random stream of
/// its own, so that results do not depend on the number of threads. Where the potential offers it, the steps are made
/// in single precision: rounding then adds less than a millionth to a step's variance, and nothing in the mean.
///
///     LangevinSteps steps{*model.potential, model.temperature()};
///     steps.advance(x, t, dt, count, seed, stream);

#include "jko/baselines.hpp"
#include "jko/potential.hpp"

namespace jko {

struct LangevinSteps {
  const Potential& potential;
  double temperature;  ///< 1/β; 0: along the drift alone
  Integrator integrator = Integrator::heun;

  /// `count` steps of length dt, from time t, of each row of `x` (N, D); uses up the random stream `stream`. Where the
  /// drift is not finite, or too steep for a step to mean anything, a coordinate stays for the step. Rethrows what the
  /// potential throws.
  void advance(Eigen::Ref<Points> x, double t, double dt, int count, std::uint64_t seed, std::uint64_t stream) const;
};

}  // namespace jko
