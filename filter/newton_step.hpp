#pragma once
/// The JKO step over maps with fixed features (convex_features.hpp): equation 2 is convex there, and a projected Newton
/// method solves it.
///
///     ConvexFeatures features(x, weights, 64, seed);
///     FeatureCoefficients identity = identity_coefficients(features, x, weights), solution = identity;
///     MinimizeSummary summary = newton_step(problem, features, identity, solution, options);
///     ConvexMap map = features.map(solution.shift, solution.u);
///
/// Reference: Bertsekas, "Projected Newton methods for optimization problems with simple constraints" (1982).

#include "filter/convex_features.hpp"
#include "filter/jko_step.hpp"

namespace jko {

/// What is chosen: T(x) = εx + shift + Σ_j u_j g_j r_j(x).
struct FeatureCoefficients {
  Vector shift;  ///< (D)
  Vector u;      ///< (units) >= 0
};

/// The map close to the identity from which solves start: ridge terms pull towards it where there is no weight.
FeatureCoefficients identity_coefficients(const ConvexFeatures& features, PointsView nodes, const Vector& weights);

/// Minimises equation 2 from `coefficients`, which become the solution. The result's checks are the caller's.
MinimizeSummary newton_step(const JkoStepProblem& problem, const ConvexFeatures& features,
                            const FeatureCoefficients& identity, FeatureCoefficients& coefficients,
                            const MinimizeOptions& options);

}  // namespace jko
