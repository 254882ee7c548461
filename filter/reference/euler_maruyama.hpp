#pragma once
/// Paths of the diffusion by the Euler-Maruyama scheme (Maruyama 1955), for methods that carry points.
///
///     EulerMaruyama paths(model, 0.0, seed);
///     std::uint64_t stream = 0;
///     paths.move(x, 0.0, 0.5, stream);

#include <cstdint>

#include "filter/model/model.hpp"

namespace jko {

class EulerMaruyama {
 public:
  /// `step`: of time, at most; 0: a fiftieth of the drift's time scale over the initial law. Throws
  /// std::invalid_argument if it is negative.
  EulerMaruyama(const Model& model, double step, std::uint64_t seed);

  /// Moves the rows of `x` (N, D) from time `from` to `to`. Uses the random numbers of `stream` and those after it,
  /// which it counts up. Where the drift is not finite, or too steep for the step to mean anything, a point stays for
  /// the step. Returns the number of steps.
  int move(Points& x, double from, double to, std::uint64_t& stream) const;

  /// The same without noise.
  void move_without_noise(Points& x, double from, double to) const;

 private:
  template <typename Disturb>
  int advance(Points& x, double from, double to, const Disturb& disturb) const;

  std::shared_ptr<const Potential> potential_;
  double temperature_;
  double step_;
  std::uint64_t seed_;
};

}  // namespace jko
