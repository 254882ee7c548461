#pragma once
/// Snapshot data as the plot wants them.

#include <vector>

#include "src/view/law_picture.hpp"
#include "ui/plot.hpp"

namespace jko::ui {

/// Points of a plot, owned.
struct PlotPoints {
  std::vector<double> x, y;

  void clear() {
    x.clear();
    y.clear();
  }
  void add(double at, double value) {
    x.push_back(at);
    y.push_back(value);
  }
  Series series() const { return {x.data(), y.data(), static_cast<Index>(x.size())}; }
};

/// The samples of a curve, times `scale`.
inline PlotPoints points_of(const SampledCurve& curve, double scale = 1.0) {
  PlotPoints points;
  const std::size_t count = curve.values.size();
  points.x.reserve(count);
  points.y.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    points.add(curve.low + curve.step() * static_cast<double>(i), scale * static_cast<double>(curve.values[i]));
  }
  return points;
}

/// The largest sample; 0 of none.
inline double peak_of(const SampledCurve& curve) {
  float top = 0.0f;
  for (const float value : curve.values) top = value > top ? value : top;
  return static_cast<double>(top);
}

/// A range that follows what it is shown, but not every tremor: it grows at once, and shrinks only when less than half
/// of it is used.
class SteadyRange {
 public:
  PlotRange follow(double low, double high) {
    const double size = high - low;
    if (!known_ || low < range_.low || high > range_.high || size < 0.5 * range_.size()) {
      range_ = {low - 0.05 * size, high + 0.05 * size};
      known_ = true;
    }
    return range_;
  }
  void forget() { known_ = false; }

 private:
  PlotRange range_;
  bool known_ = false;
};

}  // namespace jko::ui
