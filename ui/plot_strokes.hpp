#pragma once
/// What plots are drawn with: strokes that are clipped exactly, fills without seams, dots that cost little.
///
/// ImGui's own AddPolyline() mitres: at the sharp turns of a noisy series its lines overshoot by several pixels, and
/// show extremes that the data do not have. Here each segment is a rectangle of its own, smoothed by ImGui's line
/// texture.

#include <imgui.h>

namespace jko::ui {

struct PixelBox {
  double left, top, right, bottom;
  bool has(double x, double y) const { return x >= left && x <= right && y >= top && y <= bottom; }
};

/// Draws segments, clipped to a box in double precision: a zoomed view sends ends that are far away.
class Pen {
 public:
  Pen(ImDrawList* draw, const PixelBox& box, ImU32 colour, float width);
  void segment(double x0, double y0, double x1, double y1);
  /// A point that has no neighbours.
  void dot(double x, double y);

 private:
  void rectangle(double x0, double y0, double x1, double y1);

  ImDrawList* draw_;
  PixelBox box_;
  ImU32 colour_;
  double half_;        ///< of the line
  double half_drawn_;  ///< with its soft edges
  ImVec2 uv0_, uv1_;
  bool textured_;
  bool bridge_;  ///< outer corners are closed: not where overlaps would be seen
  double end_x_ = 0.0, end_y_ = 0.0, direction_x_ = 0.0, direction_y_ = 0.0;
};

/// Between two edges that are straight from x0 to x1: a0 to a1 and b0 to b1, which may cross. Clipped; neighbours share
/// their ends exactly, so that there is no seam.
void fill_strip(ImDrawList* draw, const PixelBox& box, double x0, double a0, double b0, double x1, double a1, double b1,
                ImU32 colour);

/// Without soft edges, in whole pixels.
void fill_box(ImDrawList* draw, float left, float top, float right, float bottom, ImU32 colour);

/// A disc; `coarse`: an octagon of eight vertices, for the thousands.
void fill_dot(ImDrawList* draw, float x, float y, float radius, ImU32 colour, bool coarse);

}  // namespace jko::ui
