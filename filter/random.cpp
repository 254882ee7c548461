#include "filter/random.hpp"

#include <Random123/philox.h>

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <boost/math/special_functions/erf.hpp>
#include <boost/random/sobol.hpp>
#include <cmath>
#include <cstring>
#include <vector>

#include "filter/sin_cos.hpp"

namespace jko {
namespace {

/// What a draw is for; it enters the counter, so that uniform and normal numbers of one stream are independent.
enum class Purpose : std::uint32_t { normal = 0, uniform = 1, shift = 2, state = 3 };

/// One block is this many evaluations of the generator. Blocks are always computed whole, so that a number never
/// depends on where the caller's matrix ends.
constexpr Index kCounters = 64;

using Column = Eigen::Array<double, kCounters, 1>;

/// The 4 x 64 random words of one block of a column, word by word.
using Words = std::array<std::array<std::uint32_t, kCounters>, 4>;

Words random_words(std::uint64_t seed, std::uint64_t stream, Purpose purpose, Index column, Index block) {
  const r123::Philox4x32::key_type key = {{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}};
  const auto column_word = static_cast<std::uint32_t>(column) | static_cast<std::uint32_t>(purpose) << 30;
  r123::Philox4x32 philox;
  Words words;
  for (Index i = 0; i < kCounters; ++i) {
    const r123::Philox4x32::ctr_type counter = {{static_cast<std::uint32_t>(block * kCounters + i), column_word,
                                                 static_cast<std::uint32_t>(stream),
                                                 static_cast<std::uint32_t>(stream >> 32)}};
    const auto bits = philox(counter, key);
    for (int k = 0; k < 4; ++k) words[k][i] = bits[k];
  }
  return words;
}

/// 64 random bits to (0, 1): never 0 and never 1.
double to_open_unit_interval(std::uint64_t bits) { return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52; }

std::uint64_t join(std::uint32_t high, std::uint32_t low) { return std::uint64_t{high} << 32 | low; }

/// log x for normal x > 0 to 1e-7 relative, without branches or calls: Cephes' logf.c.
float fast_log(float x) {
  std::int32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  const std::int32_t exponent = (bits - 0x3f3504f3) >> 23;  // such that the mantissa lies in [sqrt(1/2), sqrt(2))
  bits -= exponent * (1 << 23);
  float mantissa;
  std::memcpy(&mantissa, &bits, sizeof mantissa);
  const float f = mantissa - 1.0F;
  float p = 7.0376836292e-2F;
  p = p * f - 1.1514610310e-1F;
  p = p * f + 1.1676998740e-1F;
  p = p * f - 1.2420140846e-1F;
  p = p * f + 1.4249322787e-1F;
  p = p * f - 1.6668057665e-1F;
  p = p * f + 2.0000714765e-1F;
  p = p * f - 2.4999993993e-1F;
  p = p * f + 3.3333331174e-1F;
  return 0.693147181F * static_cast<float>(exponent) + (f + f * f * (p * f - 0.5F));
}

/// Fills `out` by blocks of rows: `draw(column, block, numbers)` gives the `Rows` numbers of one block.
template <Index Rows, typename Draw>
void fill_blocks(Eigen::Ref<Matrix> out, const Draw& draw) {
  const Index blocks = (out.rows() + Rows - 1) / Rows;
#pragma omp parallel for collapse(2) schedule(static) if (blocks * out.cols() > 32)
  for (Index column = 0; column < out.cols(); ++column) {
    for (Index block = 0; block < blocks; ++block) {
      alignas(64) std::array<double, Rows> numbers;
      draw(column, block, numbers);
      const Index first = block * Rows;
      std::copy_n(numbers.begin(), std::min(Rows, out.rows() - first), &out(first, column));
    }
  }
}

}  // namespace

void fill_standard_normal(std::uint64_t seed, std::uint64_t stream, Eigen::Ref<Matrix> out) {
  fill_blocks<4 * kCounters>(out, [&](Index column, Index block, std::array<double, 4 * kCounters>& numbers) {
    const Words words = random_words(seed, stream, Purpose::normal, column, block);
    // Box and Muller: two words make two numbers. With 32 bits the radius reaches 6.7, which is exceeded once in 10^11.
    for (int pair = 0; pair < 2; ++pair) {
      const std::uint32_t* uniform = words[2 * pair].data();
      const std::uint32_t* angle = words[2 * pair + 1].data();
      Column radius, sine, cosine;
#pragma omp simd
      for (Index i = 0; i < kCounters; ++i) {
        radius[i] = 0.5 + (static_cast<std::int32_t>(uniform[i]) + 0.5) * 0x1p-32;
        sin_cos_turns(static_cast<std::int32_t>(angle[i]) * 0x1p-32, sine[i], cosine[i]);
      }
      radius = (-2.0 * radius.log()).sqrt();
      double* first = numbers.data() + 2 * pair * kCounters;
      Column::Map(first) = radius * cosine;
      Column::Map(first + kCounters) = radius * sine;
    }
  });
}

void fill_uniform(std::uint64_t seed, std::uint64_t stream, Eigen::Ref<Matrix> out) {
  fill_blocks<2 * kCounters>(out, [&](Index column, Index block, std::array<double, 2 * kCounters>& numbers) {
    const Words words = random_words(seed, stream, Purpose::uniform, column, block);
    for (Index i = 0; i < kCounters; ++i) {
      numbers[i] = to_open_unit_interval(join(words[0][i], words[1][i]));
      numbers[kCounters + i] = to_open_unit_interval(join(words[2][i], words[3][i]));
    }
  });
}

double uniform_number(std::uint64_t seed, std::uint64_t stream) {
  Matrix number(1, 1);
  fill_uniform(seed, stream, number);
  return number(0);
}

NormalStream::NormalStream(std::uint64_t seed, std::uint64_t stream, Index block)
    : generator_(random_words(seed, stream, Purpose::state, 0, block)) {}

void NormalStream::fill(float* out, Index count) {
  constexpr Index kHalf = kBatch / 2;
  constexpr int kWide = kLanes<float>;
  static_assert(kHalf == kCounters, "one evaluation of Philox starts each lane");
  for (Index first = 0; first < count; first += kBatch) {
    float* cosines = out + first;
    float* sines = cosines + kHalf;
#pragma omp simd simdlen(kWide)
    for (Index lane = 0; lane < kHalf; ++lane) {
      // Box and Muller, as above. Near 1 the uniform number may round to 1, and the radius to 0.
      const float uniform = (static_cast<float>(generator_.next(lane)) + 0.5F) * 0x1p-32F;
      const float angle = static_cast<float>(static_cast<std::int32_t>(generator_.next(lane))) * 0x1p-32F;
      const float radius = std::sqrt(-2.0F * fast_log(uniform));
      float sine, cosine;
      sin_cos_turns(angle, sine, cosine);
      cosines[lane] = radius * cosine;
      sines[lane] = radius * sine;
    }
  }
}

Points quasi_uniform(Index count, Index dimension, std::uint64_t seed) {
  std::vector<std::uint64_t> shift(dimension);
  for (Index d = 0; d < dimension; ++d) {
    const Words words = random_words(seed, 0, Purpose::shift, d, 0);
    shift[d] = join(words[0][0], words[1][0]);
  }
  boost::random::sobol sequence(static_cast<std::size_t>(dimension));
  Points points(count, dimension);
  for (Index i = 0; i < count; ++i) {
    for (Index d = 0; d < dimension; ++d) points(i, d) = to_open_unit_interval(sequence() ^ shift[d]);
  }
  return points;
}

Points quasi_standard_normal(Index count, Index dimension, std::uint64_t seed) {
  using namespace boost::math::policies;
  Points points = quasi_uniform(count, dimension, seed);
  double* u = points.data();
#pragma omp parallel for schedule(static) if (points.size() > 4096)
  for (Index i = 0; i < points.size(); ++i) {
    u[i] = -std::sqrt(2.0) * boost::math::erfc_inv(2.0 * u[i], policy<promote_double<false>>());
  }
  return points;
}

}  // namespace jko
