#pragma once
/// All that a window draws: one immutable, numbered snapshot of a run. Made off the filter's thread; the window
/// computes nothing that is not the drawing itself.

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "src/view/explore_view.hpp"
#include "src/view/history.hpp"
#include "src/view/law_picture.hpp"

namespace jko {

/// A setting that can be changed while the filter runs.
struct Field {
  std::string key;                   ///< "beta", "filter.tau", "seed", …
  std::string label, value, unit;    ///< as text
  std::vector<std::string> choices;  ///< if it is one of a few
  std::string fixed;                 ///< why it cannot be changed; empty: it can
  std::string error;                 ///< why the last value asked for was refused; empty: it was not
  std::string help;
};

/// A line of the log strip.
struct LogLine {
  enum class Level { note, warning, error };
  std::uint64_t number = 0;
  Level level = Level::note;
  std::string text;
};

enum class RunKind { replay, live, explore };

/// What can be done to the run, and what it is doing.
struct RunStatus {
  RunKind kind = RunKind::replay;
  std::string name, source, method, compared, time_unit = "seconds";
  std::string model;   ///< the potential and the observation, as formulas
  std::string output;  ///< folder of the results
  std::string config_file, data_file;
  bool can_pause = true;  ///< a replay can; a live stream goes on, and only the view is held
  bool paused = false;
  bool ended = false;      ///< nothing more comes
  bool busy = false;       ///< filters again what was seen before, after a change of settings
  double progress = -1.0;  ///< share of the recording; below 0: unknown
  double speed = 1.0;      ///< units of the model's time a second; infinity: as fast as it goes
  bool recording = false;
  std::string record_file;
  std::vector<Field> fields;
};

/// One JKO step.
struct StepReading {
  double time = 0.0, ms = 0.0;
  int iterations = 0;
  bool stopped = false, fallback = false;
};

/// How the machinery is doing.
struct EngineView {
  std::vector<double> losses;      ///< of the last step: the loss at the start and after each iteration
  std::vector<StepReading> steps;  ///< the last few hundred
  double deadline_ms = 0.0;        ///< for an observation; 0: none
  Index observations = 0, fallbacks = 0, steps_ahead = 0;
  Index waiting = 0, queue_capacity = 0;
  Index dropped = 0;   ///< messages lost by the system or for want of room
  Index rejected = 0;  ///< messages that were no observation
  Index late = 0, gated = 0, impossible = 0, revised = 0;
  double lateness = 0.0;    ///< seconds that the last observation waited
  Index undrawn = 0;        ///< laws that were not drawn, because drawing could not keep up
  double memory_mib = 0.0;  ///< resident
  Index nodes = 0, chain = 0;
};

/// The last step of a law on a line: between its ends the law is McCann's interpolation.
struct Glide {
  double begin = 0.0, end = 0.0;  ///< times
  std::vector<float> from, to;    ///< positions, ascending
  std::vector<float> density;     ///< at `from`, before the step
  std::vector<float> stretch;     ///< T' at `from`

  bool empty() const { return from.empty(); }
  /// The density at share s of the step, 0 <= s <= 1: positions and values, both of the size of `from`.
  void at(double s, std::vector<double>& x, std::vector<double>& pdf) const;
};

/// How the model's time runs against the clock: from an observation on, until the next one is filtered.
struct StreamClock {
  double time = 0.0;  ///< the model's, at …
  double wall = 0.0;  ///< … this moment of the steady clock (seconds)
  double rate = 0.0;  ///< units of the model's time a second; 0: it stands still
  double end = 0.0;   ///< it goes no further

  double now(double steady_seconds) const;
};

struct StudyView {
  Index dimension = 1;
  StreamClock clock;
  std::vector<std::string> observed;            ///< names of the observed values
  std::shared_ptr<const LawPicture> predicted;  ///< just before the last observation
  std::shared_ptr<const LawPicture> updated;    ///< just after it
  std::shared_ptr<const LawPicture> now;        ///< the newest law; on the way to the next observation
  bool between = false;                         ///< `now` is later than the last observation
  std::shared_ptr<const LawPicture> truth;      ///< the compared method's law at the time of `truth->time`
  std::vector<Glide> glides;                    ///< the steps since the last observation, on a line
  NodeCloud nodes;                              ///< of `now`
  SampledCurve likelihood_curve;                ///< of the last observation, scaled to a largest value of 1
  SampledField likelihood_field;
  SampledCurve potential_curve;  ///< Φ on a line
  SampledField potential_field;
  std::optional<HistoryEntry> last;  ///< the last observation
  bool observed_in_place = false;    ///< y_k is x_k plus noise, so that it can be marked at x = y
  History history;
  /// The hidden state where it is known: times and states, (K) and (K, D).
  std::shared_ptr<const Vector> true_times;
  std::shared_ptr<const Points> true_states;
  Index first = 0, second = 1;  ///< coordinates that `pairs` of the pictures have
  EngineView engine;
};

struct Snapshot {
  std::uint64_t number = 0;
  RunStatus status;
  std::shared_ptr<const StudyView> study;      ///< replay and live
  std::shared_ptr<const ExploreView> explore;  ///< explore
  std::vector<LogLine> log;                    ///< the last few hundred lines
};

}  // namespace jko
