#pragma once
/// Paths of a model's diffusion, for methods that carry points: LangevinSteps of a length that suits the drift.
///
///     LangevinPaths paths(model, 0.0, Integrator::heun, seed);
///     std::uint64_t stream = 0;
///     paths.move(x, 0.0, 0.5, stream);

#include <cstdint>
#include <memory>

#include "filter/reference/langevin.hpp"
#include "jko/model.hpp"

namespace jko {

class LangevinPaths {
 public:
  /// `step`: of time, at most. 0: for each call of move(), from the drift's time scale over the points where they are
  /// and where they are going, 1/λ, where λ² is the mean square of ∇Φ's derivatives. Heun's step is then 0.1/λ, Euler's
  /// 0.004/λ: both leave less bias in the mean and the variance than 100,000 particles leave noise (on an
  /// Ornstein-Uhlenbeck process of rate λ, 0.2 % of the variance). Throws std::invalid_argument if `step` is negative.
  LangevinPaths(const Model& model, double step, Integrator integrator, std::uint64_t seed);

  /// Moves the rows of `x` (N, D) from time `from` to `to`. Uses the random numbers of `stream` and those after it,
  /// which it counts up. Returns the number of steps.
  int move(Eigen::Ref<Points> x, double from, double to, std::uint64_t& stream) const;

  /// The same along the drift alone.
  int move_without_noise(Eigen::Ref<Points> x, double from, double to, std::uint64_t& stream) const;

 private:
  int move(Eigen::Ref<Points> x, double from, double to, double temperature, std::uint64_t& stream) const;
  double automatic_step(PointsView x, double from, double to, std::uint64_t& stream) const;
  double drift_rate(PointsView x, double t) const;

  std::shared_ptr<const Potential> potential_;
  double temperature_;
  double width_;  ///< of the initial law: the root mean square of its standard deviations
  double step_;
  Integrator integrator_;
  std::uint64_t seed_;
};

}  // namespace jko
