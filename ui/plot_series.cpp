#include <algorithm>
#include <cmath>
#include <string_view>

#include "ui/colours.hpp"
#include "ui/plot_canvas.hpp"

namespace jko::ui {
namespace {

/// Space for thinning, of the largest call so far.
std::vector<PlotPoint> line_points;
std::vector<BandPoint> band_points;
TakenCells taken_cells;

bool is_hidden(const PlotCanvas& canvas, const char* name) {
  const std::vector<std::string>& hidden = canvas.view->hidden;
  return std::find(hidden.begin(), hidden.end(), name) != hidden.end();
}

/// Enters a series into the legend; false if it is not to be drawn.
bool enter(PlotCanvas& canvas, const char* name, ImU32 colour, LegendEntry::Kind kind) {
  settle(canvas);
  const std::string_view shown = name ? name : "";
  if (shown.empty() || shown.substr(0, 2) == "##") return true;
  const bool hidden = is_hidden(canvas, name);
  const auto same = [&](const LegendEntry& entry) { return entry.name == shown; };
  if (std::none_of(canvas.legend.begin(), canvas.legend.end(), same)) {
    canvas.legend.push_back({std::string(shown), with_alpha(colour, 1.0f), kind, hidden});
  }
  return !hidden;
}

/// Gives what is in sight to the export.
void collect(PlotCanvas& canvas, const char* name, const Series& series, const char* suffix = "") {
  if (!canvas.sink) return;
  PlotData::Column column;
  column.name = std::string(name ? name : "") + suffix;
  for (Index i = 0; i < series.count; ++i) {
    const double x = series.x[i * series.stride], y = series.y[i * series.stride];
    if (!(x >= canvas.view->x.low && x <= canvas.view->x.high) || !std::isfinite(y)) continue;
    column.x.push_back(x);
    column.y.push_back(y);
  }
  if (!column.x.empty()) (*canvas.sink)[canvas.sink_index].columns.push_back(std::move(column));
}

void thin(const PlotCanvas& canvas, const Series& series) {
  thin_line(series, canvas.view->x.low, canvas.view->x.high, int(canvas.inner_width()), canvas.y.logarithmic,
            line_points);
}

bool is_gap(const PlotPoint& point) { return std::isnan(point.y); }

/// The thinned points to pixels, in place.
void to_pixels_in_place(const PlotCanvas& canvas) {
  for (PlotPoint& point : line_points) {
    if (!is_gap(point)) point = {canvas.x.pixel(point.x), canvas.y.pixel(point.y)};
  }
}

/// A line that goes up and down within its pixel columns: a box for each of them, which meets those beside it. Its
/// segments would be four for each column.
void stroke_columns(PlotCanvas& canvas, ImU32 colour, float width) {
  const std::vector<PlotPoint>& p = line_points;
  const PixelBox box = canvas.box();
  const double half = 0.5 * std::max(1.0, double(width * ui_scale()));
  double last_low = 0.0, last_high = 0.0;
  bool joined = false;
  for (std::size_t i = 0; i < p.size();) {
    if (is_gap(p[i])) {
      joined = false;
      ++i;
      continue;
    }
    const double column = std::floor(p[i].x);
    double low = p[i].y, high = p[i].y;
    for (; i < p.size() && !is_gap(p[i]) && std::floor(p[i].x) == column; ++i) {
      low = std::min(low, p[i].y);
      high = std::max(high, p[i].y);
    }
    const double own_low = low, own_high = high;
    if (joined) {
      low = std::min(low, last_high);
      high = std::max(high, last_low);
    }
    last_low = own_low, last_high = own_high;
    joined = true;
    const double top = std::max(low - half, box.top - 4.0), bottom = std::min(high + half, box.bottom + 4.0);
    if (column < box.left - 1.0 || column > box.right || !(top < bottom)) continue;
    fill_box(canvas.draw, float(column), float(top), float(column) + 1.0f, float(bottom), colour);
  }
}

/// A line through line_points, which are pixels.
void stroke(PlotCanvas& canvas, ImU32 colour, float width) {
  if (double(line_points.size()) > 2.5 * canvas.inner_width()) return stroke_columns(canvas, colour, width);
  Pen pen(canvas.draw, canvas.box(), colour, width * ui_scale());
  const std::vector<PlotPoint>& p = line_points;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (is_gap(p[i])) continue;
    const bool joined = i > 0 && !is_gap(p[i - 1]), joins = i + 1 < p.size() && !is_gap(p[i + 1]);
    if (joins) {
      pen.segment(p[i].x, p[i].y, p[i + 1].x, p[i + 1].y);
    } else if (!joined) {
      pen.dot(p[i].x, p[i].y);
    }
  }
}

/// Where stems and areas begin: on a logarithmic axis, which has no zero, at the lower edge.
double base_pixel(const PlotCanvas& canvas, double base) {
  if (canvas.y.logarithmic && !(base > 0.0)) return canvas.inner_max.y;
  return std::clamp(canvas.y.pixel(base), canvas.inner_min.y - 4.0, canvas.inner_max.y + 4.0);
}

}  // namespace

