#pragma once
/// Holds back observations that the model finds far less likely than what it expects to see, and never for long: after
/// a few in a row, or as soon as those held back agree with each other, it is the belief that must be wrong.
///
///     OutlierGate gate(patience);
///     const double expected = expected_log_evidence(predicted, model, t, y, seed);
///     if (gate.holds_back(expected - seen.log_evidence_increment, threshold, y)) …

#include <cstdint>
#include <optional>
#include <vector>

#include "jko/filter.hpp"
#include "jko/observation_model.hpp"

namespace jko {

/// E log p(Y | past) under the prediction itself, over draws of Y that miss the entries that `y` misses. Empty if the
/// observation model cannot be sampled.
std::optional<double> expected_log_evidence(const Filter& predicted, const ObservationModel& observation,
                                            const Vector& y, std::uint64_t seed);

class OutlierGate {
 public:
  /// What a checkpoint holds.
  struct Held {
    Vector value;
  };
  struct State {
    bool open = false;          ///< gave way, until an observation is as likely as it should be
    Vector last;                ///< the last value that passed
    std::vector<Held> held;     ///< in a row
    std::vector<double> usual;  ///< log evidence increments of those that passed, the last few
  };

  explicit OutlierGate(int patience) : patience_(patience) {}

  /// Whether y is to be held back, whose log evidence increment is `shortfall` lower than expected.
  bool holds_back(double shortfall, double threshold, const Vector& y);
  /// Whether the last call made the gate give way.
  bool gave_way() const { return gave_way_; }

  /// An observation that the belief took.
  void passed(const Vector& y, double log_evidence_increment);
  /// The mean increment of those that passed, where a model cannot say what it expects; empty while there are few.
  std::optional<double> usual() const;

  const State& state() const { return state_; }
  /// Throws std::invalid_argument if it cannot be a gate's.
  void restore(State state);

 private:
  bool agree() const;

  int patience_;
  bool gave_way_ = false;
  State state_;
};

template <class Archive>
void visit(Archive& archive, OutlierGate::Held& held) {
  archive("value", held.value);
}

template <class Archive>
void visit(Archive& archive, OutlierGate::State& state) {
  archive("open", state.open);
  archive("last", state.last);
  archive("held", state.held);
  archive("usual", state.usual);
}

}  // namespace jko
