#pragma once
/// How far two arrays of one shape are apart, relative to the larger one; 0 for empty ones.

#include <algorithm>

#include "jko/types.hpp"
#include "tests/test.hpp"

namespace jko {

inline double relative_difference(const Matrix& a, const Matrix& b) {
  REQUIRE(a.rows() == b.rows());
  REQUIRE(a.cols() == b.cols());
  return a.size() == 0 ? 0.0 : (a - b).norm() / (1e-300 + std::max(a.norm(), b.norm()));
}

}  // namespace jko
