#pragma once
/// The axes of a plot: from values to pixels and back, and which numbers stand beside them.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "ui/plot.hpp"

namespace jko::ui {

/// One axis as it is drawn. Inside it a value is `shown` as itself or, on a logarithmic axis, as log10 of it: all that
/// zooms and pans works on what is shown.
struct Axis {
  double low = 0.0, high = 1.0;        ///< of what is shown
  double first = 0.0, per_unit = 1.0;  ///< the pixel of `low`, pixels (negative: upwards) for a unit of what is shown
  bool logarithmic = false;

  /// `range` on the pixels from `first` to `last`.
  void set(const PlotRange& range, double first_pixel, double last_pixel) {
    low = shown(range.low);
    high = shown(range.high);
    first = first_pixel;
    per_unit = (last_pixel - first_pixel) / (high - low);
  }
  double shown(double value) const { return logarithmic ? std::log10(value) : value; }
  double value(double shown_value) const { return logarithmic ? std::pow(10.0, shown_value) : shown_value; }
  /// Kept to what differences of pixels can be made of.
  double pixel(double v) const { return std::clamp(first + (shown(v) - low) * per_unit, -1e12, 1e12); }
  double at(double pixel) const { return value(low + (pixel - first) / per_unit); }
};

/// A range that an axis can show: finite, not empty, wide enough for its doubles to differ; on a logarithmic axis
/// positive. What cannot be mended is 0 to 1.
PlotRange usable_range(PlotRange range, bool logarithmic);

struct Ticks {
  std::vector<double> values;
  double step = 0.0;  ///< 0: each number by its own size (logarithmic)
  std::string text(double value) const { return tick_text(value, step > 0.0 ? step : std::abs(value)); }
};

void choose_ticks(double low, double high, int count, Ticks& ticks);
/// Decades, or every few of them; 1-2-5 in between when there are few; within less than a decade as choose_ticks().
void choose_log_ticks(double low, double high, int count, Ticks& ticks);

/// As many digits as a step of `resolution` (a pixel, in the axis' units) makes sense for.
std::string value_text(double value, double resolution);

}  // namespace jko::ui
