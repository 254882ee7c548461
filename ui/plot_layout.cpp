#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "ui/colours.hpp"
#include "ui/plot_canvas.hpp"

namespace jko::ui {
namespace {

/// Plots that stand above each other (the same left and right edge) get the widest of their margins, so that their x
/// axes are one below the other.
struct SharedMargin {
  int frame = -1;
  float last = 0.0f, now = 0.0f;
};

SharedMargin& shared_margin(const PlotCanvas& canvas) {
  static std::unordered_map<unsigned long long, SharedMargin> margins;
  const int frame = ImGui::GetFrameCount();
  if (margins.size() > 256) margins.clear();
  const auto edge = [](float x) { return static_cast<unsigned long long>(static_cast<unsigned>(int(x))); };
  SharedMargin& margin = margins[edge(canvas.outer_min.x) << 32 | edge(canvas.outer_max.x)];
  if (margin.frame > frame) margin = {};  // of another context of ImGui
  if (margin.frame != frame) {
    margin.last = margin.frame == frame - 1 ? margin.now : 0.0f;
    margin.now = 0.0f;
    margin.frame = frame;
  }
  return margin;
}

/// One unit of x as long as one of y: the range that shows less of its axis grows about its middle. A range that the
/// user chose in x stays, so that resizing to and fro changes nothing.
void equalise(PlotCanvas& canvas) {
  PlotView& view = *canvas.view;
  const double width = canvas.inner_width(), height = canvas.inner_height();
  const double x_unit = view.x.size() / width, y_unit = view.y.size() / height;
  if (std::abs(x_unit - y_unit) <= 1e-9 * std::max(x_unit, y_unit)) return;
  const auto resize = [](PlotRange& range, double size) {
    const double centre = range.low + 0.5 * range.size();
    range = {centre - 0.5 * size, centre + 0.5 * size};
  };
  if (view.x_free || x_unit > y_unit) {
    resize(view.y, x_unit * height);
  } else {
    resize(view.x, y_unit * width);
  }
}

double widest_text(const Ticks& ticks) {
  float widest = 0.0f;
  for (const double value : ticks.values) widest = std::max(widest, ImGui::CalcTextSize(ticks.text(value).c_str()).x);
  return widest;
}

void choose(const Axis& axis, const PlotRange& range, int count, Ticks& ticks) {
  if (axis.logarithmic) {
    choose_log_ticks(range.low, range.high, count, ticks);
  } else {
    choose_ticks(range.low, range.high, count, ticks);
  }
}

float snap(float pixel) { return std::floor(pixel + 0.5f); }

}  // namespace

void lay_out(PlotCanvas& canvas) {
  PlotView& view = *canvas.view;
  const PlotOptions& options = canvas.options;
  const float font = ImGui::GetFontSize(), gap = std::round(0.35f * font), quantum = std::ceil(0.75f * font);
  const ImVec2 outer{canvas.outer_max.x - canvas.outer_min.x, canvas.outer_max.y - canvas.outer_min.y};
  const bool wide = outer.x > 7.0f * font, high = outer.y > 4.0f * font;

  float top = high ? gap : 0.0f, bottom = high ? gap : 0.0f;
  if (high && *options.y_label) top += font;
  if (high && (options.x_ticks || *options.x_label)) bottom += font + 2.0f;
  const float right = wide ? font : 0.0f;

  // Each attempt at a margin begins with these: equal axes widen them, differently for each width.
  const PlotRange wanted_x = usable_range(view.x, false), wanted_y = usable_range(view.y, options.log_y);
  const auto place = [&](float left) {
    canvas.inner_min = {snap(canvas.outer_min.x + left), snap(canvas.outer_min.y + top)};
    canvas.inner_max = {std::max(canvas.inner_min.x + 1.0f, snap(canvas.outer_max.x - right)),
                        std::max(canvas.inner_min.y + 1.0f, snap(canvas.outer_max.y - bottom))};
    view.x = wanted_x, view.y = wanted_y;
    if (options.equal && !options.log_y) equalise(canvas);
    canvas.x.set(view.x, canvas.inner_min.x, canvas.inner_max.x);
    canvas.y.logarithmic = options.log_y;
    canvas.y.set(view.y, canvas.inner_max.y, canvas.inner_min.y);
  };

  SharedMargin& shared = shared_margin(canvas);
  float& margin = canvas.memory->margin;
  for (int pass = 0; pass < 3; ++pass) {
    place(wide ? std::max(margin, shared.last) : 0.0f);
    choose(canvas.y, view.y, int(canvas.inner_height() / (2.4f * font)), canvas.y_ticks);
    if (!wide) break;
    // At least as for four digits: a step of the wheel seldom asks for more, and then nothing moves.
    const float least = ImGui::CalcTextSize("-0.00").x;
    const float widest = options.y_ticks && high ? std::max(least, float(widest_text(canvas.y_ticks))) + gap : gap;
    const float needed = quantum * std::ceil(widest / quantum);
    // Not narrower at once: numbers that come and go would move the picture.
    if (needed <= margin && needed >= margin - 2.0f * quantum) break;
    margin = needed;
  }
  shared.now = std::max(shared.now, margin);

  int count = std::max(1, int(canvas.inner_width() / (4.5f * font)));
  choose(canvas.x, view.x, count, canvas.x_ticks);
  const double room = widest_text(canvas.x_ticks) + font;
  if (room * double(canvas.x_ticks.values.size()) > canvas.inner_width()) {
    count = std::max(1, int(canvas.inner_width() / (1.5 * room)));
    choose(canvas.x, view.x, count, canvas.x_ticks);
  }
}

void draw_axes(PlotCanvas& canvas) {
  const Colours& c = colours();
  ImDrawList* draw = canvas.draw;
  const PlotOptions& options = canvas.options;
  const ImVec2 low = canvas.inner_min, high = canvas.inner_max;
  fill_box(draw, low.x, low.y, high.x, high.y, c.plot_background);
  const float font = ImGui::GetFontSize(), gap = std::round(0.35f * font);
  if (canvas.inner_width() < 2.0f * font || canvas.inner_height() < 2.0f * font) return;

  for (const double value : canvas.x_ticks.values) {
    const float x = std::floor(float(canvas.x.pixel(value)));
    fill_box(draw, x, low.y, x + 1.0f, high.y, c.grid);
  }
  for (const double value : canvas.y_ticks.values) {
    const float y = std::floor(float(canvas.y.pixel(value)));
    fill_box(draw, low.x, y, high.x, y + 1.0f, c.grid);
  }
  fill_box(draw, low.x, high.y, high.x, high.y + 1.0f, c.axis);
  fill_box(draw, low.x - 1.0f, low.y, low.x, high.y + 1.0f, c.axis);

  // The y label, then numbers that do not run into each other or out of the plot.
  if (*options.y_label && low.y - canvas.outer_min.y >= font) {
    draw->AddText({low.x, canvas.outer_min.y}, c.faint_text, options.y_label);
  }
  if (options.y_ticks && low.x - canvas.outer_min.x > gap) {
    for (const double value : canvas.y_ticks.values) {
      const std::string text = canvas.y_ticks.text(value);
      const float y = float(canvas.y.pixel(value)) - 0.5f * font;
      draw->AddText({low.x - gap - ImGui::CalcTextSize(text.c_str()).x, snap(y)}, c.text, text.c_str());
    }
  }
  if (canvas.outer_max.y - high.y < font) return;
  const float y = high.y + 2.0f;
  float end = canvas.outer_max.x;
  if (*options.x_label) {
    const float width = ImGui::CalcTextSize(options.x_label).x;
    draw->AddText({high.x - width, y}, c.faint_text, options.x_label);
    end = high.x - width - gap;
  }
  if (!options.x_ticks) return;
  float free_from = canvas.outer_min.x;
  for (const double value : canvas.x_ticks.values) {
    const std::string text = canvas.x_ticks.text(value);
    const float width = ImGui::CalcTextSize(text.c_str()).x;
    float x = float(canvas.x.pixel(value)) - 0.5f * width;
    if (!*options.x_label) x = std::min(x, canvas.outer_max.x - width);
    if (x < free_from || x + width > end) continue;
    draw->AddText({snap(x), y}, c.text, text.c_str());
    free_from = x + width + gap;
  }
}

}  // namespace jko::ui
