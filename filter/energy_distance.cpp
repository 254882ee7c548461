#include "jko/energy_distance.hpp"

#include <cassert>
#include <cmath>
#include <vector>

#include "filter/parallel.hpp"

namespace jko {
namespace {

constexpr Index kTile = 256;  // points, so that two tiles stay in the nearest caches in 32 dimensions
constexpr Index kWide = 32;   // points at a time, whose sums of squares stay in registers

/// A tile of one sample against a tile of the other.
struct TilePair {
  Index a, b;
  double times;  ///< 2 for one that stands for its mirror image too
};

/// Σ |a_i - b_j| over the rows of two tiles.
double sum_of_distances(PointsView a, PointsView b) {
  const Index d = a.cols();
  Points padded = Points::Zero((a.rows() + kWide - 1) / kWide * kWide, d);
  padded.topRows(a.rows()) = a;
  double sum = 0.0;
  for (Index i = 0; i < a.rows(); i += kWide) {
    const Index rows = std::min(kWide, a.rows() - i);
    Eigen::Array<double, kWide, 1> sums = Eigen::Array<double, kWide, 1>::Zero();
    for (Index j = 0; j < b.rows(); ++j) {
      Eigen::Array<double, kWide, 1> square = Eigen::Array<double, kWide, 1>::Zero();
      for (Index k = 0; k < d; ++k) {
        // Differences first: |a|² + |b|² - 2ab would lose the small distances that energy is most sensitive to.
        square += (padded.col(k).segment<kWide>(i).array() - b(j, k)).square();
      }
      sums += square.sqrt();
    }
    sum += sums.head(rows).sum();
  }
  return sum;
}

/// The mean of |x_i - y_j| over all pairs.
double mean_distance(PointsView x, PointsView y, bool same) {
  const Index tiles_x = (x.rows() + kTile - 1) / kTile, tiles_y = (y.rows() + kTile - 1) / kTile;
  std::vector<TilePair> pairs;
  for (Index a = 0; a < tiles_x; ++a) {
    for (Index b = same ? a : 0; b < tiles_y; ++b) pairs.push_back({a, b, same && a != b ? 2.0 : 1.0});
  }
  const auto tile = [](PointsView points, Index t) {
    return points.middleRows(t * kTile, std::min(kTile, points.rows() - t * kTile));
  };
  Vector sums(static_cast<Index>(pairs.size()));
  for_each_block(sums.size(), 1, [&](Index p, Index, Index) {
    const TilePair& pair = pairs[static_cast<std::size_t>(p)];
    sums(p) = pair.times * sum_of_distances(tile(x, pair.a), tile(y, pair.b));
  });
  return sums.sum() / (static_cast<double>(x.rows()) * static_cast<double>(y.rows()));
}

}  // namespace

double energy_distance(PointsView x, PointsView y) {
  assert(x.rows() > 0 && y.rows() > 0 && x.cols() == y.cols());
  const double energy = 2.0 * mean_distance(x, y, false) - mean_distance(x, x, true) - mean_distance(y, y, true);
  return energy < 0.0 ? 0.0 : energy;  // by rounding alone; a NaN stays one
}

}  // namespace jko
