#pragma once
/// One plot, drawn on ImDrawList in immediate mode: begin, draw, end. Nothing is kept for the caller but what he gives:
/// the PlotView holds the visible ranges.
///
///     static PlotView view;                                        // kept by the panel
///     Plot plot("density", view, {"x", "density"}, size);
///     plot.fit_x(-4, 4);                                           // what F and a double click go back to
///     plot.fit_y(0, 0.8);
///     plot.area("posterior", {x.data(), pdf.data(), n}, colours().posterior);
///     plot.line("prediction", {x.data(), prior.data(), n}, colours().prediction, 1.5f);
///     plot.vertical("mean", mean, colours().mean);
///     plot.end();                                                  // axes, legend, cursor; or by the destructor
///
/// Names stand in the legend, where a click hides what they name; "" and names that begin with "##" do not.
///
/// The mouse: drag pans, the wheel zooms at the cursor (both over an axis: that axis alone; the wheel with Ctrl: x
/// alone), a drag with the right button zooms to a box, a double click or Escape fits. A view that was zoomed or panned
/// stays as it is while data stream in, until it is fitted. Lines are thinned to what pixels show (least and largest
/// value of each pixel column), so that a call never draws more than about 8,000 points, however many it is given.

#include <imgui.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jko/types.hpp"

namespace jko::ui {

/// `count` points, without a copy. A y that is not finite is a gap.
struct Series {
  const double* x = nullptr;
  const double* y = nullptr;
  Index count = 0;
  std::ptrdiff_t stride = 1;  ///< in doubles
};

struct PlotRange {
  double low = 0.0, high = 1.0;
  double size() const { return high - low; }
};

/// What is visible of a plot. Plots that share an axis copy it from one to the other.
struct PlotView {
  PlotRange x, y;
  bool x_free = false, y_free = false;  ///< the user has chosen the range: fit_x() and fit_y() no longer set it
  std::vector<std::string> hidden;      ///< names of the legend that were clicked away
};

struct PlotOptions {
  const char* x_label = "";
  const char* y_label = "";
  bool legend = true;
  bool legend_left = false;  ///< at the left upper corner: where the newest data are at the right
  bool x_ticks = true;       ///< numbers below; off for all but the lowest of plots that share their x axis
  bool y_ticks = true;
  bool equal = false;  ///< a unit of x is as long as one of y
  bool log_y = false;  ///< y is shown by its logarithm; values <= 0 are gaps
  bool interactive = true;
  bool cursor = true;  ///< crosshair and values under the mouse
};

/// A picture in a plot: pixels that somebody has made a texture of.
using Texture = ImTextureID;

/// What a frame's plots were made of, for export: one table of all series.
struct PlotData {
  std::string plot;
  struct Column {
    std::string name;
    std::vector<double> x, y;
  };
  std::vector<Column> columns;
  /// Long format: "series,x,y".
  std::string csv() const;
};

class Plot {
 public:
  /// Takes `size` at ImGui's cursor; a component that is 0 fills what is there. `id` must be unique in its window.
  Plot(const char* id, PlotView& view, const PlotOptions& options = {}, ImVec2 size = {0, 0});
  ~Plot();
  Plot(const Plot&) = delete;
  Plot& operator=(const Plot&) = delete;

  /// The range that is shown unless the user has chosen another. Before anything is drawn.
  void fit_x(double low, double high);
  void fit_y(double low, double high);

  void line(const char* name, const Series& series, ImU32 colour, float width = 1.5f);
  /// From `base` to the values, filled and outlined.
  void area(const char* name, const Series& series, ImU32 colour, double base = 0.0);
  /// Between two series with the same x.
  void band(const char* name, const Series& low, const Series& high, ImU32 colour);
  void points(const char* name, const Series& series, ImU32 colour, float radius = 2.0f);
  /// As points, each with its own opacity in [0, 1].
  void points(const char* name, const Series& series, const float* opacity, ImU32 colour, float radius = 2.0f);
  void stems(const char* name, const Series& series, ImU32 colour);
  /// Short strokes at the lower edge: `x` only is looked at.
  void rug(const char* name, const double* x, Index count, ImU32 colour);
  /// From (x0, y0)[i] to (x1, y1)[i], with heads.
  void arrows(const char* name, const Series& from, const Series& to, ImU32 colour);
  /// Separate segments: points 2i and 2i+1 (contours are made of them).
  void segments(const char* name, const Series& ends, ImU32 colour, float width = 1.0f);
  void image(Texture texture, double x_low, double x_high, double y_low, double y_high);
  void vertical(const char* name, double x, ImU32 colour, float width = 1.5f);
  void horizontal(const char* name, double y, ImU32 colour, float width = 1.5f);
  /// A filled strip along the whole height.
  void vertical_band(const char* name, double low, double high, ImU32 colour);
  /// A small mark at a point: a filled diamond with an outline.
  void marker(const char* name, double x, double y, ImU32 colour);
  void text(double x, double y, const char* text, ImU32 colour);
  /// In the middle of the plot: for plots that have nothing to show, what to do about it.
  void hint(const char* text);
  /// A line of its own in the cursor's box.
  void cursor_note(const std::string& text);

  /// Draws axes, legend and cursor, and takes the mouse. Called by the destructor if it was not called before.
  void end();

  bool hovered() const;
  /// Where the mouse is, in the plot's units; nothing if it is elsewhere.
  std::optional<std::pair<double, double>> mouse() const;
  /// A click (press and release in the same place) inside, in the plot's units.
  std::optional<std::pair<double, double>> clicked() const;
  /// While the left button is held down in a plot that is not interactive: for drawing with the mouse.
  std::optional<std::pair<double, double>> painted() const;
  /// Pixels of the inner rectangle: what an image should be made for.
  ImVec2 inner_size() const;
  ImVec2 inner_min() const;
  ImVec2 to_pixels(double x, double y) const;

  struct Implementation;  ///< plot_canvas.hpp

 private:
  Implementation* implementation_;  ///< of a pool that lives as long as the frame: no allocation for a plot
};

/// While set, plots give what they draw and is in sight to it: for "export what is shown". A plot on a hidden tab is
/// not drawn and gives nothing; images, texts and vertical bands are not in it. Cleared (null) by the caller after a
/// frame.
void collect_plots(std::vector<PlotData>* into);

/// Visible ranges of all plots of this frame go back to what fits (key F): of those still to be drawn at once, of the
/// others in the next frame.
void fit_all_plots();

/// Ticks for people: multiples of 1, 2 or 5 times a power of ten, about `count` of them, all within the range.
std::vector<double> nice_ticks(double low, double high, int count);
/// As short as the step allows: "0.25", "-3", "1.2e6".
std::string tick_text(double value, double step);

}  // namespace jko::ui
