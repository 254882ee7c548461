#pragma once
/// density.csv: a filter's density on a grid.

#include <string>

#include "jko/filter.hpp"

namespace jko {

/// `count` points from `low` to `high`, on every axis.
struct DensityGrid {
  double low, high;
  Index count;

  /// Reads "LO:HI:N". Throws std::invalid_argument.
  static DensityGrid parse(const std::string& text);
};

/// Writes `time,x,pdf` in 1-D and `time,x,y,pdf` in 2-D. Throws std::runtime_error if the file cannot be written.
void write_density(const std::string& file, const Filter& filter, const DensityGrid& grid);

}  // namespace jko
