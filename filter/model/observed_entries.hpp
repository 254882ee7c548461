#pragma once
/// Which entries of an observation are there.

#include <cmath>
#include <vector>

#include "jko/types.hpp"

namespace jko {

/// Indices of the entries of `y` that are not NaN.
inline std::vector<Index> observed_entries(const Vector& y) {
  std::vector<Index> observed;
  for (Index i = 0; i < y.size(); ++i) {
    if (!std::isnan(y(i))) observed.push_back(i);
  }
  return observed;
}

}  // namespace jko
