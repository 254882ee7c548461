#pragma once
/// Loops over fixed blocks of rows on all threads: what is computed in a block, and the order in which blocks are
/// combined afterwards, do not depend on the number of threads, and so neither do results.

#include <algorithm>
#include <exception>

#include "jko/types.hpp"

namespace jko {

/// A block of at most kFewRows rows. Eigen shares the product that is assigned to it out among no threads, which where
/// blocks already are on theirs (or are too small for them) would cost more than it gains.
constexpr int kFewRows = 32;
using FewRows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor, kFewRows, Eigen::Dynamic>;

/// Calls body(number, first, size) for each block of `block` rows of `count`, the last one perhaps shorter; on one
/// thread where there are fewer than `fewest` blocks, too few to wake others for. Rethrows one of the exceptions that
/// blocks throw.
template <typename Body>
void for_each_block(Index count, Index block, const Body& body, Index fewest = 2) {
  const Index blocks = (count + block - 1) / block;
  std::exception_ptr error;
#pragma omp parallel for schedule(static) if (blocks >= fewest)
  for (Index b = 0; b < blocks; ++b) {
    try {
      body(b, b * block, std::min(block, count - b * block));
    } catch (...) {
#pragma omp critical
      error = std::current_exception();
    }
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace jko
