#pragma once
/// The beliefs of a live run: one after each observation of the lag window, to come back to, and those of the
/// prediction that runs ahead of the next one.
///
///     BeliefWindow window(make_filter(...), lag, most);
///     window.step_ahead(window.expected…, pilot, tolerance);             // while nothing is to be done
///     Prediction prediction = window.predict(t, pilot, tolerance);       // from as far ahead as t allows
///     window.add({…});

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "src/live/moves.hpp"

namespace jko {

/// An observation and the belief after it.
struct KeptBelief {
  Index index = -1;  ///< of the observation; -1: none, the belief with which the run began
  double time = 0.0;
  Vector value;
  double arrived = 0.0;
  std::string source;
  double log_evidence = 0.0;  ///< of all observations up to this one
  Moves moves;                ///< from the belief before
  Rung rung = Rung::full;
  std::shared_ptr<const Filter> filter;
};

class BeliefWindow {
 public:
  BeliefWindow(std::shared_ptr<const Filter> begin, double lag, Index most);

  const KeptBelief& last() const { return kept_.back(); }
  const std::deque<KeptBelief>& kept() const { return kept_; }
  /// No observation can be filtered before this time.
  double earliest() const { return kept_.front().time; }

  /// The law at time t, on the way from the last belief: what was computed ahead is used as far as it goes.
  Prediction predict(double t, Pilot& pilot, double tolerance) const;
  /// One step of the prediction to time t; false if it is there.
  bool step_ahead(double t, Pilot& pilot, double tolerance);
  /// What step_ahead() has done since the last belief; repeat_ahead() does it again.
  const Moves& ahead() const;
  /// The law that step_ahead() has come to; null if it has done nothing.
  std::unique_ptr<Filter> furthest_ahead() const;
  void repeat_ahead(const Moves& moves);

  void add(KeptBelief belief);
  /// The number of the last belief that is not after time t.
  std::size_t place(double t) const;
  /// Puts the revised beliefs where all after number `place` were.
  void replace_after(std::size_t place, std::vector<KeptBelief> revised);
  /// Starts anew from the last belief, with another filter for it.
  void start_from_last(std::shared_ptr<const Filter> filter);
  /// Starts anew from a belief, of which it is the only one.
  void start_from(KeptBelief begin);

 private:
  void prune();
  void push_ahead(Prediction belief);

  double lag_;
  std::size_t most_;
  std::deque<KeptBelief> kept_;
  std::vector<Prediction> ahead_;  ///< each a step further
};

}  // namespace jko
