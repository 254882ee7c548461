#pragma once
/// The random numbers of simulations.

#include <random>

namespace jko {

/// A sequential engine, of which a draw may take any number of bits.
using RandomEngine = std::mt19937_64;

}  // namespace jko
