#pragma once
/// All that a live run knows, as plain data: what a checkpoint holds. The oldest belief of the lag window is there in
/// full; the later ones are made again from the moves that led to them.

#include <string>
#include <vector>

#include "filter/jko_state.hpp"
#include "src/live/belief_window.hpp"
#include "src/live/outlier_gate.hpp"
#include "src/live/stream_order.hpp"

namespace jko {

/// A KeptBelief without its filter. Moves are written as JSON text: they are in recordings, too.
struct KeptState {
  Index index = -1;
  double time = 0.0;
  Vector value;
  double arrived = 0.0;
  std::string source;
  double log_evidence = 0.0;
  std::string moves;
  int rung = 0;
};

struct LiveState {
  std::string config, method;
  std::uint64_t seed = 0;
  Index sequence = 0;  ///< lines of the recording so far
  Index next_index = 0;
  JkoState filter;  ///< after kept.front()
  std::vector<KeptState> kept;
  std::string ahead;  ///< moves
  StreamOrder::State order;
  OutlierGate::State gate;
};

template <class Archive>
void visit(Archive& archive, KeptState& kept) {
  archive("index", kept.index);
  archive("time", kept.time);
  archive("value", kept.value);
  archive("arrived", kept.arrived);
  archive("source", kept.source);
  archive("log_evidence", kept.log_evidence);
  archive("moves", kept.moves);
  archive("rung", kept.rung);
}

template <class Archive>
void visit(Archive& archive, LiveState& state) {
  archive("config", state.config);
  archive("method", state.method);
  archive("seed", state.seed);
  archive("sequence", state.sequence);
  archive("next_index", state.next_index);
  archive("filter", state.filter);
  archive("kept", state.kept);
  archive("ahead", state.ahead);
  archive("order", state.order);
  archive("gate", state.gate);
}

}  // namespace jko
