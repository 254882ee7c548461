#include "src/view/snapshot.hpp"

#include <algorithm>
#include <cmath>

namespace jko {

double StreamClock::now(double steady_seconds) const {
  if (rate == 0.0 || !(end > time)) return time;
  if (std::isinf(rate)) return end;
  return std::clamp(time + (steady_seconds - wall) * rate, time, end);
}

}  // namespace jko
