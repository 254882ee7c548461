#pragma once
/// What a live run writes: its recording, and checkpoints. The run goes on whatever the disk does: what could not be
/// written is a warning, lines wait in memory, and a checkpoint is tried again.

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "src/live/live_options.hpp"
#include "src/live/live_recording.hpp"
#include "src/live/live_state.hpp"

namespace jko {

class Journal {
 public:
  using MakeState = std::function<LiveState()>;

  /// Writes nothing yet. Of the options those of the checkpoint, and the clock.
  explicit Journal(const LiveOptions& options);

  bool recording() const { return recording_ != nullptr; }
  /// A recording for as long as the run lasts.
  void record_to(const std::string& file, std::unique_ptr<RecordingWriter> recording);
  /// One that somebody begins and ends meanwhile. Throws std::logic_error if there is a recording already.
  void begin_recording(const std::string& file, const RecordingHeader& header);
  /// Throws std::logic_error if none was begun so, and std::runtime_error if its last lines cannot be written.
  void end_recording();
  /// Does nothing without a recording.
  void record(const nlohmann::ordered_json& line);

  /// Whether the last checkpoint is older than so many times the spacing of checkpoints.
  bool checkpoint_due(double times) const;
  /// What of the recording still waits for the disk, and then the checkpoint, if there is to be one: it must not know
  /// more than the recording that it is gone on with. Throws std::runtime_error if either cannot be written: the former
  /// checkpoint is still there then.
  void write_checkpoint(const MakeState& state);
  /// The same, but that a failure is a warning.
  void try_checkpoint(const MakeState& state);

  void warn(std::string warning) { warnings_.push_back(std::move(warning)); }
  std::vector<std::string> take_warnings() { return std::exchange(warnings_, {}); }

  Index checkpoints() const { return checkpoints_; }  ///< written
  Index failures() const { return failures_; }        ///< to write, of either

 private:
  void fail(std::string warning);

  std::string checkpoint_;
  double every_;
  std::function<double()> clock_;
  double last_checkpoint_;
  std::unique_ptr<RecordingWriter> recording_;
  std::string file_;
  bool midway_ = false;  ///< the recording was begun while the run went on
  std::vector<std::string> warnings_;
  Index checkpoints_ = 0, failures_ = 0;
};

}  // namespace jko
