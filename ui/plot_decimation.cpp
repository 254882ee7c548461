#include "ui/plot_decimation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace jko::ui {
namespace {

bool finite(double value) { return std::abs(value) <= std::numeric_limits<double>::max(); }

/// The column that a run is in: what lies left and right of the range is one column each.
struct Column {
  double low = kInfinity, high = -kInfinity;
  bool outside = false;

  bool has(double x) const { return x >= low && x < high; }
  void find(double x, double x_low, double x_high, double width) {
    outside = x < x_low || x > x_high;
    if (x < x_low) {
      low = -kInfinity, high = x_low;
    } else if (x > x_high) {
      low = std::nextafter(x_high, kInfinity), high = kInfinity;
    } else {
      const double index = std::floor((x - x_low) / width);
      low = x_low + index * width;
      high = low + width;
    }
  }
};

/// What is too much in spite of all: every few, but no gap is lost.
template <typename Point, typename IsGap>
void leave_every_few(std::vector<Point>& points, IsGap is_gap) {
  const std::size_t most = std::size_t(kMostPoints), every = (points.size() + most - 1) / most;
  if (every < 2) return;
  std::size_t kept = 0;
  for (std::size_t from = 0; from < points.size(); from += every) {
    std::size_t pick = from;
    for (std::size_t i = from; i < std::min(from + every, points.size()); ++i) {
      if (is_gap(points[i])) pick = i;
    }
    points[kept++] = points[pick];
  }
  points.resize(kept);
}

}  // namespace

void thin_line(const Series& series, double x_low, double x_high, int columns, bool positive,
               std::vector<PlotPoint>& out) {
  out.clear();
  const double width = (x_high - x_low) / std::clamp(columns, 1, kMostColumns);
  const double least_allowed = positive ? std::numeric_limits<double>::denorm_min() : -kInfinity;
  Column column;
  bool running = false, gap = false;
  PlotPoint first{}, last{}, least{}, largest{};
  Index first_at = 0, last_at = 0, least_at = 0, largest_at = 0;

  const auto flush = [&] {
    if (!running) return;
    out.push_back(first);
    if (!column.outside) {
      const bool least_first = least_at < largest_at;
      const auto extreme = [&](const PlotPoint& point, Index at) {
        if (at != first_at && at != last_at) out.push_back(point);
      };
      extreme(least_first ? least : largest, least_first ? least_at : largest_at);
      if (least_at != largest_at) extreme(least_first ? largest : least, least_first ? largest_at : least_at);
    }
    if (last_at != first_at) out.push_back(last);
    running = false;
  };

  const double *x = series.x, *y = series.y;
  for (Index i = 0; i < series.count; ++i, x += series.stride, y += series.stride) {
    const PlotPoint point{*x, *y};
    if (!finite(point.y) || !finite(point.x) || point.y < least_allowed) {
      gap = true;
      continue;
    }
    if (running && column.has(point.x)) {
      last = point, last_at = i;
      if (point.y < least.y) least = point, least_at = i;
      if (point.y > largest.y) largest = point, largest_at = i;
      gap = false;  // narrower than a column, or out of sight
      continue;
    }
    flush();
    if (gap && !out.empty()) out.push_back({kNaN, kNaN});
    gap = false;
    column.find(point.x, x_low, x_high, width);
    running = true;
    first = last = least = largest = point;
    first_at = last_at = least_at = largest_at = i;
  }
  flush();
  leave_every_few(out, [](const PlotPoint& point) { return std::isnan(point.y); });
}

void thin_band(const Series& low, const Series& high, double x_low, double x_high, int columns, bool positive,
               std::vector<BandPoint>& out) {
  out.clear();
  const double width = (x_high - x_low) / std::clamp(columns, 1, kMostColumns);
  const double least_allowed = positive ? std::numeric_limits<double>::denorm_min() : -kInfinity;
  Column column;
  bool gap = false;
  BandPoint first{}, last{}, hull{};
  Index length = 0;

  const auto flush = [&] {
    if (length > 0) out.push_back(first);
    if (length > 2 && !column.outside) {
      hull.x = 0.5 * (first.x + last.x);
      out.push_back(hull);
    }
    if (length > 1) out.push_back(last);
    length = 0;
  };

  const Index count = std::min(low.count, high.count);
  const double *x = low.x, *y0 = low.y, *y1 = high.y;
  for (Index i = 0; i < count; ++i, x += low.stride, y0 += low.stride, y1 += high.stride) {
    const BandPoint point{*x, *y0, *y1};
    if (!finite(point.low) || !finite(point.high) || !finite(point.x) ||
        std::min(point.low, point.high) < least_allowed) {
      gap = true;
      continue;
    }
    if (length > 0 && column.has(point.x)) {
      last = point;
      hull.low = std::min(hull.low, point.low);
      hull.high = std::max(hull.high, point.high);
      ++length;
      gap = false;
      continue;
    }
    flush();
    if (gap && !out.empty()) out.push_back({kNaN, kNaN, kNaN});
    gap = false;
    column.find(point.x, x_low, x_high, width);
    first = last = hull = point;
    length = 1;
  }
  flush();
  leave_every_few(out, [](const BandPoint& point) { return std::isnan(point.x); });
}

void TakenCells::reset(double width, double height, double cell) {
  per_cell_ = 1.0 / cell;
  columns_ = std::ceil(std::clamp(width, 1.0, 16384.0) * per_cell_);
  rows_ = std::ceil(std::clamp(height, 1.0, 16384.0) * per_cell_);
  bits_.assign(std::size_t(columns_ * rows_) / 64 + 1, 0);
}

}  // namespace jko::ui
