#pragma once
/// Free parameters θ of a pooled map (convex_map.hpp), measured from a first guess.
///
///     ConvexMap guess = tangent_map(problem, 16, seed);      // or the map of the step before
///     PooledParametrisation parameters(guess, nodes, weights);
///     Vector theta = parameters.start();                             // the guess itself
///     ConvexMap map = parameters.map(theta);
///
/// Q = RRᵀ + εI and w = exp(free weight). A unit's offset b is its plane's height over the nodes that see it, and not
/// at the origin: turning a plane then leaves its region where it is, which L-BFGS needs.

#include <cstdint>
#include <vector>

#include "filter/convex_map.hpp"
#include "filter/jko_step.hpp"

namespace jko {

class PooledParametrisation {
 public:
  PooledParametrisation(const ConvexMap& guess, PointsView nodes, const Vector& weights);

  Index size() const { return start_.size(); }
  const std::vector<Index>& widths() const { return widths_; }
  const Vector& start() const { return start_; }

  // What map() measures in, for those who do the same elsewhere.
  const Vector& center() const { return center_; }
  double scale() const { return scale_; }
  double stretch() const { return stretch_; }
  const Points& seen() const { return seen_; }

  ConvexMap map(const Vector& theta) const;

  /// The rows of `nodes` (N, D) sorted by the unit of the guess that sees most of each.
  std::vector<Index> order_of(PointsView nodes) const;

  /// ∂L/∂θ from ∂L/∂(Q, c, A, b, w).
  Vector pull_back(const Vector& theta, const ConvexMap& d_map) const;

 private:
  std::vector<Index> widths_;
  Vector center_;   ///< of the nodes, (D)
  double scale_;    ///< their typical standard deviation
  double stretch_;  ///< of log w in θ
  Points seen_;     ///< the mean of the nodes that see each unit, (units, D)
  Vector start_;
};

/// The explicit step x - τ̂ (∇Φ + β⁻¹ ∇log ρ), with ρ as the normal law of the nodes' moments, and Φ as L/2 |x|² minus a
/// soft maximum of `width` of its tangent planes, at nodes whose planes differ. For a potential that is the soft
/// minimum of parabolas of one curvature, -log of a Gaussian mixture, its drift is exact.
ConvexMap tangent_map(const JkoStepProblem& problem, Index width, std::uint64_t seed);

}  // namespace jko
