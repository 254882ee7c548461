#pragma once
/// The overload ladder: says for each step what it may cost, from the queue behind the observation and the clock.

#include <functional>

#include "jko/step_limits.hpp"
#include "src/live/live_options.hpp"
#include "src/live/verdict.hpp"

namespace jko {

class Pilot {
 public:
  Pilot(std::function<double()> clock, const LadderOptions& ladder) : clock_(std::move(clock)), ladder_(ladder) {}

  /// Before a prediction: `waiting` observations stand behind it. `budget` is in seconds; 0: unknown, so that there is
  /// no deadline; infinity: neither deadline nor ladder.
  void begin(Index waiting, double budget);

  /// The number of steps of a plan that would have `count` of them.
  int count(int count) const;
  /// Of the next of `left` steps: the time to the deadline is shared evenly. Who works ahead has his share anew for
  /// each step once the deadline is over: nobody waits for him.
  StepLimits limits(int left, bool ahead) const;
  /// What a step had to give up.
  Rung rung(const StepReport& report) const;
  Rung level() const { return level_; }

  static constexpr int kMostSteps = 1000;  ///< of a plan, whatever τ says: so many large ones forget where they began

 private:
  std::function<double()> clock_;
  LadderOptions ladder_;
  Rung level_ = Rung::full;
  double budget_ = 0.0, deadline_ = 0.0;
};

}  // namespace jko
