#pragma once
/// What is known of the state: an anchor density at some past time, the chain of maps and likelihoods since, and
/// weighted nodes that carry their own log density. Any point's exact density comes from pulling it back through the
/// chain.
///
///     Belief belief(model, options);
///     belief.advance(map, pushforward({&map}, belief.nodes().x, belief.nodes().score));      // a JKO step
///     UpdateSummary seen = belief.update(y, t);          // Bayes' rule
///     Vector log_p = belief.log_density(points);         // anywhere
///
/// Cost and memory do not grow with the number of observations: the chain is folded into a new anchor before it is
/// longer than BeliefOptions::chain.

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "filter/convex_map.hpp"
#include "filter/density/anchor.hpp"
#include "filter/jko_state.hpp"
#include "filter/node_placement.hpp"
#include "filter/step_engine.hpp"
#include "jko/filter.hpp"
#include "jko/model.hpp"

namespace jko {

struct BeliefOptions {
  Index nodes = 512;
  double resample_below =
      0.5;        ///< share of effective nodes below which they are placed anew (three dimensions or more)
  int chain = 0;  ///< at most so many maps since the anchor; 0: default_chain()
  std::uint64_t seed = 0;
};

/// A lattice is cheap to place anew, and what maps have pulled far apart is not seen between its nodes.
constexpr int default_chain(Index dimension) { return dimension <= 2 ? 4 : 24; }

class Belief {
 public:
  /// The initial law.
  Belief(std::shared_ptr<const Model> model, const BeliefOptions& options);
  /// One in the `state` of another: what restore() says.
  Belief(std::shared_ptr<const Model> model, const BeliefOptions& options, const BeliefState& state);

  const Nodes& nodes() const { return nodes_; }

  /// The law is pushed forward by `map`, which moves the nodes and their score so.
  void advance(const ConvexMap& map, Pushforward moved);

  /// Bayes' rule for y at time t. Leaves the belief as it is if the observation is impossible.
  UpdateSummary update(const Vector& y, double t);

  /// What restore() takes back: throws std::invalid_argument if it cannot be a belief of this model.
  BeliefState state() const;
  void restore(const BeliefState& state);

  /// Goes on with another model of the same state. What was seen so far is folded into an anchor: it was seen with the
  /// old one.
  void replace_model(std::shared_ptr<const Model> model);
  /// Goes on with another number of nodes, placed anew.
  void resize(Index nodes, StepEngine& engine);

  /// Folds the chain into a new anchor and places the nodes anew. Returns where the last map of the chain took the new
  /// nodes from, (N, D), so that a multistep scheme need not start again; nothing if its last link is no map.
  std::optional<Points> renew();
  /// Places nodes anew that are draws of the initial law, moved along the chain: for a step that should not see the
  /// nodes that earlier ones were fitted to. Returns where the last map of the chain took them from, (N, D); nothing,
  /// and leaves the nodes as they are, if there is no such map, if something was observed, or on a lattice.
  std::optional<Points> redraw(StepEngine& engine);
  /// Whether the next map would make the chain too long.
  bool chain_full() const { return maps() >= options_.chain; }
  int maps() const;
  /// Maps and likelihoods since the anchor.
  std::size_t chain_length() const { return chain_.size(); }
  /// The map of the last step; null if something else has happened since. Valid until the belief changes.
  const ConvexMap* last_map() const { return chain_.empty() ? nullptr : std::get_if<ConvexMap>(&chain_.back()); }

  /// Normalised log density at each row of `points` (N, D).
  Vector log_density(PointsView points) const;

  /// `count` independent draws, shape (count, D).
  Points sample(Index count, std::uint64_t seed) const;

 private:
  struct Likelihood {
    Vector y;
    double time;
    double log_evidence;
  };
  using Link = std::variant<ConvexMap, Likelihood>;

  bool on_lattice() const { return model_->dimension() <= 2; }
  std::uint64_t seed() const { return options_.seed + 1000 * draws_; }
  void fold();
  void replace_nodes(Placement placement);
  Vector log_likelihood(PointsView x, const Vector& y, double t) const;

  std::shared_ptr<const Model> model_;
  BeliefOptions options_;
  std::shared_ptr<const Anchor> anchor_;
  std::vector<Link> chain_;
  std::size_t placed_at_ = 0;  ///< length of the chain when the nodes were placed
  Nodes nodes_;
  std::uint64_t draws_ = 0;  ///< placements so far: each takes its own quasi-random shift
};

}  // namespace jko
