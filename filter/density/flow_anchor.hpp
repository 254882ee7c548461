#pragma once
/// A convex potential flow: points are whitened, y = S(x - m), and then mapped to the standard normal law by T = ∇ψ,
///
///     log p(x) = log N(T(y); 0, I) + log det ∇²ψ(y) + log det S
///
/// (Huang et al., "Convex potential flows", 2021). Evaluated without inversion, in any dimension.

#include "filter/convex_map.hpp"
#include "filter/density/anchor.hpp"

namespace jko {

struct FlowOptions {
  std::vector<Index> widths{16};
  int iterations = 60;
  std::uint64_t seed = 0;
};

class FlowAnchor final : public Anchor {
 public:
  /// Fits a flow to weighted points of known log density. It minimises the relative entropy with its control variate,
  /// Σ w [log(p/q) + q/p - 1] over densities q, which is zero, without sampling noise, where q = p. It starts at the
  /// Gaussian of the points' moments, which is the answer for a Gaussian p.
  static std::unique_ptr<FlowAnchor> fit(PointsView points, const Vector& weights, const Vector& log_density,
                                         const FlowOptions& options);

  explicit FlowAnchor(const AnchorState& state);

  Vector log_density(PointsView points) const override;
  std::optional<Points> sample(Index count, std::uint64_t seed) const override;
  AnchorState state() const override;

 private:
  FlowAnchor(Vector center, Matrix whitening, ConvexMap to_normal);

  Vector center_;     ///< m, (D)
  Matrix whitening_;  ///< S, (D, D), lower triangular
  ConvexMap to_normal_;
};

}  // namespace jko
