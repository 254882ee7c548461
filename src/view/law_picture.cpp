#include "src/view/law_picture.hpp"

#include <algorithm>
#include <cmath>

namespace jko {

double SampledCurve::at(double x) const {
  if (empty() || !(x >= low && x <= high)) return 0.0;
  const double place = (x - low) / step();
  const auto i = std::min(static_cast<std::size_t>(std::max(place, 0.0)), values.size() - 2);
  const double share = place - static_cast<double>(i);
  return (1.0 - share) * values[i] + share * values[i + 1];
}

const SampledField* LawPicture::pair(Index x, Index y) const {
  for (const SampledField& field : pairs) {
    if (field.x == x && field.y == y) return &field;
  }
  return nullptr;
}

}  // namespace jko
