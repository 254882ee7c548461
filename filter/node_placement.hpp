#pragma once
/// Where a belief's nodes go: weighted points that represent a law whose log density can be evaluated anywhere.
///
/// In one or two dimensions a lattice over all that matters of the law: sums over it are trapezoidal rules, which
/// converge exponentially for smooth densities. In more, quasi-random points from a defensive mixture around the
/// present nodes, with importance weights.

#include <cstdint>
#include <functional>

#include "filter/density/grid_anchor.hpp"
#include "jko/types.hpp"

namespace jko {

/// Unnormalised log density at each row of the points; -infinity where there is none.
using LogDensity = std::function<Vector(PointsView)>;

struct Nodes {
  Points x;            ///< (N, D)
  Vector weights;      ///< (N), sum 1
  Vector log_density;  ///< normalised log density at x, (N)
  Points score;        ///< ∇ log density at x, (N, D), or nothing where it is not known
  Points origin;       ///< where the nodes were placed, before maps moved them, (N, D)
  Matrix cell;         ///< edges of a lattice cell around an origin, (D, D); zero for quasi-random nodes

  Vector mean() const;
  Matrix covariance() const;
  double effective_sample_size() const { return 1.0 / weights.squaredNorm(); }
};

struct Placement {
  Nodes nodes;
  double log_normaliser;  ///< log ∫ exp(log density), -infinity if there is no mass anywhere
};

/// About `count` nodes on a lattice, D <= 2. `guess` are points near the law and `guess_log_density` the values there.
Placement place_on_lattice(const LogDensity& log_density, const Points& guess, const Vector& guess_log_density,
                           Index count);

struct Moments {
  Vector mean;        ///< (D)
  Matrix covariance;  ///< (D, D)
};

/// Moments of the points under weights exp(log_weights + γ log_change), with the largest γ <= 1 that leaves enough of
/// them effective: where to look next for a law that is far from the points.
Moments tempered_moments(const Points& x, const Vector& log_weights, const Vector& log_change);

/// `count` quasi-random nodes from a defensive Gaussian proposal. A poor guess is improved by annealed rounds (adaptive
/// importance sampling: Cappé et al., "Population Monte Carlo", 2004); the best round is returned. The proposal is
/// unimodal: well separated modes in three or more dimensions cost effective nodes.
Placement place_quasi_random(const LogDensity& log_density, const Moments& guess, Index count, std::uint64_t seed);

}  // namespace jko
