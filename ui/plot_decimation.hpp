#pragma once
/// Thinning: of many points those that pixels can show. One pass, no allocation once `out` has grown.

#include <cstdint>
#include <vector>

#include "ui/plot.hpp"

namespace jko::ui {

/// No call of a plot draws more points than about this: a mesh of them fits 16-bit indices.
constexpr Index kMostPoints = 8000;
/// So that five points for each column stay below kMostPoints.
constexpr int kMostColumns = 1590;

struct PlotPoint {
  double x, y;
};

struct BandPoint {
  double x, low, high;
};

/// Splits [x_low, x_high] into `columns` and keeps, of each run of neighbours within one column, the first, the least,
/// the largest and the last, in their order; of the runs left and right of the range the first and the last, so that
/// the lines that lead in and out are right. A point of y = NaN separates pieces; gaps within a column are closed.
/// `positive`: values <= 0 are gaps too. Of points in order of x never more than kMostPoints are left with at most
/// kMostColumns columns; if x jumps to and fro so that there are more, every few of them are left.
void thin_line(const Series& series, double x_low, double x_high, int columns, bool positive,
               std::vector<PlotPoint>& out);

/// The same for two series over one x: of each column the first, the envelope and the last.
void thin_band(const Series& low, const Series& high, double x_low, double x_high, int columns, bool positive,
               std::vector<BandPoint>& out);

/// Which cells of a picture have a point already.
class TakenCells {
 public:
  void reset(double width, double height, double cell);
  /// Whether the cell at this place, counted from the corner, was free; it is taken then. False outside.
  bool take(double x, double y) {
    const double column = x * per_cell_, row = y * per_cell_;
    if (!(column >= 0.0 && column < columns_ && row >= 0.0 && row < rows_)) return false;
    const std::size_t bit = std::size_t(row) * std::size_t(columns_) + std::size_t(column);
    const std::uint64_t mask = std::uint64_t{1} << (bit % 64);
    if (bits_[bit / 64] & mask) return false;
    bits_[bit / 64] |= mask;
    return true;
  }

 private:
  double per_cell_ = 1.0, columns_ = 0.0, rows_ = 0.0;
  std::vector<std::uint64_t> bits_;
};

}  // namespace jko::ui
