#include <algorithm>
#include <cmath>

#include "ui/colours.hpp"
#include "ui/landmarks.hpp"
#include "ui/plot_canvas.hpp"

namespace jko::ui {
namespace {

constexpr std::size_t kMostValues = 8;  ///< lines of the cursor's box

/// Whether `at` lies between the first and the last x of points in order; then `index` and the next are around it.
bool bracket(const Series& series, double at, Index& index) {
  const Index n = series.count;
  const auto x = [&series](Index i) { return series.x[i * series.stride]; };
  if (n < 2 || !(x(0) <= at) || !(at <= x(n - 1))) return false;
  // A path that goes to and fro has no value at x. A few probes tell nearly all of them.
  const Index step = std::max<Index>(1, n / 32);
  for (Index i = step; i < n; i += step) {
    if (x(i) < x(i - step)) return false;
  }
  Index low = 0, high = n - 1;
  while (high - low > 1) {
    const Index middle = low + (high - low) / 2;
    (x(middle) <= at ? low : high) = middle;
  }
  index = low;
  return x(low) <= at && at <= x(high);
}

double interpolate(const Series& series, Index index, double at) {
  const double x0 = series.x[index * series.stride], x1 = series.x[(index + 1) * series.stride];
  const double y0 = series.y[index * series.stride], y1 = series.y[(index + 1) * series.stride];
  if (at == x0 || x1 == x0) return y0;  // what follows may be a gap
  const double t = (at - x0) / (x1 - x0);
  return t == 1.0 ? y1 : y0 + t * (y1 - y0);
}

/// Of a value on the y axis: a tenth of a pixel.
std::string y_text(const PlotCanvas& canvas, double y) {
  return value_text(y, canvas.y.logarithmic ? 1e-4 * std::abs(y) : 0.1 / std::abs(canvas.y.per_unit));
}

std::string label(const char* name, const std::string& text) {
  return name && *name && std::string_view(name).substr(0, 2) != "##" ? std::string(name) + ": " + text : text;
}

bool reads(const PlotCanvas& canvas) { return canvas.reads_cursor() && canvas.values.size() < kMostValues; }

double cursor_x(const PlotCanvas& canvas) { return canvas.x.at(ImGui::GetIO().MousePos.x); }

void swatch(ImDrawList* draw, ImVec2 at, float size, const LegendEntry& entry) {
  const ImU32 colour = with_alpha(entry.colour, entry.hidden ? 0.25f : 1.0f);
  const float middle = at.y + 0.5f * size;
  switch (entry.kind) {
    case LegendEntry::Kind::line:
      draw->AddRectFilled({at.x, middle - 0.1f * size}, {at.x + size, middle + 0.1f * size}, colour);
      break;
    case LegendEntry::Kind::area:
      draw->AddRectFilled(at, {at.x + size, at.y + size}, colour, 0.2f * size);
      break;
    case LegendEntry::Kind::dot:
      draw->AddCircleFilled({at.x + 0.5f * size, middle}, 0.3f * size, colour);
      break;
  }
}

}  // namespace

void read_line(PlotCanvas& canvas, const char* name, const Series& series, ImU32 colour) {
  if (!reads(canvas)) return;
  const double at = cursor_x(canvas);
  Index index = 0;
  if (!bracket(series, at, index)) return;
  const double value = interpolate(series, index, at);
  if (std::isfinite(value)) canvas.values.push_back({label(name, y_text(canvas, value)), colour});
}

void read_band(PlotCanvas& canvas, const char* name, const Series& low, const Series& high, ImU32 colour) {
  if (!reads(canvas)) return;
  const double at = cursor_x(canvas);
  Index index = 0;
  if (!bracket(low, at, index) || index + 1 >= high.count) return;
  const Series upper{low.x, high.y, std::min(low.count, high.count), low.stride};
  if (high.stride != low.stride) return;
  const double from = interpolate(low, index, at), to = interpolate(upper, index, at);
  if (!std::isfinite(from + to)) return;
  canvas.values.push_back({label(name, y_text(canvas, from) + " … " + y_text(canvas, to)), with_alpha(colour, 1.0f)});
}

void read_points(PlotCanvas& canvas, const char* name, const Series& series, ImU32 colour) {
  if (!reads(canvas)) return;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const double reach = 0.6 * ImGui::GetFontSize();
  const double x_low = canvas.x.at(mouse.x - reach), x_high = canvas.x.at(mouse.x + reach);
  double nearest = reach * reach;
  Index found = -1;
  for (Index i = 0; i < series.count; ++i) {
    const double x = series.x[i * series.stride];
    if (!(x >= x_low && x <= x_high)) continue;
    const double dx = canvas.x.pixel(x) - mouse.x, dy = canvas.y.pixel(series.y[i * series.stride]) - mouse.y;
    const double distance = dx * dx + dy * dy;
    if (distance < nearest) nearest = distance, found = i;
  }
  if (found < 0) return;
  const double x = series.x[found * series.stride], y = series.y[found * series.stride];
  const std::string place = "(" + value_text(x, 0.1 / std::abs(canvas.x.per_unit)) + ", " + y_text(canvas, y) + ")";
  canvas.values.push_back({label(name, place), colour});
}

void draw_legend(PlotCanvas& canvas) {
  PlotMemory& memory = *canvas.memory;
  memory.legend_min = memory.legend_max = {0, 0};
  if (!canvas.options.legend || canvas.legend.empty()) return;
  const float font = ImGui::GetFontSize(), pad = std::round(0.4f * font), mark_size = std::round(0.65f * font);
  const float row = font + std::round(0.15f * font);
  float widest = 0.0f;
  for (const LegendEntry& entry : canvas.legend) {
    widest = std::max(widest, ImGui::CalcTextSize(entry.name.c_str()).x);
  }
  const ImVec2 size{widest + mark_size + 3.0f * pad, row * float(canvas.legend.size()) + pad};
  if (size.x + 2.0f * pad > canvas.inner_width() || size.y + 2.0f * pad > canvas.inner_height()) return;

  const Colours& c = colours();
  ImDrawList* draw = canvas.draw;
  const float left = canvas.options.legend_left ? canvas.inner_min.x + pad : canvas.inner_max.x - pad - size.x;
  const ImVec2 low{left, canvas.inner_min.y + pad};
  const ImVec2 high{low.x + size.x, low.y + size.y};
  memory.legend_min = low, memory.legend_max = high;
  draw->AddRectFilled(low, high, with_alpha(c.plot_background, 0.8f), 3.0f * ui_scale());
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  float y = low.y + 0.5f * pad;
  for (const LegendEntry& entry : canvas.legend) {
    const ImVec2 row_low{low.x, y}, row_high{high.x, y + row};
    mark(canvas.id + "/" + entry.name, row_low, row_high);
    if (canvas.over_legend && mouse.y >= row_low.y && mouse.y < row_high.y) {
      draw->AddRectFilled(row_low, row_high, with_alpha(c.text, 0.1f), 3.0f * ui_scale());
      if (canvas.legend_click) {
        std::vector<std::string>& hidden = canvas.view->hidden;
        const auto found = std::find(hidden.begin(), hidden.end(), entry.name);
        if (found == hidden.end()) {
          hidden.push_back(entry.name);
        } else {
          hidden.erase(found);
        }
      }
    }
    swatch(draw, {low.x + pad, std::round(y + 0.5f * (row - mark_size))}, mark_size, entry);
    draw->AddText({low.x + 2.0f * pad + mark_size, std::round(y + 0.5f * (row - font))},
                  entry.hidden ? c.faint_text : c.text, entry.name.c_str());
    y += row;
  }
}

void draw_cursor(PlotCanvas& canvas) {
  if (!canvas.reads_cursor() || canvas.memory->panning || canvas.memory->boxing) return;
  const Colours& c = colours();
  ImDrawList* draw = canvas.draw;
  const ImVec2 mouse = ImGui::GetIO().MousePos, low = canvas.inner_min, high = canvas.inner_max;
  const float x = std::floor(mouse.x), y = std::floor(mouse.y);
  fill_box(draw, x, low.y, x + 1.0f, high.y, with_alpha(c.cursor, 0.5f));
  fill_box(draw, low.x, y, high.x, y + 1.0f, with_alpha(c.cursor, 0.25f));

  std::string first = "x = " + value_text(canvas.x.at(mouse.x), 1.0 / std::abs(canvas.x.per_unit));
  if (canvas.values.empty()) {
    const double at = canvas.y.at(mouse.y);
    first += ", y = " + value_text(at, canvas.y.logarithmic ? 1e-2 * std::abs(at) : 1.0 / std::abs(canvas.y.per_unit));
  }
  const float font = ImGui::GetFontSize(), pad = std::round(0.4f * font), mark_size = std::round(0.5f * font);
  float width = ImGui::CalcTextSize(first.c_str()).x;
  for (const CursorValue& value : canvas.values) {
    width = std::max(width, mark_size + pad + ImGui::CalcTextSize(value.text.c_str()).x);
  }
  for (const std::string& note : canvas.notes) width = std::max(width, ImGui::CalcTextSize(note.c_str()).x);
  const float row = font + 1.0f;
  const ImVec2 size{width + 2.0f * pad, row * float(1 + canvas.values.size() + canvas.notes.size()) + pad};

  // Right below the cursor, or on its other side where there is no room.
  ImVec2 at{mouse.x + font, mouse.y + font};
  if (at.x + size.x > high.x) at.x = mouse.x - 0.6f * font - size.x;
  if (at.y + size.y > high.y) at.y = mouse.y - 0.6f * font - size.y;
  at.x = std::round(std::max(at.x, low.x)), at.y = std::round(std::max(at.y, low.y));
  if (size.x > canvas.inner_width() || size.y > canvas.inner_height()) {
    // Too small a plot: where the screen has room.
    draw = ImGui::GetForegroundDrawList();
    const ImVec2 screen = ImGui::GetIO().DisplaySize;
    at.x = std::max(0.0f, std::min(mouse.x + font, screen.x - size.x));
    at.y = mouse.y + font + size.y > screen.y ? std::max(0.0f, mouse.y - 0.6f * font - size.y) : mouse.y + font;
  }
  draw->AddRectFilled(at, {at.x + size.x, at.y + size.y}, with_alpha(c.plot_background, 0.9f), 3.0f * ui_scale());
  draw->AddRect(at, {at.x + size.x, at.y + size.y}, with_alpha(c.axis, 0.6f), 3.0f * ui_scale());
  ImVec2 line{at.x + pad, at.y + 0.5f * pad};
  draw->AddText(line, c.text, first.c_str());
  for (const CursorValue& value : canvas.values) {
    line.y += row;
    const float top = std::round(line.y + 0.5f * (font - mark_size));
    draw->AddRectFilled({line.x, top}, {line.x + mark_size, top + mark_size}, value.colour, 0.2f * mark_size);
    draw->AddText({line.x + mark_size + pad, line.y}, c.text, value.text.c_str());
  }
  for (const std::string& note : canvas.notes) {
    line.y += row;
    draw->AddText(line, c.faint_text, note.c_str());
  }
}

}  // namespace jko::ui
