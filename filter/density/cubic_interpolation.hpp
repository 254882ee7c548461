#pragma once
/// Cubic interpolation of log densities on uniform lattices of one or two dimensions.

#include <algorithm>
#include <array>
#include <cmath>

#include "jko/types.hpp"

namespace jko {

/// Values at (i, j) are values[i + stride * j], 0 <= i < counts[0], 0 <= j < counts[1] (1 on a line); `at` is the place
/// in units of the lattice. Where the surrounding values span a cliff, a cubic would ring by a share of its height and
/// turn the foot of the cliff into mass: there the interpolation is linear.
inline double interpolate_log_density(const double* values, Index stride, const std::array<Index, 2>& counts,
                                      const std::array<double, 2>& at) {
  constexpr double kCliff = 25.0;
  const int dimensions = counts[1] > 1 ? 2 : 1;
  std::array<Index, 2> first{0, 0};
  std::array<std::array<double, 4>, 2> weight{{{1.0, 0.0, 0.0, 0.0}, {1.0, 0.0, 0.0, 0.0}}};
  std::array<double, 2> t{0.0, 0.0};
  for (int k = 0; k < dimensions; ++k) {
    first[k] = std::clamp<Index>(static_cast<Index>(std::floor(at[k])) - 1, 0, counts[k] - 4);
    t[k] = at[k] - static_cast<double>(first[k]) - 1.0;
    const double s = t[k];  // weights of the cubic through -1, 0, 1, 2
    weight[k] = {-s * (s - 1.0) * (s - 2.0) / 6.0, (s + 1.0) * (s - 1.0) * (s - 2.0) / 2.0,
                 -(s + 1.0) * s * (s - 2.0) / 2.0, (s + 1.0) * s * (s - 1.0) / 6.0};
  }
  double cubic = 0.0, low = values[first[0] + stride * first[1]], high = low;
  for (Index b = 0; b < (dimensions == 2 ? 4 : 1); ++b) {
    const double* row = values + first[0] + stride * (first[1] + b);
    for (Index a = 0; a < 4; ++a) {
      cubic += weight[1][b] * weight[0][a] * row[a];
      low = std::min(low, row[a]);
      high = std::max(high, row[a]);
    }
  }
  if (high - low < kCliff) return cubic;
  const auto cell = [&](int k) {
    return dimensions > k ? std::clamp<Index>(static_cast<Index>(std::floor(at[k])), 0, counts[k] - 2) : 0;
  };
  const Index i = cell(0), j = cell(1);
  const double u = std::clamp(at[0] - static_cast<double>(i), 0.0, 1.0);
  const double v = dimensions == 2 ? std::clamp(at[1] - static_cast<double>(j), 0.0, 1.0) : 0.0;
  const double* here = values + i + stride * j;
  const double* next = dimensions == 2 ? here + stride : here;
  return (1.0 - v) * ((1.0 - u) * here[0] + u * here[1]) + v * ((1.0 - u) * next[0] + u * next[1]);
}

}  // namespace jko
