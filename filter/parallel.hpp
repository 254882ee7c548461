#pragma once
/// Loops over fixed blocks of rows on all threads: what is computed in a block, and the order in which blocks are
/// combined afterwards, do not depend on the number of threads, and so neither do results.

#include <algorithm>
#include <exception>

#include "filter/types.hpp"

namespace jko {

/// Calls body(number, first, size) for each block of `block` rows of `count`, the last one perhaps shorter. Rethrows
/// one of the exceptions that blocks throw.
template <typename Body>
void for_each_block(Index count, Index block, const Body& body) {
  const Index blocks = (count + block - 1) / block;
  std::exception_ptr error;
#pragma omp parallel for schedule(static) if (blocks > 1)
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
