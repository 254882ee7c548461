#pragma once
/// One JKO step: the map that minimises
///
///     L(θ) = Σ_i w_i [ |T(x_i) - x̂_i|² / (2 τ̂)  +  Φ(T(x_i), t)  -  β⁻¹ log det ∇²ψ(x_i) ]      (docs/method.md, eq. 2)
///
/// over convex maps T = ∇ψ (Jordan, Kinderlehrer and Otto 1998; Mokrov et al. 2021). First order: x̂ = x and τ̂ = τ.
/// Second order: x̂ and τ̂ from bdf2_anchor().
///
///     JkoStepProblem problem{x, weights, x_hat, tau_hat, t, model.potential.get(), model.temperature()};
///     JkoStepResult step = solve_jko_step(problem, parameters, theta, options);   // theta: first guess, then solution
///
/// The result is always usable: what a step must satisfy is checked, and a step that fails is solved again from the
/// identity and at last replaced by an affine map that cannot fail, with `fallback` set.

#include <functional>

#include "filter/convex_map.hpp"
#include "filter/minimize.hpp"
#include "filter/model/potential.hpp"
#include "filter/parametrisation.hpp"

namespace jko {

struct JkoStepProblem {
  Points nodes;     ///< x, (N, D)
  Vector weights;   ///< w, (N), sum 1
  Points target;    ///< x̂, (N, D)
  double tau_hat;   ///< τ̂ > 0
  double time;      ///< t at the end of the step
  const Potential* potential;
  double temperature;  ///< β⁻¹
};

struct JkoStepOptions {
  int iterations = 100;
  /// Stop when five iterations together lower the free energy by less than this times β⁻¹ (a difference of relative
  /// entropy).
  double tolerance = 1e-8;
  std::function<bool()> stop;  ///< the deadline: true ends the step with the best map so far
};

struct JkoStepResult {
  ConvexMap<double> map;
  Points image;    ///< T(x), (N, D)
  Vector log_det;  ///< log det ∇²ψ(x), (N)
  MinimizeSummary summary;
  bool restarted = false;  ///< the first attempt failed a check
  bool fallback = false;   ///< the affine map stood in
};

/// x̂ and τ̂ of the variable-step BDF2 scheme, where the step before, of length `previous_step`, led from `previous` to `x`.
/// Equal steps give x̂ = (4x - x⁻)/3 and τ̂ = 2τ/3.
struct Bdf2Anchor {
  Points target;
  double tau_hat;
};
Bdf2Anchor bdf2_anchor(const Points& x, const Points& previous, double step, double previous_step);

/// Solves the step. `theta` is the first guess and becomes the solution, unless the result is a fallback.
JkoStepResult solve_jko_step(const JkoStepProblem& problem, const Parametrisation& parameters, Vector& theta,
                             const JkoStepOptions& options);

/// The step within affine maps, from the first two moments alone: mean and covariance follow the Gaussian
/// Wasserstein gradient flow (Lambert et al. 2022) for one explicit step. Cannot fail; non-finite forces count as zero.
ConvexMap<double> affine_step(const JkoStepProblem& problem, double step);

}  // namespace jko
