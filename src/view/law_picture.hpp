#pragma once
/// A law as it is drawn: plain data, made once by the illustrator's thread and never changed after.

#include <memory>
#include <string>
#include <vector>

#include "jko/types.hpp"

namespace jko {

struct Interval {
  double low, high;
};

/// A function of one coordinate, sampled evenly.
struct SampledCurve {
  double low = 0.0, high = 0.0;  ///< of the first value and the last
  std::vector<float> values;     ///< at least two, or none

  bool empty() const { return values.size() < 2; }
  double step() const { return (high - low) / static_cast<double>(values.size() - 1); }
  /// Between samples by a straight line; 0 outside.
  double at(double x) const;
};

/// A function of two coordinates, sampled evenly.
struct SampledField {
  Index x = 0, y = 1;  ///< the coordinates
  double x_low = 0.0, x_high = 0.0, y_low = 0.0, y_high = 0.0;
  Index columns = 0, rows = 0;
  std::vector<float> values;  ///< row by row from y_low upwards, in a row from x_low upwards

  bool empty() const { return values.empty(); }
  float value(Index column, Index row) const { return values[static_cast<std::size_t>(row * columns + column)]; }
};

/// The levels of LawPicture::quantiles.
inline const std::vector<double> kPictureLevels{0.05, 0.25, 0.5, 0.75, 0.95};

/// What is kept of a law for ever: the densities of its coordinates, one by one.
struct LawTrace {
  double time = 0.0;
  std::vector<SampledCurve> marginals;  ///< one for each coordinate
};

struct LawPicture {
  double time = 0.0;
  Vector mean;                          ///< (D)
  Matrix quantiles;                     ///< at kPictureLevels, (levels, D)
  std::vector<SampledCurve> marginals;  ///< density of each coordinate
  /// The highest-density regions of each coordinate: the smallest sets with half and 90 % of the mass.
  std::vector<std::vector<Interval>> half_regions, ninety_regions;
  /// Densities of pairs: in the plane one, in more dimensions those of the coordinates that are shown.
  std::vector<SampledField> pairs;
  /// For each pair the density above which half and 90 % of its mass lie.
  std::vector<float> half_levels, ninety_levels;
  /// Densities are the law's own (up to the plane); otherwise kernel estimates from its nodes or draws.
  bool exact = true;

  /// The density of coordinates x < y, if it is there.
  const SampledField* pair(Index x, Index y) const;
};

/// Weighted points that represent a law.
struct NodeCloud {
  Points x;        ///< (N, D), N at most kMostNodes
  Vector weights;  ///< (N), sum 1
  Index of = 0;    ///< how many there are in the law itself
  static constexpr Index kMostNodes = 5000;
};

}  // namespace jko
