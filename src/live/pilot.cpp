#include "src/live/pilot.hpp"

#include <algorithm>
#include <cmath>

namespace jko {

void Pilot::begin(Index waiting, double budget) {
  budget_ = budget;
  level_ = Rung::full;
  if (std::isinf(budget_)) return;
  if (waiting >= ladder_.fewer_from) level_ = Rung::fewer;
  if (waiting >= ladder_.longer_from) level_ = Rung::longer;
  if (waiting >= ladder_.plain_from) level_ = Rung::plain;
  if (budget_ > 0.0) deadline_ = clock_() + budget_;
}

int Pilot::count(int count) const {
  if (level_ == Rung::longer) count = (count + ladder_.stretch - 1) / ladder_.stretch;
  return std::clamp(count, 1, kMostSteps);
}

StepLimits Pilot::limits(int left, bool ahead) const {
  StepLimits limits;
  if (std::isinf(budget_)) return limits;
  limits.plain = level_ == Rung::plain;
  if (level_ >= Rung::fewer) limits.iterations = ladder_.iterations;
  if (budget_ > 0.0 && !limits.plain) {
    const double now = clock_(), share = 1.0 / std::max(1, left);
    const double least = ahead ? budget_ * share : 0.0;
    const double end = now + std::max(least, (deadline_ - now) * share);
    limits.stop = [clock = clock_, end] { return clock() >= end; };
  }
  return limits;
}

Rung Pilot::rung(const StepReport& report) const {
  if (level_ != Rung::full) return level_;
  return report.stopped ? Rung::deadline : Rung::full;
}

}  // namespace jko
