#pragma once
/// Random numbers by counter, and quasi-random points.
///
/// A draw is a pure function of (seed, stream, row, column): nothing is advanced, so results depend neither on the
/// number of threads nor on the order of calls, and a replay repeats a live run bit for bit.
///
///     Points noise(n, dimension);
///     fill_standard_normal(seed, step_number, noise);
///
/// Generator: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).

#include <cstdint>
#include <random>

#include "filter/types.hpp"

namespace jko {

/// The sequential engine of simulations, where a draw may need any number of random bits.
using RandomEngine = std::mt19937_64;

/// Fills `out` with independent N(0, 1) numbers, on all threads.
void fill_standard_normal(std::uint64_t seed, std::uint64_t stream, Eigen::Ref<Matrix> out);

/// Fills `out` with independent numbers, uniform on the open interval (0, 1).
void fill_uniform(std::uint64_t seed, std::uint64_t stream, Eigen::Ref<Matrix> out);

/// The first `count` points of a Sobol sequence in (0, 1)^dimension, shape (count, dimension), randomised by a digital
/// shift that `seed` determines.
Points quasi_uniform(Index count, Index dimension, std::uint64_t seed);

/// The same, through the inverse of the normal distribution function: quasi-random N(0, I).
Points quasi_standard_normal(Index count, Index dimension, std::uint64_t seed);

}  // namespace jko
