#pragma once
/// Random numbers by counter, and quasi-random points.
///
/// A draw is a pure function of (seed, stream, row, column): nothing is advanced, so results depend neither on the
/// number of threads nor on the order of calls, and a replay repeats a live run bit for bit.
///
///     Points noise(n, dimension);
///     fill_standard_normal(seed, step_number, noise);
///
/// Generator: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). Where millions of
/// particles wait for their noise, NormalStream is eight times as fast, in single precision.

#include <cstdint>

#include "filter/xoshiro.hpp"
#include "jko/random_engine.hpp"
#include "jko/types.hpp"

namespace jko {

/// Fills `out` with independent N(0, 1) numbers, on all threads.
void fill_standard_normal(std::uint64_t seed, std::uint64_t stream, Eigen::Ref<Matrix> out);

/// Fills `out` with independent numbers, uniform on the open interval (0, 1).
void fill_uniform(std::uint64_t seed, std::uint64_t stream, Eigen::Ref<Matrix> out);

/// One number, uniform on (0, 1).
double uniform_number(std::uint64_t seed, std::uint64_t stream);

/// A long row of independent N(0, 1) numbers in single precision, for one block of particles and one thread:
///
///     NormalStream noise(seed, stream, block);
///     for (int step = 0; step < steps; ++step) noise.fill(z.data(), z.size());
///
/// Its generator, xoshiro128++, has 64 lanes that start from Philox's words for (seed, stream, block): 2^128 - 1 is so
/// long a period that two lanes of a whole study meet with a probability below 1e-15.
class NormalStream {
 public:
  static constexpr Index kBatch = 128;  ///< numbers are made so many at a time

  NormalStream(std::uint64_t seed, std::uint64_t stream, Index block);

  /// The next `count` numbers; `count` is a multiple of kBatch. The largest possible is 6.8.
  void fill(float* out, Index count);

 private:
  Xoshiro128PlusPlus<kBatch / 2> generator_;
};

/// The first `count` points of a Sobol sequence in (0, 1)^dimension, shape (count, dimension), randomised by a digital
/// shift that `seed` determines.
Points quasi_uniform(Index count, Index dimension, std::uint64_t seed);

/// The same, through the inverse of the normal distribution function: quasi-random N(0, I).
Points quasi_standard_normal(Index count, Index dimension, std::uint64_t seed);

}  // namespace jko
