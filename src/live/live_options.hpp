#pragma once
/// Settings of a live run.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include "jko/types.hpp"

namespace jko {

/// What can change while the filter runs (SIGHUP), beside β and the observation's noise, which are the config's.
struct LiveSettings {
  /// Time for one observation, in milliseconds; 0: the median spacing of the stream's stamps. Infinity: neither
  /// deadline nor ladder, so that every posterior is that of `replay` however long it takes.
  double budget_ms = 0.0;
  /// Observations whose log evidence increment is lower than expected by more than this (nats) are held back. Empty: no
  /// gate.
  std::optional<double> gate;
};

/// From how many waiting observations on which rung is taken. The rungs are those of docs/live.md.
struct LadderOptions {
  Index fewer_from = 4;    ///< at most `iterations` iterations a step
  Index longer_from = 16;  ///< and steps `stretch` times as long
  Index plain_from = 64;   ///< affine steps only
  int iterations = 3;
  int stretch = 4;
};

struct LiveOptions {
  static constexpr double kUnlimited = std::numeric_limits<double>::infinity();

  std::string method;  ///< empty: the config's
  std::uint64_t seed = 0;
  LiveSettings settings;
  LadderOptions ladder;

  double lag = 0.0;  ///< observations may come late by so much (model's time): the filter rewinds
  Index kept = 256;  ///< at most so many beliefs are kept for it
  /// Stamps further ahead than this (model's time) are quarantined; 0: a hundred times the stream's spacing. What the
  /// clock of arrivals explains is never too far ahead.
  double future = 0.0;
  int confirm = 3;        ///< so many quarantined stamps that agree make a clock jump that is believed
  int gate_patience = 5;  ///< so many held back in a row open the gate

  std::string record;             ///< file of the recording; empty: none
  std::string checkpoint;         ///< file of the checkpoint; empty: none
  double checkpoint_every = 0.0;  ///< seconds between checkpoints; 0: only when asked for
  std::string resume;             ///< checkpoint to start from; empty: the config's initial law

  bool keep_predicted = false;  ///< LiveResult::predicted is wanted

  std::function<double()> clock;  ///< seconds, monotonic; empty: the steady clock
};

}  // namespace jko