void Plot::line(const char* name, const Series& series, ImU32 colour, float width) {
  PlotCanvas& canvas = implementation_->canvas;
  if (!enter(canvas, name, colour, LegendEntry::Kind::line)) return;
  collect(canvas, name, series);
  if (!canvas.visible) return;
  const Clip clip(canvas);
  thin(canvas, series);
  to_pixels_in_place(canvas);
  stroke(canvas, colour, width);
  read_line(canvas, name, series, colour);
}

void Plot::area(const char* name, const Series& series, ImU32 colour, double base) {
  PlotCanvas& canvas = implementation_->canvas;
  if (!enter(canvas, name, colour, LegendEntry::Kind::area)) return;
  collect(canvas, name, series);
  if (!canvas.visible) return;
  const Clip clip(canvas);
  thin(canvas, series);
  to_pixels_in_place(canvas);
  const double bottom = base_pixel(canvas, base);
  const PixelBox box = canvas.box();
  const ImU32 inside = with_alpha(colour, 0.25f);
  for (std::size_t i = 0; i + 1 < line_points.size(); ++i) {
    const PlotPoint &a = line_points[i], &b = line_points[i + 1];
    if (!is_gap(a) && !is_gap(b)) fill_strip(canvas.draw, box, a.x, a.y, bottom, b.x, b.y, bottom, inside);
  }
  stroke(canvas, colour, 1.5f);
  read_line(canvas, name, series, colour);
}

void Plot::band(const char* name, const Series& low, const Series& high, ImU32 colour) {
  PlotCanvas& canvas = implementation_->canvas;
  if (!enter(canvas, name, colour, LegendEntry::Kind::area)) return;
  collect(canvas, name, low, " low");
  collect(canvas, name, high, " high");
  if (!canvas.visible) return;
  const Clip clip(canvas);
  thin_band(low, high, canvas.view->x.low, canvas.view->x.high, int(canvas.inner_width()), canvas.y.logarithmic,
            band_points);
  const PixelBox box = canvas.box();
  for (std::size_t i = 0; i + 1 < band_points.size(); ++i) {
    const BandPoint &a = band_points[i], &b = band_points[i + 1];
    if (std::isnan(a.x) || std::isnan(b.x)) continue;
    fill_strip(canvas.draw, box, canvas.x.pixel(a.x), canvas.y.pixel(a.low), canvas.y.pixel(a.high),
               canvas.x.pixel(b.x), canvas.y.pixel(b.low), canvas.y.pixel(b.high), colour);
  }
  read_band(canvas, name, low, high, colour);
}

void Plot::points(const char* name, const Series& series, ImU32 colour, float radius) {
  points(name, series, nullptr, colour, radius);
}

