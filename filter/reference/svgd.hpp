#pragma once
/// Stein variational gradient descent (Liu and Wang 2016, "Stein variational gradient descent: a general purpose
/// Bayesian inference algorithm", algorithm 1): particles that move together towards the law exp(-Φ),
///
///     x_i += ε φ(x_i),   φ(x) = 1/n Σ_j [ -k(x_j, x) ∇Φ(x_j) + ∇_{x_j} k(x_j, x) ],
///
/// with the kernel k(x, x') = exp(-|x - x'|²/h), h = med²/log(n + 1), med the median distance of two particles.
///
///     Svgd svgd(start, {});                              // start (n, D)
///     for (int k = 0; k < 6000; ++k) svgd.step(posterior.minibatch(100, seed, k));
///     Points law = svgd.particles();
///
/// Cost of a step: n² exponentials and 5 n² D multiplications besides ∇Φ. Nothing here is random.

#include <vector>

#include "jko/potential.hpp"

namespace jko {

/// Each coordinate's step is scaled by the root of a moving average of φ², as in the authors' experiments ("AdaGrad
/// with momentum").
struct SvgdOptions {
  double step = 0.05;   ///< ε, in units of the coordinates
  double memory = 0.9;  ///< the average keeps so much of itself each step
  double fudge = 1e-6;  ///< added to the root
};

class Svgd {
 public:
  /// Throws std::invalid_argument if there are fewer than two particles or an option is out of range.
  Svgd(Points start, SvgdOptions options);

  /// One step towards exp(-Φ); what is not finite in ∇Φ counts as 0.
  void step(const Potential& potential, double t = 0.0);

  const Points& particles() const { return x_; }   ///< (n, D)
  double bandwidth() const { return bandwidth_; }  ///< h of the last step; 0 before the first one

 private:
  void measure_distances();
  double median_squared_distance();

  SvgdOptions options_;
  Points x_, gradient_, direction_, mean_square_;  ///< (n, D) each; the last: empty before the first step
  Matrix squared_distance_;                        ///< (n, n)
  std::vector<double> pairs_;                      ///< one of each two equal ones above
  double bandwidth_ = 0.0;
};

}  // namespace jko
