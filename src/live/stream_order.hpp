#pragma once
/// The order of a stream: which arrivals are filtered as they come, which have come late, twice, or from a clock that
/// is wrong. Knows times and values, nothing of the filter.
///
///     StreamOrder order(options);
///     StreamOrder::Ruling ruling = order.judge(arrival, earliest);
///     for (const auto& [arrival, time] : ruling.filter) { …; order.took(arrival, time, …); }
///
/// docs/live.md says what the rules are.

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "src/live/arrival.hpp"
#include "src/live/verdict.hpp"

namespace jko {

struct StreamOrderOptions {
  double start_time = 0.0;        ///< of the model
  double first = 0.0;             ///< expected time of the first observation
  double interval = 1.0;          ///< expected spacing, until the stream has shown its own
  double seconds_per_unit = 1.0;  ///< of the model's time
  double lag = 0.0;
  double future = 0.0;
  int confirm = 3;
};

class StreamOrder {
 public:
  struct Timed {
    Arrival arrival;
    double time = 0.0;
  };
  struct Ruling {
    Verdict verdict = Verdict::accepted;
    double time = 0.0;
    std::vector<Timed> filter;  ///< what is to be filtered now, in order: this arrival, or all that it confirmed
    bool clock_jump = false;    ///< this arrival confirmed one
    std::string message;
  };

  explicit StreamOrder(const StreamOrderOptions& options) : options_(options) { state_.latest = options.start_time; }

  /// `earliest`: the time of the oldest belief that is kept.
  Ruling judge(const Arrival& arrival, double earliest);

  /// An arrival was filtered, or gated (`believed` false: the belief stays where it was).
  void took(const Arrival& arrival, double time, bool believed);

  double latest() const { return state_.latest; }  ///< time of the belief
  /// Median of the last spacings; the config's until there are a few.
  double spacing() const;
  /// Whether the stream has shown its spacing.
  bool spacing_known() const { return state_.spacings.size() >= kFewSpacings; }
  /// When the next observation should come.
  double expected() const;
  /// Times that differ by less are the same but for rounding.
  double tolerance() const { return 1e-9 * spacing(); }

  /// What a checkpoint holds.
  struct Seen {
    double time = 0.0;
    Vector value;
  };
  struct State {
    double latest = 0.0;                             ///< of the belief
    bool any = false;                                ///< there was an observation
    double seen = 0.0;                               ///< latest stamp, gated ones too
    double arrived = 0.0;                            ///< of the latest
    bool anchored = false;                           ///< the two that follow are known
    double anchor_time = 0.0, anchor_arrived = 0.0;  ///< what maps moments of arrival on the model's time
    double shift = 0.0;                              ///< added to stamps since a clock went back
    std::vector<double> spacings;                    ///< the last few
    std::vector<Seen> recent;                        ///< to know duplicates
  };
  const State& state() const { return state_; }
  /// Throws std::invalid_argument if it cannot be a stream's.
  void restore(State state);

  static constexpr std::size_t kFewSpacings = 3, kSpacings = 9, kRecent = 1024;

 private:
  double time_of(const Arrival& arrival);
  bool is_duplicate(double time, const Vector& value) const;
  double reach() const;  ///< how far ahead a stamp may be
  bool explained(double from, double from_arrived, double to, double to_arrived) const;
  Ruling quarantine(const Arrival& arrival, double time);
  Ruling came_late(const Arrival& arrival, double time, double earliest);

  StreamOrderOptions options_;
  State state_;
  std::vector<Timed> early_, old_;  ///< in quarantine: too far ahead, and from before the lag window
};

template <class Archive>
void visit(Archive& archive, StreamOrder::Seen& seen) {
  archive("time", seen.time);
  archive("value", seen.value);
}

template <class Archive>
void visit(Archive& archive, StreamOrder::State& state) {
  archive("latest", state.latest);
  archive("any", state.any);
  archive("seen", state.seen);
  archive("arrived", state.arrived);
  archive("anchored", state.anchored);
  archive("anchor_time", state.anchor_time);
  archive("anchor_arrived", state.anchor_arrived);
  archive("shift", state.shift);
  archive("spacings", state.spacings);
  archive("recent", state.recent);
}

}  // namespace jko
