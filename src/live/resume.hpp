#pragma once
/// What a live run needs to go on from a LiveState, or with another config.

#include <string>

#include "src/config.hpp"
#include "src/live/belief_window.hpp"
#include "src/live/live_recording.hpp"
#include "src/live/live_state.hpp"

namespace jko {

/// A key at the top of two configs' texts (Config::text) in which they differ; empty if there is none.
std::string first_difference(const std::string& a, const std::string& b);

/// Whether β or the observation model differ.
bool changes_model(const Config& running, const Config& next);
/// Whether a JKO filter's τ or number of nodes differ.
bool changes_steps(const Config& running, const Config& next);
/// Throws InputError if `next` differs from the running config in anything else, or if the filter cannot change its
/// model while it runs.
void require_reloadable(const Config& running, const Config& next, bool can_change_model);

KeptState kept_state(const KeptBelief& belief);
/// The oldest belief of a state, and the one after `before`. Throw std::invalid_argument, or InputError, if they cannot
/// be made.
KeptBelief restored_first(const LiveState& state, const Config& config);
KeptBelief restored_next(const KeptBelief& before, const KeptState& state, const Config& config);

/// A state as a recording's header has it.
std::string embedded(const LiveState& state);
/// The checkpoint that a recording of file `file` began from.
LiveState embedded_state(const RecordingHeader& header, const std::string& file);

/// Throws InputError if the recording is not of a run of this config and method.
void require_same_run(const Config& config, const std::string& method, const RecordingHeader& header,
                      const std::string& file);
/// Whether a recording was cut short within its header. Anything else that has no end of line is not ours to remove.
bool holds_torn_header(const std::string& file);

}  // namespace jko
