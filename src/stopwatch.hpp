#pragma once
/// Wall time, added up lap by lap.

#include <chrono>

namespace jko {

/// Adds up the time between start() and stop().
class Stopwatch {
 public:
  void start() { begin_ = Clock::now(); }
  /// Milliseconds since start().
  double stop() {
    const double lap = std::chrono::duration<double, std::milli>(Clock::now() - begin_).count();
    total_ms_ += lap;
    return lap;
  }
  double total_seconds() const { return 1e-3 * total_ms_; }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_;
  double total_ms_ = 0.0;
};

}  // namespace jko
