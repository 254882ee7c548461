#pragma once
/// What one JKO step may cost, and what it did cost: a run that a clock steered is repeated bit for bit by giving each
/// step the iterations that it had.
///
///     StepLimits hurry;
///     hurry.stop = [deadline] { return Clock::now() >= deadline; };
///     StepReport report = filter.step(plan, hurry);        // live
///     filter.step(plan, StepLimits::repeating(report.solve));   // the same step again, without a clock

#include <array>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

namespace jko {

/// How a step was solved.
struct SolveRecord {
  int attempts = 0;                 ///< 2: a first attempt failed a check; 0: none, a plain step
  std::array<int, 2> iterations{};  ///< of each attempt
};

struct StepLimits {
  int iterations = std::numeric_limits<int>::max();  ///< of each attempt, beside those of the options
  /// Asked after every iteration; true ends the attempt with the best so far. Empty: the options' budget_ms decides.
  std::function<bool()> stop;
  bool plain = false;                 ///< no solve: the affine map that cannot fail
  std::optional<SolveRecord> repeat;  ///< do what was done then, whatever a clock says

  static StepLimits repeating(const SolveRecord& record) {
    StepLimits limits;
    limits.repeat = record;
    return limits;
  }
};

/// What happened in one step.
struct StepReport {
  SolveRecord solve;
  int iterations = 0;          ///< of all attempts
  bool stopped = false;        ///< the deadline struck
  bool fallback = false;       ///< the affine map stood in for a solve that failed
  double length = 0.0;         ///< of the step, in the model's time
  double ms = 0.0;             ///< wall time that it took
  std::vector<double> losses;  ///< of the last attempt: at the start, and after each iteration
};

}  // namespace jko
