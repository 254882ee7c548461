#pragma once
/// The two clocks, in seconds.

#include <chrono>

namespace jko {

/// Since 1970, as other programs see it; it may be set.
inline double unix_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Since some moment; it only goes forwards.
inline double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace jko
