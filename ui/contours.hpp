#pragma once
/// Contour lines of a sampled field by marching squares, as separate segments.

#include <vector>

#include "src/view/law_picture.hpp"

namespace jko::ui {

/// Points 2i and 2i+1 are the ends of segment i.
struct ContourLines {
  std::vector<double> x, y;
};

/// Adds the contour of `field` at `level` to `lines`.
void add_contour(const SampledField& field, float level, ContourLines& lines);

}  // namespace jko::ui
