#include "ui/contours.hpp"

#include <cmath>

namespace jko::ui {
namespace {

struct Crossing {
  double x, y;
};

}  // namespace

void add_contour(const SampledField& field, float level, ContourLines& lines) {
  if (field.columns < 2 || field.rows < 2 || field.values.size() < std::size_t(field.columns * field.rows)) return;
  const double dx = (field.x_high - field.x_low) / double(field.columns - 1);
  const double dy = (field.y_high - field.y_low) / double(field.rows - 1);
  // Where the level is between two values; they lie on different sides of it, so they differ.
  const auto between = [level](float a, float b) { return (double(level) - a) / (double(b) - a); };

  const auto add = [&](Crossing a, Crossing b) {
    if (a.x == b.x && a.y == b.y) return;  // a corner that lies on the level
    lines.x.push_back(a.x), lines.y.push_back(a.y);
    lines.x.push_back(b.x), lines.y.push_back(b.y);
  };

  for (Index row = 0; row + 1 < field.rows; ++row) {
    const float* below = field.values.data() + row * field.columns;
    const float* above = below + field.columns;
    const double y = field.y_low + double(row) * dy;
    for (Index column = 0; column + 1 < field.columns; ++column) {
      const float v00 = below[column], v10 = below[column + 1], v01 = above[column], v11 = above[column + 1];
      const int inside = int(v00 >= level) | int(v10 >= level) << 1 | int(v11 >= level) << 2 | int(v01 >= level) << 3;
      if (inside == 0 || inside == 15) continue;
      if (!std::isfinite(v00 + v10 + v01 + v11)) continue;
      const double x = field.x_low + double(column) * dx;
      const auto bottom = [&] { return Crossing{x + between(v00, v10) * dx, y}; };
      const auto top = [&] { return Crossing{x + between(v01, v11) * dx, y + dy}; };
      const auto left = [&] { return Crossing{x, y + between(v00, v01) * dy}; };
      const auto right = [&] { return Crossing{x + dx, y + between(v10, v11) * dy}; };
      switch (inside) {
        case 1:
        case 14:
          add(left(), bottom());
          break;
        case 2:
        case 13:
          add(bottom(), right());
          break;
        case 4:
        case 11:
          add(right(), top());
          break;
        case 8:
        case 7:
          add(top(), left());
          break;
        case 3:
        case 12:
          add(left(), right());
          break;
        case 6:
        case 9:
          add(bottom(), top());
          break;
        default: {
          // A saddle: opposite corners are inside. Whether they are joined is what the middle of the cell says.
          const bool joined = 0.25 * (double(v00) + v10 + v01 + v11) >= level;
          if ((inside == 5) == joined) {
            add(left(), top());
            add(bottom(), right());
          } else {
            add(left(), bottom());
            add(right(), top());
          }
        }
      }
    }
  }
}

}  // namespace jko::ui
