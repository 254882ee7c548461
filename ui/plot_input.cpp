#include <imgui_internal.h>

#include <algorithm>
#include <cmath>

#include "ui/colours.hpp"
#include "ui/plot_canvas.hpp"

namespace jko::ui {
namespace {

constexpr float kDragThreshold = 4.0f;  ///< pixels; below it a press and a release are a click

struct FitRequest {
  int number = 0, frame = -1;
} last_request;

/// Back from what an axis shows to a range of values.
PlotRange range_of(const Axis& axis, double low, double high) { return {axis.value(low), axis.value(high)}; }

/// Whether doubles can still tell such a range apart, and hold it.
bool can_show(const Axis& axis, double low, double high) {
  if (!std::isfinite(low) || !std::isfinite(high)) return false;
  if (axis.logarithmic && (low < -290.0 || high > 290.0)) return false;
  const double magnitude = std::max(std::abs(low), std::abs(high));
  return high - low > 1e-12 * magnitude && high - low > 1e-290 && magnitude < 1e290;
}

void zoom(const Axis& axis, PlotRange& range, bool& free, double pixel, double factor) {
  const double fixed = axis.low + (pixel - axis.first) / axis.per_unit;
  const double low = fixed + (axis.low - fixed) * factor, high = fixed + (axis.high - fixed) * factor;
  if (!can_show(axis, low, high)) return;
  range = range_of(axis, low, high);
  free = true;
}

void pan(const Axis& axis, PlotRange& range, bool& free, double pixels) {
  const double shift = -pixels / axis.per_unit;
  if (!can_show(axis, axis.low + shift, axis.high + shift)) return;
  range = range_of(axis, axis.low + shift, axis.high + shift);
  free = true;
}

void zoom_to(const Axis& axis, PlotRange& range, bool& free, double pixel, double other_pixel) {
  double low = axis.low + (pixel - axis.first) / axis.per_unit;
  double high = axis.low + (other_pixel - axis.first) / axis.per_unit;
  if (high < low) std::swap(low, high);
  if (!can_show(axis, low, high)) return;
  range = range_of(axis, low, high);
  free = true;
}

ImVec2 clamp_into(const PlotCanvas& canvas, ImVec2 p) {
  return {std::clamp(p.x, canvas.inner_min.x, canvas.inner_max.x),
          std::clamp(p.y, canvas.inner_min.y, canvas.inner_max.y)};
}

PlotMemory::Region region_of(const PlotCanvas& canvas, ImVec2 p) {
  if (p.y >= canvas.inner_max.y) return PlotMemory::Region::x_axis;
  if (p.x < canvas.inner_min.x) return PlotMemory::Region::y_axis;
  return PlotMemory::Region::inside;
}

bool within(ImVec2 p, ImVec2 low, ImVec2 high) { return p.x >= low.x && p.x < high.x && p.y >= low.y && p.y < high.y; }

bool escape_pressed() {
#if IMGUI_VERSION_NUM >= 18700
  return ImGui::IsKeyPressed(ImGuiKey_Escape);
#else
  const int key = ImGui::GetKeyIndex(ImGuiKey_Escape);
  return key >= 0 && ImGui::IsKeyPressed(key);
#endif
}

/// A box that is narrow in one direction zooms in the other alone.
struct ZoomBox {
  ImVec2 from, to;
  bool x, y;
};

ZoomBox zoom_box(const PlotCanvas& canvas) {
  const ImGuiIO& io = ImGui::GetIO();
  ZoomBox box{clamp_into(canvas, io.MouseClickedPos[1]), clamp_into(canvas, io.MousePos), false, false};
  const float narrow = 2.0f * kDragThreshold;
  box.x = std::abs(box.to.x - box.from.x) > narrow;
  box.y = std::abs(box.to.y - box.from.y) > narrow;
  if (canvas.options.equal) box.x = box.y = box.x && box.y;
  return box;
}

bool wheel(PlotCanvas& canvas) {
  const ImGuiIO& io = ImGui::GetIO();
  if (!canvas.item_hovered || io.MouseWheel == 0.0f || canvas.over_legend) return false;
  PlotView& view = *canvas.view;
  const double factor = std::pow(0.85, double(std::clamp(io.MouseWheel, -20.0f, 20.0f)));
  const auto region = region_of(canvas, io.MousePos);
  const bool both = canvas.options.equal;
  const ImVec2 at = clamp_into(canvas, io.MousePos);
  if (both || region != PlotMemory::Region::y_axis) zoom(canvas.x, view.x, view.x_free, at.x, factor);
  if (both || (region != PlotMemory::Region::x_axis && !io.KeyCtrl)) zoom(canvas.y, view.y, view.y_free, at.y, factor);
  return true;
}

bool drag(PlotCanvas& canvas) {
  const ImGuiIO& io = ImGui::GetIO();
  PlotMemory& memory = *canvas.memory;
  if (!memory.pressed || memory.pressed_legend) return false;
  ImVec2 moved = io.MouseDelta;
  if (!memory.panning) {
    if (io.MouseDragMaxDistanceSqr[0] < kDragThreshold * kDragThreshold) return false;
    memory.panning = true;
    moved = {io.MousePos.x - io.MouseClickedPos[0].x, io.MousePos.y - io.MouseClickedPos[0].y};
  }
  if (moved.x == 0.0f && moved.y == 0.0f) return false;
  PlotView& view = *canvas.view;
  const bool both = canvas.options.equal;
  if (both || memory.region != PlotMemory::Region::y_axis) pan(canvas.x, view.x, view.x_free, moved.x);
  if (both || memory.region != PlotMemory::Region::x_axis) pan(canvas.y, view.y, view.y_free, moved.y);
  return true;
}

bool box(PlotCanvas& canvas) {
  const ImGuiIO& io = ImGui::GetIO();
  PlotMemory& memory = *canvas.memory;
  if (canvas.hovered() && ImGui::IsMouseClicked(1)) memory.boxing = true;
  if (!memory.boxing || io.MouseDown[1]) return false;
  memory.boxing = false;
  const ZoomBox zoomed = zoom_box(canvas);
  PlotView& view = *canvas.view;
  if (zoomed.x) zoom_to(canvas.x, view.x, view.x_free, zoomed.from.x, zoomed.to.x);
  if (zoomed.y) zoom_to(canvas.y, view.y, view.y_free, zoomed.from.y, zoomed.to.y);
  if (canvas.options.equal && zoomed.x) {
    // All of the box stays in sight: its x range grows here where lay_out() would cut its y range.
    const double x_unit = view.x.size() / canvas.inner_width(), y_unit = view.y.size() / canvas.inner_height();
    if (y_unit > x_unit) {
      const double centre = 0.5 * (view.x.low + view.x.high), half = 0.5 * y_unit * canvas.inner_width();
      view.x = {centre - half, centre + half};
    }
  }
  return zoomed.x || zoomed.y;
}

}  // namespace

void fit_all_plots() { last_request = {last_request.number + 1, ImGui::GetFrameCount()}; }

// Plots that were drawn before the request in its frame follow it in the next.
int fit_request() {
  const int age = ImGui::GetFrameCount() - last_request.frame;
  return age == 0 || age == 1 ? last_request.number : 0;
}

void fit(PlotCanvas& canvas) {
  PlotView& view = *canvas.view;
  view.x_free = view.y_free = false;
  if (canvas.fit_x) view.x = *canvas.fit_x;
  if (canvas.fit_y) view.y = *canvas.fit_y;
}

bool take_mouse(PlotCanvas& canvas) {
  const ImGuiIO& io = ImGui::GetIO();
  PlotMemory& memory = *canvas.memory;
  const bool interactive = canvas.options.interactive;
  canvas.over_legend = canvas.item_hovered && within(io.MousePos, memory.legend_min, memory.legend_max);

  const bool pressed_now = canvas.item_hovered && ImGui::IsMouseClicked(0);
  if (pressed_now) {
    memory.pressed = true;
    memory.pressed_legend = canvas.over_legend;
    memory.panning = false;
    memory.region = region_of(canvas, io.MousePos);
  }
  bool changed = false;
  if (memory.pressed && !io.MouseDown[0]) {
    const bool still = io.MouseDragMaxDistanceSqr[0] < kDragThreshold * kDragThreshold;
    if (ImGui::IsMouseReleased(0) && still && memory.pressed_legend) {
      canvas.legend_click = true;
    } else if (ImGui::IsMouseReleased(0) && still && canvas.in_inner(io.MousePos)) {
      canvas.click = {canvas.x.at(io.MousePos.x), canvas.y.at(io.MousePos.y)};
    }
    memory.pressed = memory.panning = memory.pressed_legend = false;
  }
  if (!interactive) return false;
  if (pressed_now && !canvas.over_legend && ImGui::IsMouseDoubleClicked(0)) {
    fit(canvas);
    changed = true;
  }
  if (canvas.item_hovered && !io.WantTextInput && escape_pressed()) {
    memory.boxing = false;
    fit(canvas);
    changed = true;
  }
  if (changed) return true;
  changed |= wheel(canvas);
  changed |= drag(canvas);
  changed |= box(canvas);
  return changed;
}

void draw_zoom_box(const PlotCanvas& canvas) {
  if (!canvas.memory->boxing) return;
  const ZoomBox zoomed = zoom_box(canvas);
  if (!zoomed.x && !zoomed.y) return;
  ImVec2 low{std::min(zoomed.from.x, zoomed.to.x), std::min(zoomed.from.y, zoomed.to.y)};
  ImVec2 high{std::max(zoomed.from.x, zoomed.to.x), std::max(zoomed.from.y, zoomed.to.y)};
  if (!zoomed.x) low.x = canvas.inner_min.x, high.x = canvas.inner_max.x;
  if (!zoomed.y) low.y = canvas.inner_min.y, high.y = canvas.inner_max.y;
  canvas.draw->AddRectFilled(low, high, with_alpha(colours().accent, 0.15f));
  canvas.draw->AddRect(low, high, with_alpha(colours().accent, 0.9f));
}

}  // namespace jko::ui
