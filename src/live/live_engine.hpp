#pragma once
/// The live filter without its sockets: takes arrivals one at a time, in whatever order they come, and says what to
/// publish. Single-threaded; its only clock is the one that the options give it.
///
///     LiveEngine engine(load_config("configs/sine_well.json"), options);
///     while (...) {
///       if (queue.empty()) {
///         if (engine.work_ahead()) continue;                            // one JKO step towards the next observation
///         wait_for(queue);
///       }
///       const Index waiting = queue.size() - 1;
///       LiveResult result = engine.accept(queue.pop(), waiting);
///       for (const FilteredObservation& seen : result.publish) publish(seen.to_json());
///     }
///     engine.write_checkpoint();
///
/// A recording is filtered again by redo(), which takes every decision from it and looks at no clock.
///
/// docs/live.md describes the order of the stream, the overload ladder, recordings and checkpoints.

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "src/config.hpp"
#include "src/live/arrival.hpp"
#include "src/live/live_options.hpp"
#include "src/live/live_recording.hpp"
#include "src/live/live_state.hpp"
#include "src/live/verdict.hpp"
#include "src/report.hpp"

namespace jko {

struct LiveResult {
  Verdict verdict = Verdict::accepted;
  double time = 0.0;    ///< of the observation, in the model's time
  std::string message;  ///< for the log: why an arrival was not simply filtered; empty if it was
  /// One for an observation that was filtered or gated; after a rewind also those that came after it, marked as
  /// revised; all that a confirmed clock jump released; none if the arrival was ignored.
  std::vector<FilteredObservation> publish;
  /// The law just before the last of them, for those who want to see it (LiveOptions::keep_predicted).
  std::shared_ptr<const Filter> predicted;
};

struct LiveCounts {
  /// Arrivals by Verdict. Those of a clock jump count twice: as future or late when they came, and when it was
  /// confirmed.
  std::array<Index, kVerdicts> verdicts{};
  std::array<Index, kRungs> rungs{};  ///< published posteriors by Rung
  Index published = 0;                ///< posteriors, revised ones too
  Index revised = 0;
  Index fallbacks = 0;      ///< posteriors with a prediction in which a plain step stood in for one that failed
  Index clock_jumps = 0;    ///< confirmed
  Index gate_openings = 0;  ///< times that the gate gave way
  Index steps_ahead = 0;    ///< JKO steps made by work_ahead()
  Index checkpoints = 0;    ///< written

  Index write_failures = 0;  ///< of recording and checkpoint, see take_warnings()

  Index of(Verdict verdict) const { return verdicts[static_cast<std::size_t>(verdict)]; }
  Index of(Rung rung) const { return rungs[static_cast<std::size_t>(rung)]; }
};

class LiveEngine {
 public:
  /// Throws InputError if the method cannot filter the model, or if a file of the options cannot be used. With `resume`
  /// and a recording that exists, what was recorded after the checkpoint is filtered again first, see resumed().
  LiveEngine(const Config& config, const LiveOptions& options);
  /// For redo(): the run that a recording was made of, before its first observation. Writes nothing.
  LiveEngine(const RecordingHeader& header, const std::string& file, bool keep_predicted = false);
  ~LiveEngine();

  /// `waiting`: observations queued behind this one, what the overload ladder looks at.
  LiveResult accept(const Arrival& arrival, Index waiting);

  /// An observation, or a reload, of a recording, again. Throws InputError if it does not fit: `file` and `line` are
  /// where it stands. Writes no recording.
  LiveResult redo(const RecordedEntry& entry, const std::string& file, int line);

  /// One JKO step at most towards the next expected observation, or a checkpoint that is due. False when there is
  /// nothing left to do.
  bool work_ahead();

  /// The belief after the last observation.
  const Filter& filter() const;
  std::shared_ptr<const Filter> shared_filter() const;
  /// How far work_ahead() has come towards the next observation; null if it has not begun.
  std::unique_ptr<Filter> ahead() const;
  LiveCounts counts() const;
  Index observations() const;   ///< filtered so far, those before a resumed checkpoint too
  double log_evidence() const;  ///< of all of them

  /// Posteriors that had been recorded after the checkpoint from which this run was resumed.
  const std::vector<FilteredObservation>& resumed() const;

  const LiveSettings& settings() const;
  /// Time for an observation, in seconds: that of the settings, or the stream's spacing; 0: not known yet.
  double budget_seconds() const;
  /// Takes β and the observation model from `config`, which must otherwise be that of this run, and the settings;
  /// throws InputError and changes nothing if it is not. The lag window starts anew.
  void reload(const Config& config, const LiveSettings& settings);

  /// Records from here on: the recording begins with all that is known now. Throws InputError if the file cannot be
  /// written, and std::logic_error if this run is recorded already or its method is not jko.
  void start_recording(const std::string& file);
  /// Ends a recording that start_recording() began; throws std::runtime_error if its last lines cannot be written.
  void stop_recording();

  /// Writes options.checkpoint now, if there is one, and before it what of the recording still waits for the disk.
  /// Throws std::runtime_error if either cannot be written: the former checkpoint is still there then.
  void write_checkpoint();
  /// What a checkpoint holds. Throws std::logic_error if the method is not jko.
  LiveState state() const;

  /// What could not be written since this was asked last. The filter goes on: lines of the recording wait in memory, a
  /// checkpoint is tried again.
  std::vector<std::string> take_warnings();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace jko
