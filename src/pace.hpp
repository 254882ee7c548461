#pragma once
/// Waits until as much time has passed as between events when they happened, or a fraction of it.
///
///     Pace pace(10.0);                   // ten times as fast; std::nullopt: does not wait
///     for (...) pace.wait_for(seconds);  // the first one at once

#include <chrono>
#include <cmath>
#include <optional>
#include <thread>

namespace jko {

class Pace {
 public:
  explicit Pace(std::optional<double> speed) : speed_(speed) {}

  void wait_for(double seconds) {
    if (!speed_) return;
    if (!first_) first_ = seconds;
    const std::chrono::duration<double> due((seconds - *first_) / *speed_);
    if (std::isfinite(due.count())) std::this_thread::sleep_until(begin_ + due);
  }

 private:
  std::optional<double> speed_, first_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace jko
