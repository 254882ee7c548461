#pragma once
/// The line search of filter/minimize.cpp as an automaton: it asks for a length, and is told what was found there.
///
///     LineSearch line(value, slope, first);
///     while (!line.finished()) line.take(evaluate(line.length()));
///     line.best();                                                     // length 0: nothing better was seen
///
/// Strong Wolfe conditions, cubic interpolation (Nocedal and Wright, algorithms 3.5 and 3.6), the best point seen.

#include <cmath>

#include "filter/device/fused/fused_loss.hpp"

namespace jko::fused {

JKO_DEVICE inline bool is_finite(double v) { return std::fabs(v) < HUGE_VAL; }

class LineSearch {
 public:
  JKO_DEVICE LineSearch(double value, double slope, double first)
      : start_{0.0, value, slope}, low_(start_), best_(start_), first_(first), length_(first) {}

  JKO_DEVICE bool finished() const { return finished_; }
  JKO_DEVICE double length() const { return length_; }
  JKO_DEVICE const Trial& best() const { return best_; }

  /// True if the trial is the best so far.
  JKO_DEVICE bool take(Trial trial) {
    bool better = false;
    if (!is_finite(trial.value) || !is_finite(trial.slope)) {
      trial.value = HUGE_VAL;
      trial.slope = 0.0;
    } else if (trial.value < best_.value) {
      best_ = trial;
      better = true;
    }
    finished_ = narrow(trial) || ++trials_ == kTrials;
    return better;
  }

 private:
  static constexpr double kSufficientDecrease = 1e-4;
  static constexpr double kCurvature = 0.9;
  static constexpr int kTrials = 20;

  /// True if the trial satisfies the conditions, or nothing is left between the bracket's ends.
  JKO_DEVICE bool narrow(const Trial& trial) {
    const bool decreases = trial.value <= start_.value + kSufficientDecrease * trial.length * start_.slope;
    if (!decreases || trial.value > low_.value) {
      high_ = trial;
      bracketed_ = true;
    } else {
      if (std::fabs(trial.slope) <= -kCurvature * start_.slope) return true;
      if (bracketed_ ? trial.slope * (high_.length - low_.length) >= 0.0 : trial.slope >= 0.0) {
        high_ = low_;
        bracketed_ = true;
      }
      low_ = trial;
    }
    if (bracketed_ && std::fabs(high_.length - low_.length) < 1e-12 * first_) return true;
    length_ = bracketed_ ? cubic_minimiser(low_, high_) : 3.0 * length_;
    return false;
  }

  /// Minimiser of the cubic through two points with slopes (equation 3.59), kept well inside the bracket.
  JKO_DEVICE static double cubic_minimiser(const Trial& a, const Trial& b) {
    const double width = b.length - a.length;
    const double d1 = a.slope + b.slope - 3.0 * (b.value - a.value) / width;
    const double square = d1 * d1 - a.slope * b.slope;
    const double middle = 0.5 * (a.length + b.length);
    if (!(square >= 0.0) || !is_finite(b.value)) return middle;
    const double d2 = std::copysign(std::sqrt(square), width);
    const double length = b.length - width * (b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2);
    const double low = std::fmin(a.length, b.length), high = std::fmax(a.length, b.length), margin = 0.1 * (high - low);
    return is_finite(length) ? std::fmin(std::fmax(length, low + margin), high - margin) : middle;
  }

  Trial start_, low_, high_, best_;
  double first_, length_;
  bool bracketed_ = false, finished_ = false;
  int trials_ = 0;
};

}  // namespace jko::fused
