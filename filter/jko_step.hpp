#pragma once
/// One JKO step: the map that minimises
///
///     L(θ) = Σ_i w_i [ |T(x_i) - x̂_i|² / (2 τ̂)  +  Φ(T(x_i), t)  -  β⁻¹ log det ∇²ψ(x_i) ]      (docs/method.md, eq.
///     2)
///
/// over convex maps T = ∇ψ (Jordan, Kinderlehrer and Otto 1998; Mokrov et al. 2021). First order: x̂ = x and τ̂ = τ.
/// Second order: x̂ and τ̂ from bdf2_anchor().
///
///     JkoStepProblem problem{x, weights, x_hat, tau_hat, t, model.potential.get(), model.temperature()};
///     MinimizeSummary summary = lbfgs_step(problem, parameters, theta, options);  // theta: first guess, then solution
///     MapValue moved = apply(parameters.map(theta), x);
///
/// newton_step.hpp solves the same problem over maps with fixed features; step_solver.hpp chooses, checks and falls
/// back.

#include <vector>

#include "filter/convex_map.hpp"
#include "filter/minimize.hpp"
#include "filter/parametrisation.hpp"
#include "jko/potential.hpp"

namespace jko {

class PooledParametrisation;

struct JkoStepProblem {
  Points nodes;    ///< x, (N, D)
  Vector weights;  ///< w, (N), sum 1
  Points target;   ///< x̂, (N, D)
  double tau_hat;  ///< τ̂ > 0
  double time;     ///< t at the end of the step
  const Potential* potential;
  double temperature;  ///< β⁻¹
  /// s = ∇log ρ at the nodes, (N, D), or nothing. With it L has the term β⁻¹ Σ_i w_i [div T - D + s·(T - x)], whose
  /// expectation is 0 for every map (partial integration), and which takes the noise of the nodes out of L.
  Points score = {};

  /// Of which problem's nodes these are some, and its rows that they are, for an engine that has all of them already.
  /// The caller's; null: no other's.
  const JkoStepProblem* whole = nullptr;
  const std::vector<Index>* rows = nullptr;
};

/// L of any map, given its values at the nodes.
double step_loss(const JkoStepProblem& problem, const MapValue& value);

/// Minimises L from `theta`, which becomes the solution, by L-BFGS over all parameters of a network.
MinimizeSummary lbfgs_step(const JkoStepProblem& problem, const Parametrisation& parameters, Vector& theta,
                           const MinimizeOptions& options);
MinimizeSummary lbfgs_step(const JkoStepProblem& problem, const PooledParametrisation& parameters, Vector& theta,
                           const MinimizeOptions& options);

/// x̂ and τ̂ of the variable-step BDF2 scheme, where the step before, of length `previous_step`, led from `previous` to
/// `x`. Equal steps give x̂ = (4x - x⁻)/3 and τ̂ = 2τ/3.
struct Bdf2Anchor {
  Points target;
  double tau_hat;
};
Bdf2Anchor bdf2_anchor(const Points& x, const Points& previous, double step, double previous_step);

/// The step within affine maps, from the first two moments alone: mean and covariance follow the Gaussian
/// Wasserstein gradient flow (Lambert et al. 2022) for one explicit step. Cannot fail; non-finite forces count as zero.
ConvexMap affine_step(const JkoStepProblem& problem, double step);

}  // namespace jko
