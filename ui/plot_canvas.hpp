#pragma once
/// What the files of Plot share: one plot while it is being drawn, and what is remembered of it until the next frame.

#include <imgui.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ui/plot.hpp"
#include "ui/plot_axes.hpp"
#include "ui/plot_decimation.hpp"
#include "ui/plot_strokes.hpp"

namespace jko::ui {

/// Between frames, by ImGui's id: nothing that the user would miss.
struct PlotMemory {
  enum class Region { inside, x_axis, y_axis };

  int frame = -1;                  ///< last drawn
  float margin = 0.0f;             ///< left of the inner rectangle; kept so that it does not jitter
  int fitted = 0;                  ///< the last request of fit_all_plots() that was followed
  ImVec2 legend_min, legend_max;   ///< as drawn last
  Region region = Region::inside;  ///< where the left button was pressed
  bool pressed = false;            ///< the left button, in this plot
  bool pressed_legend = false;     ///< … in its legend
  bool panning = false;            ///< … and moved
  bool boxing = false;             ///< the right button
};

struct LegendEntry {
  enum class Kind { line, area, dot };
  std::string name;
  ImU32 colour;
  Kind kind;
  bool hidden;
};

struct CursorValue {
  std::string text;
  ImU32 colour;
};

struct PlotCanvas {
  std::string id;
  PlotView* view = nullptr;
  PlotOptions options;
  ImDrawList* draw = nullptr;
  PlotMemory* memory = nullptr;
  ImVec2 outer_min, outer_max, inner_min, inner_max;
  Axis x, y;
  Ticks x_ticks, y_ticks;
  std::optional<PlotRange> fit_x, fit_y;
  bool settled = false, ended = false;
  bool visible = false;       ///< anything of it on the screen
  bool item_hovered = false;  ///< the mouse is over the plot, axes included, and nothing lies above
  bool over_legend = false;
  std::optional<std::pair<double, double>> click;
  bool legend_click = false;
  std::vector<LegendEntry> legend;
  std::vector<CursorValue> values;  ///< of the cursor's box
  std::vector<std::string> notes;
  std::vector<PlotData>* sink = nullptr;
  std::size_t sink_index = 0;

  PixelBox box() const { return {inner_min.x, inner_min.y, inner_max.x, inner_max.y}; }
  bool in_inner(ImVec2 p) const {
    return p.x >= inner_min.x && p.x < inner_max.x && p.y >= inner_min.y && p.y < inner_max.y;
  }
  bool hovered() const { return item_hovered && in_inner(ImGui::GetIO().MousePos); }
  bool reads_cursor() const { return options.cursor && hovered() && !over_legend; }
  float inner_width() const { return inner_max.x - inner_min.x; }
  float inner_height() const { return inner_max.y - inner_min.y; }
};

struct Plot::Implementation {
  PlotCanvas canvas;
};

/// Draws nothing outside of the inner rectangle while it lives.
class Clip {
 public:
  explicit Clip(PlotCanvas& canvas) : draw_(canvas.draw) {
    draw_->PushClipRect(canvas.inner_min, canvas.inner_max, true);
  }
  ~Clip() { draw_->PopClipRect(); }
  Clip(const Clip&) = delete;
  Clip& operator=(const Clip&) = delete;

 private:
  ImDrawList* draw_;
};

/// plot.cpp. Axes, mouse and background: once, when the ranges are known, that is before the first thing is drawn.
void settle(PlotCanvas& canvas);

/// plot_layout.cpp: places the inner rectangle so that the numbers fit, sets the axes.
void lay_out(PlotCanvas& canvas);
/// Background, grid, numbers and labels.
void draw_axes(PlotCanvas& canvas);

/// plot_input.cpp: zooms, pans, fits; true if the ranges are others now.
bool take_mouse(PlotCanvas& canvas);
/// Back to the ranges that fit.
void fit(PlotCanvas& canvas);
int fit_request();  ///< number of the last fit_all_plots() that still holds in this frame; 0: none
void draw_zoom_box(const PlotCanvas& canvas);

/// plot_overlay.cpp
void draw_legend(PlotCanvas& canvas);
void draw_cursor(PlotCanvas& canvas);
/// The value of a line under the cursor, between its points.
void read_line(PlotCanvas& canvas, const char* name, const Series& series, ImU32 colour);
void read_band(PlotCanvas& canvas, const char* name, const Series& low, const Series& high, ImU32 colour);
/// The point nearest to the cursor, if it is near.
void read_points(PlotCanvas& canvas, const char* name, const Series& series, ImU32 colour);

}  // namespace jko::ui