void Plot::points(const char* name, const Series& series, const float* opacity, ImU32 colour, float radius) {
  PlotCanvas& canvas = implementation_->canvas;
  if (!enter(canvas, name, colour, LegendEntry::Kind::dot)) return;
  collect(canvas, name, series);
  if (!canvas.visible || series.count <= 0) return;
  const Clip clip(canvas);
  radius *= ui_scale();
  const ImVec2 low = canvas.inner_min, high = canvas.inner_max;
  const bool logarithmic = canvas.y.logarithmic;
  const auto visible = [&](double x, double y) {
    return x >= low.x - radius && x <= high.x + radius && y >= low.y - radius && y <= high.y + radius;
  };

  if (opacity) {
    // Opacities add up, so that every point counts; too many of them are every few.
    const Index every = (series.count + kMostPoints - 1) / kMostPoints;
    const bool coarse = series.count > 500;
    const float own = float(colour >> IM_COL32_A_SHIFT & 0xff) / 255.0f;
    for (Index i = 0; i < series.count; i += every) {
      const double y_value = series.y[i * series.stride];
      if (logarithmic && !(y_value > 0.0)) continue;
      const double x = canvas.x.pixel(series.x[i * series.stride]), y = canvas.y.pixel(y_value);
      if (!visible(x, y) || !(opacity[i] > 0.0f)) continue;
      fill_dot(canvas.draw, float(x), float(y), radius, with_alpha(colour, own * std::min(opacity[i], 1.0f)), coarse);
    }
  } else {
    // One point for each cell of a pixel; if these are too many still, of coarser cells.
    for (double cell = 1.0; cell < 100.0; cell *= 2.0) {
      taken_cells.reset(high.x - low.x + 2.0 * radius, high.y - low.y + 2.0 * radius, cell);
      line_points.clear();
      const double *x_value = series.x, *y_value = series.y;
      for (Index i = 0; i < series.count && Index(line_points.size()) <= kMostPoints;
           ++i, x_value += series.stride, y_value += series.stride) {
        if (logarithmic && !(*y_value > 0.0)) continue;
        const double x = canvas.x.pixel(*x_value), y = canvas.y.pixel(*y_value);
        if (taken_cells.take(x - low.x + radius, y - low.y + radius)) line_points.push_back({x, y});
      }
      if (Index(line_points.size()) <= kMostPoints) break;
    }
    const bool coarse = line_points.size() > 500;
    for (const PlotPoint& p : line_points) fill_dot(canvas.draw, float(p.x), float(p.y), radius, colour, coarse);
  }
  read_points(canvas, name, series, colour);
}

void Plot::stems(const char* name, const Series& series, ImU32 colour) {
  PlotCanvas& canvas = implementation_->canvas;
  if (!enter(canvas, name, colour, LegendEntry::Kind::line)) return;
  collect(canvas, name, series);
  if (!canvas.visible) return;
  const Clip clip(canvas);
  thin(canvas, series);
  to_pixels_in_place(canvas);
  const float base = float(base_pixel(canvas, 0.0)), width = std::max(1.0f, std::round(ui_scale()));
  const bool heads = line_points.size() < 200;
  for (const PlotPoint& p : line_points) {
    if (is_gap(p) || p.x < canvas.inner_min.x - 4.0 || p.x > canvas.inner_max.x + 4.0) continue;
    const float x = std::floor(float(p.x) - 0.5f * width + 0.5f);
    const float y = float(std::clamp(p.y, canvas.inner_min.y - 8.0, canvas.inner_max.y + 8.0));
    fill_box(canvas.draw, x, std::min(y, base), x + width, std::max(y, base), colour);
    if (heads) fill_dot(canvas.draw, x + 0.5f * width, y, 2.0f * ui_scale(), colour, false);
  }
  read_points(canvas, name, series, colour);
}

void Plot::rug(const char* name, const double* x, Index count, ImU32 colour) {
  PlotCanvas& canvas = implementation_->canvas;
  if (!enter(canvas, name, colour, LegendEntry::Kind::line)) return;
  if (canvas.sink) {
    const std::vector<double> zero(std::size_t(std::max<Index>(count, 0)), 0.0);
    collect(canvas, name, {x, zero.data(), count, 1});
  }
  if (!canvas.visible) return;
  const Clip clip(canvas);
  const double width = canvas.inner_width();
  const float height = std::min(0.15f * canvas.inner_height(), 0.6f * ImGui::GetFontSize());
  taken_cells.reset(width, 1.0, std::max(1.0, width / double(kMostPoints)));
  for (Index i = 0; i < count; ++i) {
    const double at = canvas.x.pixel(x[i]) - canvas.inner_min.x;
    if (!taken_cells.take(at, 0.0)) continue;
    const float left = canvas.inner_min.x + std::floor(float(at));
    fill_box(canvas.draw, left, canvas.inner_max.y - height, left + 1.0f, canvas.inner_max.y, colour);
  }
}

