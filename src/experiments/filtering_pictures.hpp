#pragma once
/// The pictures of the filtering study.

#include <string>
#include <utility>
#include <vector>

#include "src/experiments/spread.hpp"
#include "src/experiments/study.hpp"

namespace jko {

/// Densities are sampled at so many points from -kDensityReach to kDensityReach.
constexpr Index kDensityPoints = 401;
constexpr double kDensityReach = 5.0;

/// SymKL of a method.
struct FilteringBox {
  std::string name;
  Spread spread;
  bool published;
};

/// Boxes from quartile to quartile with a line at the median, and whiskers to the least and the largest value.
StudyPicture box_picture(const std::vector<FilteringBox>& boxes);

/// Final densities of a repeat.
struct FilteringCurves {
  Index repeat;
  std::vector<double> grid;
  std::vector<std::pair<std::string, std::vector<double>>> methods;
};

/// The grid's density of the first three repeats, and those of `jko` and `bootstrap_1000` over it.
StudyPicture density_picture(const std::vector<FilteringCurves>& curves);

}  // namespace jko
