#pragma once
/// Makes snapshots of a run, on a thread of its own: the filter's thread hands it laws and figures and goes on at once.
/// What it cannot draw in time it leaves out and counts; the figures of an observation it never loses.
///
///     Illustrator illustrator(port);
///     illustrator.begin(config);
///     illustrator.show(filter, LawStage::predicted);     // clones the filter, if it can be drawn in time
///     illustrator.show(filter, LawStage::updated);
///     illustrator.add(filtered_observation);
///     illustrator.set(status);

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>

#include "jko/filter.hpp"
#include "src/config.hpp"
#include "src/report.hpp"
#include "src/view/illustrate.hpp"
#include "src/view/view_port.hpp"

namespace jko {

/// Where in a run a law belongs.
enum class LawStage {
  step,       ///< on the way to the next observation
  predicted,  ///< just before it
  updated,    ///< just after it
};

/// The state where it is known, of a simulation.
struct KnownStates {
  std::shared_ptr<const Vector> times;
  std::shared_ptr<const Points> states;
};

class Illustrator {
 public:
  explicit Illustrator(ViewPort& port, Index history = 20'000);
  /// Draws what is there, and ends.
  ~Illustrator();
  Illustrator(const Illustrator&) = delete;
  Illustrator& operator=(const Illustrator&) = delete;

  // From the run's thread. None of these waits for anything to be drawn.

  /// A run begins, from nothing. There is no snapshot before it: what is set before is in the first one.
  void begin(const Config& config, KnownStates known = {});
  /// The model has changed while the filter runs.
  void replace_model(const Config& config);
  void show(const Filter& law, LawStage stage);
  void show(std::shared_ptr<const Filter> law, LawStage stage);
  /// The law of the compared method at the same time as the law that was shown last.
  void show_truth(const Filter& law);
  /// An observation, after the laws before and after it have been shown.
  void add(const FilteredObservation& seen, std::optional<double> latency_seconds = {});
  void set(RunStatus status);
  /// Counts and deadline; what can be read off the laws is not looked at.
  void set(const EngineView& engine);
  void set(const StreamClock& clock);
  void say(LogLine::Level level, std::string text);
  /// From the beginning of a run on, another filter takes the same observations, on the illustrator's thread: what is
  /// shown as the truth. It is given up, with a line of the log, when it cannot follow: after a late observation,
  /// another model, or where it is too slow.
  void compare_with(std::unique_ptr<Filter> companion);
  void show_coordinates(Index first, Index second);
  void keep_history(Index entries);

  /// Waits until all that was handed over is in a snapshot.
  void finish_drawing();

 private:
  struct Begin {
    std::shared_ptr<const Config> config;
    KnownStates known;
    bool anew;
  };
  struct Law {
    std::shared_ptr<const Filter> filter;
    LawStage stage;
    bool truth;
  };
  struct Seen {
    FilteredObservation observation;
    std::optional<double> latency;
  };
  struct Coordinates {
    Index first, second;
  };
  struct Capacity {
    Index entries;
  };
  using Companion = std::shared_ptr<Filter>;
  using Event = std::variant<Begin, Law, Seen, Companion, Coordinates, Capacity, LogLine>;

  /// What the events have come to; only the illustrator's thread touches it.
  class Easel;

  bool has_room(LawStage stage);
  void push(Event event);
  template <class Change>
  void change(Change change);
  void work();

  ViewPort& port_;
  std::mutex mutex_;
  std::condition_variable changed_, drawn_;
  std::deque<Event> events_;
  std::size_t laws_ = 0;  ///< of the events
  Index undrawn_ = 0;
  RunStatus status_;
  EngineView engine_;
  StreamClock clock_;
  bool dirty_ = false, drawing_ = false, ending_ = false;
  const Index history_;
  std::thread thread_;
};

}  // namespace jko