void Plot::arrows(const char* name, const Series& from, const Series& to, ImU32 colour) {
  PlotCanvas& canvas = implementation_->canvas;
  if (!enter(canvas, name, colour, LegendEntry::Kind::line)) return;
  collect(canvas, name, from, " from");
  collect(canvas, name, to, " to");
  if (!canvas.visible) return;
  const Clip clip(canvas);
  Pen pen(canvas.draw, canvas.box(), colour, ui_scale());
  const Index count = std::min(from.count, to.count), every = std::max<Index>(1, (count + 3999) / 4000);
  const double largest_head = 5.0 * ui_scale();
  for (Index i = 0; i < count; i += every) {
    const double x0 = canvas.x.pixel(from.x[i * from.stride]), y0 = canvas.y.pixel(from.y[i * from.stride]);
    const double x1 = canvas.x.pixel(to.x[i * to.stride]), y1 = canvas.y.pixel(to.y[i * to.stride]);
    const double length = std::hypot(x1 - x0, y1 - y0);
    if (!(length > 0.5) || !std::isfinite(length)) continue;
    const double head = std::min(largest_head, 0.5 * length);
    const double ux = (x1 - x0) / length * head, uy = (y1 - y0) / length * head;
    pen.segment(x0, y0, x1 - ux, y1 - uy);
    if (!canvas.in_inner({float(x1), float(y1)})) continue;
    canvas.draw->AddTriangleFilled({float(x1), float(y1)}, {float(x1 - ux - 0.5 * uy), float(y1 - uy + 0.5 * ux)},
                                   {float(x1 - ux + 0.5 * uy), float(y1 - uy - 0.5 * ux)}, colour);
  }
}

void Plot::segments(const char* name, const Series& ends, ImU32 colour, float width) {
  PlotCanvas& canvas = implementation_->canvas;
  if (!enter(canvas, name, colour, LegendEntry::Kind::line)) return;
  collect(canvas, name, ends);
  if (!canvas.visible) return;
  const Clip clip(canvas);
  Pen pen(canvas.draw, canvas.box(), colour, width * ui_scale());
  const Index count = ends.count / 2, every = std::max<Index>(1, (count + kMostPoints - 1) / kMostPoints);
  const auto x = [&](Index i) { return canvas.x.pixel(ends.x[i * ends.stride]); };
  const auto y = [&](Index i) { return canvas.y.pixel(ends.y[i * ends.stride]); };
  for (Index i = 0; i < count; i += every) {
    const double x0 = x(2 * i), y0 = y(2 * i), x1 = x(2 * i + 1), y1 = y(2 * i + 1);
    if (std::isfinite(x0 + y0 + x1 + y1)) pen.segment(x0, y0, x1, y1);
  }
}

void Plot::image(Texture texture, double x_low, double x_high, double y_low, double y_high) {
  PlotCanvas& canvas = implementation_->canvas;
  settle(canvas);
  if (!canvas.visible) return;
  const ImVec2 a = to_pixels(x_low, y_high), b = to_pixels(x_high, y_low);
  if (!std::isfinite(a.x + a.y + b.x + b.y) || a.x == b.x || a.y == b.y) return;
  // Cut here and not by the clip alone: a corner of a zoomed view is too far away for single precision.
  const auto part = [](float at, float from, float to) { return (at - from) / (to - from); };
  const ImVec2 low{std::max(a.x, canvas.inner_min.x), std::max(a.y, canvas.inner_min.y)};
  const ImVec2 high{std::min(b.x, canvas.inner_max.x), std::min(b.y, canvas.inner_max.y)};
  if (!(high.x > low.x && high.y > low.y)) return;
  const Clip clip(canvas);
  canvas.draw->AddImage(texture, low, high, {part(low.x, a.x, b.x), part(low.y, a.y, b.y)},
                        {part(high.x, a.x, b.x), part(high.y, a.y, b.y)});
}

