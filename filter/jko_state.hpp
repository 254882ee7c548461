#pragma once
/// Everything that a JkoFilter knows, as plain data: taken out, written wherever one likes, and put back, the filter
/// goes on bit for bit as if nothing had happened.
///
///     JkoState state = filter.state();
///     visit(writer, state);                    // writer("name", number or array), see visit() below
///     other.restore(state);                    // throws std::invalid_argument if the state cannot be this filter's
///
/// An archive is anything that can be called with a name and a reference to double, int, Index, std::uint64_t, bool,
/// Vector or Matrix; to a struct that has a visit() here; or to a std::vector of such structs. What older states do not
/// have, which then keeps the value that it has, is given to its optional() in the same way.

#include <cstdint>
#include <vector>

#include "filter/density/anchor_state.hpp"
#include "filter/node_placement.hpp"

namespace jko {

/// A map, or the likelihood of an observation.
struct LinkState {
  bool is_map = false;
  ConvexMap map;
  Vector y;
  double time = 0.0, log_evidence = 0.0;
};

struct BeliefState {
  AnchorState anchor;
  std::vector<LinkState> chain;
  Index placed_at = 0;
  Nodes nodes;
  std::uint64_t draws = 0;
};

/// Where the next step's solve starts from.
struct SolverState {
  double last_length = 0.0;
  Vector shift, u, identity_shift, identity_u;  ///< fixed features
  Vector theta, identity_theta;                 ///< trained ones
};

struct JkoState {
  double time = 0.0;
  Points previous;
  double previous_length = 0.0;
  BeliefState belief;
  SolverState solver;
};

template <class Archive>
void visit(Archive& archive, LinkState& link) {
  archive("is_map", link.is_map);
  if (link.is_map) {
    archive("map", link.map);
  } else {
    archive("y", link.y);
    archive("time", link.time);
    archive("log_evidence", link.log_evidence);
  }
}

template <class Archive>
void visit(Archive& archive, Nodes& nodes) {
  archive("x", nodes.x);
  archive("weights", nodes.weights);
  archive("log_density", nodes.log_density);
  archive.optional("score", nodes.score);
  archive("origin", nodes.origin);
  archive("cell", nodes.cell);
}

template <class Archive>
void visit(Archive& archive, BeliefState& belief) {
  archive("anchor", belief.anchor);
  archive("chain", belief.chain);
  archive("placed_at", belief.placed_at);
  archive("nodes", belief.nodes);
  archive("draws", belief.draws);
}

template <class Archive>
void visit(Archive& archive, SolverState& solver) {
  archive("last_length", solver.last_length);
  archive("shift", solver.shift);
  archive("u", solver.u);
  archive("identity_shift", solver.identity_shift);
  archive("identity_u", solver.identity_u);
  archive("theta", solver.theta);
  archive("identity_theta", solver.identity_theta);
}

template <class Archive>
void visit(Archive& archive, JkoState& state) {
  archive("time", state.time);
  archive("previous", state.previous);
  archive("previous_length", state.previous_length);
  archive("belief", state.belief);
  archive("solver", state.solver);
}

}  // namespace jko
