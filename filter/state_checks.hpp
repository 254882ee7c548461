#pragma once
/// Checks of a state that comes from outside: each throws std::invalid_argument with what is wrong.

#include <Eigen/Cholesky>
#include <stdexcept>
#include <string>

#include "filter/convex_map.hpp"
#include "jko/types.hpp"

namespace jko {

inline void require_state(bool good, const char* what) {
  if (!good) throw std::invalid_argument(what);
}

inline void require_shape(const Matrix& matrix, Index rows, Index cols, const char* what) {
  require_state(matrix.rows() == rows && matrix.cols() == cols, what);
  require_state(matrix.allFinite(), what);
}

inline void require_vector(const Vector& vector, Index size, const char* what) {
  require_state(vector.size() == size && vector.allFinite(), what);
}

/// A convex map of the dimension: shapes fit together, weights that must not be negative are not, Q is positive
/// definite.
inline void require_map(const ConvexMap& map, Index dimension) {
  constexpr Index kWidest = 100'000;
  constexpr std::size_t kDeepest = 64;
  require_shape(map.Q, dimension, dimension, "a map's Q");
  require_vector(map.c, dimension, "a map's c");
  require_state(map.layers.size() <= kDeepest, "a map's layers");
  require_state(Eigen::LLT<Matrix>(map.Q).info() == Eigen::Success, "a map's Q, which is not positive definite");
  Index before = 0;
  for (const auto& layer : map.layers) {
    const Index width = layer.b.size();
    require_state(width <= kWidest, "a map's width");
    require_shape(layer.A, width, dimension, "a map's A");
    require_shape(layer.W, width, before, "a map's W");
    require_vector(layer.b, width, "a map's b");
    require_vector(layer.w, layer.pooled() && map.layers.size() == 1 ? 1 : width, "a map's w");
    require_state((layer.w.array() >= 0.0).all() && (layer.W.array() >= 0.0).all(), "a map's negative weights");
    before = width;
  }
}

}  // namespace jko
