#pragma once
/// Random points and random convex maps, for properties that hold for all of them.

#include <random>

#include "filter/convex_map.hpp"

namespace jko {

inline Points random_points(Index rows, Index cols, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  return Points::NullaryExpr(rows, cols, [&] { return normal(engine); });
}

/// A strongly convex map of order one.
inline ConvexMap random_map(Index d, const std::vector<Index>& widths, unsigned seed) {
  ConvexMap map = ConvexMap::zero(d, widths);
  const Matrix R = 0.3 * random_points(d, d, seed);
  map.Q = R * R.transpose() + 0.5 * Matrix::Identity(d, d);
  map.c = random_points(d, 1, seed + 1);
  for (auto& layer : map.layers) {
    layer.A = random_points(layer.A.rows(), d, ++seed);
    layer.W = 0.2 * random_points(layer.W.rows(), layer.W.cols(), ++seed).cwiseAbs();
    layer.b = random_points(layer.b.size(), 1, ++seed);
    layer.w = 0.2 * random_points(layer.w.size(), 1, ++seed).cwiseAbs();
  }
  return map;
}

/// A strongly convex map with a pooled layer.
inline ConvexMap random_pooled_map(Index d, Index units, unsigned seed) {
  ConvexMap map = random_map(d, {units}, seed);
  map.layers.front().w = Vector::Constant(1, 0.7);
  return map;
}

}  // namespace jko