void Plot::vertical(const char* name, double x, ImU32 colour, float width) {
  PlotCanvas& canvas = implementation_->canvas;
  if (!enter(canvas, name, colour, LegendEntry::Kind::line) || !std::isfinite(x)) return;
  if (canvas.sink) {
    const double xs[] = {x, x}, ys[] = {canvas.view->y.low, canvas.view->y.high};
    collect(canvas, name, {xs, ys, 2, 1});
  }
  if (!canvas.visible) return;
  const Clip clip(canvas);
  const double at = std::floor(canvas.x.pixel(x)) + 0.5;
  Pen(canvas.draw, canvas.box(), colour, width * ui_scale()).segment(at, canvas.inner_min.y, at, canvas.inner_max.y);
}

void Plot::horizontal(const char* name, double y, ImU32 colour, float width) {
  PlotCanvas& canvas = implementation_->canvas;
  if (!enter(canvas, name, colour, LegendEntry::Kind::line) || !std::isfinite(y)) return;
  if (canvas.y.logarithmic && !(y > 0.0)) return;
  if (canvas.sink) {
    const double xs[] = {canvas.view->x.low, canvas.view->x.high}, ys[] = {y, y};
    collect(canvas, name, {xs, ys, 2, 1});
  }
  if (!canvas.visible) return;
  const Clip clip(canvas);
  const double at = std::floor(canvas.y.pixel(y)) + 0.5;
  Pen(canvas.draw, canvas.box(), colour, width * ui_scale()).segment(canvas.inner_min.x, at, canvas.inner_max.x, at);
}

void Plot::vertical_band(const char* name, double low, double high, ImU32 colour) {
  PlotCanvas& canvas = implementation_->canvas;
  if (!enter(canvas, name, colour, LegendEntry::Kind::area) || !canvas.visible) return;
  const auto edge = [&](double x) {
    return float(std::clamp(canvas.x.pixel(x), double(canvas.inner_min.x), double(canvas.inner_max.x)));
  };
  if (std::isnan(low) || std::isnan(high)) return;
  const float left = edge(std::min(low, high)), right = edge(std::max(low, high));
  if (right <= left) return;
  const Clip clip(canvas);
  fill_box(canvas.draw, left, canvas.inner_min.y, right, canvas.inner_max.y, colour);
}

void Plot::marker(const char* name, double x, double y, ImU32 colour) {
  PlotCanvas& canvas = implementation_->canvas;
  if (!enter(canvas, name, colour, LegendEntry::Kind::dot)) return;
  if (!std::isfinite(x) || !std::isfinite(y) || (canvas.y.logarithmic && !(y > 0.0))) return;
  collect(canvas, name, {&x, &y, 1, 1});
  const float size = 5.0f * ui_scale();
  const ImVec2 at = to_pixels(x, y);
  const bool near = at.x > canvas.inner_min.x - size && at.x < canvas.inner_max.x + size &&
                    at.y > canvas.inner_min.y - size && at.y < canvas.inner_max.y + size;
  if (!canvas.visible || !near) return;
  const Clip clip(canvas);
  const auto diamond = [&](float reach, ImU32 fill) {
    canvas.draw->AddQuadFilled({at.x, at.y - reach}, {at.x + reach, at.y}, {at.x, at.y + reach}, {at.x - reach, at.y},
                               fill);
  };
  diamond(size + 1.5f * ui_scale(), colours().plot_background);
  diamond(size, colour);
}

void Plot::text(double x, double y, const char* text, ImU32 colour) {
  PlotCanvas& canvas = implementation_->canvas;
  settle(canvas);
  const ImVec2 at = to_pixels(x, y);
  if (!canvas.visible || !canvas.in_inner(at)) return;
  const Clip clip(canvas);
  canvas.draw->AddText({std::round(at.x), std::round(at.y)}, colour, text);
}

void Plot::hint(const char* text) {
  PlotCanvas& canvas = implementation_->canvas;
  settle(canvas);
  if (!canvas.visible) return;
  const float wrap = std::max(1.0f, 0.9f * canvas.inner_width());
  const ImVec2 size = ImGui::CalcTextSize(text, nullptr, false, wrap);
  const ImVec2 at{std::round(canvas.inner_min.x + 0.5f * (canvas.inner_width() - size.x)),
                  std::round(canvas.inner_min.y + 0.5f * (canvas.inner_height() - size.y))};
  const Clip clip(canvas);
  canvas.draw->AddText(ImGui::GetFont(), ImGui::GetFontSize(), at, colours().faint_text, text, nullptr, wrap);
}

}  // namespace jko::ui
