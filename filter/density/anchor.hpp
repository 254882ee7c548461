#pragma once
/// A density that can be evaluated anywhere at a bounded cost: where a belief's chain of maps and likelihoods starts.
///
/// Kinds, chosen by dimension (docs/method.md, section 4): the initial law; on a line a spline of the log density; in
/// the plane a tensor grid of it; elsewhere a convex potential flow.

#include <cstdint>
#include <memory>
#include <optional>

#include "filter/density/anchor_state.hpp"
#include "jko/gaussian_mixture.hpp"
#include "jko/types.hpp"

namespace jko {

class Anchor {
 public:
  virtual ~Anchor() = default;
  /// log density at each row of `points` (N, D); finite everywhere, so that no observation is impossible merely because
  /// it is far away.
  virtual Vector log_density(PointsView points) const = 0;
  /// `count` independent draws, shape (count, D); nothing of a kind that knows no direct way.
  virtual std::optional<Points> sample(Index /*count*/, std::uint64_t /*seed*/) const { return std::nullopt; }
  /// What restored_anchor() makes the same density of.
  virtual AnchorState state() const = 0;
};

/// Throws std::invalid_argument if the state is not one of a density in the dimension of `initial`, which is the law
/// that a state may refer to.
std::shared_ptr<const Anchor> restored_anchor(const AnchorState& state, const GaussianMixture& initial);

/// The initial law.
class MixtureAnchor final : public Anchor {
 public:
  explicit MixtureAnchor(GaussianMixture law) : law_(std::move(law)) {}
  Vector log_density(PointsView points) const override { return law_.log_density(points); }
  std::optional<Points> sample(Index count, std::uint64_t seed) const override { return law_.sample(count, seed, 0); }
  AnchorState state() const override { return {}; }

 private:
  GaussianMixture law_;
};

}  // namespace jko
