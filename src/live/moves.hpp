#pragma once
/// How a prediction was made, step by step, so that it can be made again bit for bit without a clock.
///
///     Prediction prediction(filter.clone());
///     prediction.advance(t, pilot);               // live: the pilot watches the clock
///     Prediction again(filter.clone());
///     again.repeat(prediction.moves());           // the same law, whatever the clock says

#include <memory>
#include <vector>

#include "jko/jko_filter.hpp"
#include "src/live/pilot.hpp"
#include "src/live/verdict.hpp"

namespace jko {

/// A plan of JKO steps, or as much of it as was carried out.
struct Move {
  double to = 0.0;
  int count = 0;  ///< steps in the plan; 0: no JKO steps: nothing but rounding lay between, or another method
  std::vector<SolveRecord> steps;
};
using Moves = std::vector<Move>;

/// A filter on its way to a time.
class Prediction {
 public:
  explicit Prediction(std::unique_ptr<Filter> filter);

  Filter& filter() { return *filter_; }
  const Filter& filter() const { return *filter_; }
  std::unique_ptr<Filter> release() { return std::move(filter_); }
  /// As it stands: another one that goes on from here.
  Prediction clone() const;

  const Moves& moves() const { return moves_; }
  const PredictSummary& summary() const { return summary_; }
  Rung rung() const { return rung_; }

  /// To time t, which lies not before the filter's; a t closer than `tolerance` is reached without a step.
  void advance(double t, Pilot& pilot, double tolerance);

  /// One step towards t. False if t has been reached.
  bool step_towards(double t, Pilot& pilot, double tolerance);

  /// Throws std::invalid_argument if the moves do not fit this filter.
  void repeat(const Moves& moves);
  /// The same in parts: a move, and each of its steps.
  void begin(double to, int count);
  void repeat_step(const SolveRecord& record);

 private:
  void step(StepPlan& plan, const StepLimits& limits);
  void add(const PredictSummary& summary);

  std::unique_ptr<Filter> filter_;
  JkoFilter* jko_;  ///< the filter, if it goes by JKO steps
  Moves moves_;
  StepPlan plan_;
  PredictSummary summary_;
  Rung rung_ = Rung::full;
};

}  // namespace jko
