#include "filter/random.hpp"

#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "filter/sin_cos.hpp"
#include "tests/test.hpp"

using namespace jko;

TEST_CASE("sine and cosine in turns agree with the standard library") {
  double worst = 0.0;
  for (double turns = -3.0; turns <= 3.0; turns += 0.00037) {
    double sine, cosine;
    sin_cos_turns(turns, sine, cosine);
    worst =
        std::max({worst, std::abs(sine - std::sin(2 * M_PI * turns)), std::abs(cosine - std::cos(2 * M_PI * turns))});
  }
  CHECK(worst < 4e-15);
}

TEST_CASE("sine and cosine in turns agree with the standard library in single precision") {
  double worst = 0.0;
  for (float turns = -3.0F; turns <= 3.0F; turns += 0.00037F) {
    float sine, cosine;
    sin_cos_turns(turns, sine, cosine);
    worst =
        std::max({worst, std::abs(sine - std::sin(2 * M_PI * turns)), std::abs(cosine - std::cos(2 * M_PI * turns))});
  }
  CHECK(worst < 5e-7);
}

TEST_CASE("xoshiro128++ gives its authors' numbers in every lane") {
  std::array<std::array<std::uint32_t, 3>, 4> state;
  for (std::uint32_t k = 0; k < 4; ++k) state[k].fill(k + 1);
  Xoshiro128PlusPlus<3> generator(state);
  for (const std::uint32_t expected : {641u, 1573767u, 3222811527u, 3517856514u}) {
    for (Index lane = 0; lane < 3; ++lane) CHECK(generator.next(lane) == expected);
  }
  for (int k = 4; k < 102400; ++k) generator.next(1);
  CHECK(generator.next(1) == 0x2c873cfau);
}

/// Checks moments and distribution function against N(0, 1); sorts `z`.
static void check_normal(Vector z) {
  const double standard_error = 1.0 / std::sqrt(double(z.size()));
  CHECK(std::abs(z.mean()) < 4 * standard_error);
  CHECK(std::abs(z.array().square().mean() - 1) < 4 * std::sqrt(2.0) * standard_error);
  CHECK(std::abs(z.array().cube().mean()) < 4 * std::sqrt(15.0) * standard_error);
  CHECK(std::abs(z.array().square().square().mean() - 3) < 4 * std::sqrt(96.0) * standard_error);
  std::sort(z.begin(), z.end());
  double kolmogorov = 0.0;
  for (Index i = 0; i < z.size(); ++i) {
    const double p = cdf(boost::math::normal(), z[i]);
    kolmogorov = std::max(kolmogorov, std::abs(p - (i + 0.5) / double(z.size())));
  }
  CHECK(kolmogorov < 1.95 * standard_error);  // 1.95 / sqrt(n) is exceeded once in a thousand
}

TEST_CASE("standard normal numbers have the moments and the distribution function of N(0, 1)") {
  const Index n = 1 << 18;
  Points z(n, 4);
  fill_standard_normal(7, 3, z);
  check_normal(z.reshaped());
  CHECK((z.transpose() * z / double(n) - Matrix::Identity(4, 4)).cwiseAbs().maxCoeff() < 5 / std::sqrt(double(n)));
}

TEST_CASE("a normal stream is N(0, 1), and independent of other streams, blocks and seeds") {
  const Index n = 1 << 21;
  const auto numbers = [n](std::uint64_t seed, std::uint64_t stream, Index block) {
    SinglePoints z(n, 1);
    NormalStream(seed, stream, block).fill(z.data(), n);
    return Vector(z.cast<double>());
  };
  const Vector z = numbers(7, 3, 0);
  check_normal(z);
  CHECK(z.cwiseAbs().maxCoeff() > 4.5);
  CHECK(z == numbers(7, 3, 0));
  for (const Vector& other : {numbers(7, 3, 1), numbers(7, 4, 0), numbers(8, 3, 0)}) {
    CHECK(std::abs(z.dot(other)) < 5 * std::sqrt(double(n)));
    CHECK(std::abs((z.array().square() - 1).matrix().dot((other.array().square() - 1).matrix())) <
          10 * std::sqrt(double(n)));
  }
  // Neighbours, the other number of the same pair, the same lane's next, and the next batch.
  for (const Index lag : {Index{1}, NormalStream::kBatch / 2, NormalStream::kBatch, 10 * NormalStream::kBatch}) {
    CAPTURE(lag);
    CHECK(std::abs(z.head(n - lag).dot(z.tail(n - lag))) < 5 * std::sqrt(double(n)));
    CHECK(
        std::abs((z.head(n - lag).array().square() - 1).matrix().dot((z.tail(n - lag).array().square() - 1).matrix())) <
        10 * std::sqrt(double(n)));
  }
  Vector by_parts(3 * NormalStream::kBatch);
  NormalStream stream(7, 3, 0);
  SinglePoints part(NormalStream::kBatch, 1);
  for (int k = 0; k < 3; ++k) {
    stream.fill(part.data(), part.size());
    by_parts.segment(k * part.size(), part.size()) = part.cast<double>();
  }
  CHECK(by_parts == z.head(by_parts.size()));
}

TEST_CASE("a random number depends on seed, stream, row and column alone") {
  Points whole(100003, 3);
  fill_standard_normal(1, 2, whole);
  Points part(77, 2);
  fill_standard_normal(1, 2, part);
  CHECK(part == whole.topLeftCorner(77, 2));

  Points block = Points::Zero(300, 5);
  fill_standard_normal(1, 2, block.block(10, 1, 257, 3));
  CHECK(block.block(10, 1, 257, 3) == whole.topRows(257));
  CHECK(block.topRows(10).isZero(0.0));

  Points other(100003, 3);
  for (const auto& [seed, stream] : {std::pair{1u, 3u}, std::pair{2u, 2u}}) {
    fill_standard_normal(seed, stream, other);
    CHECK(std::abs(other.cwiseProduct(whole).mean()) < 5 / std::sqrt(double(whole.size())));
  }
  CHECK(std::abs(whole.topRows(100000).cwiseProduct(whole.bottomRows(100000)).mean()) < 5 / std::sqrt(3e5));
}

TEST_CASE("uniform numbers lie in the open unit interval and are independent of the normal ones of their stream") {
  const Index n = 1 << 17;
  Points u(n, 2), z(n, 2);
  fill_uniform(5, 1, u);
  fill_standard_normal(5, 1, z);
  CHECK(u.minCoeff() > 0.0);
  CHECK(u.maxCoeff() < 1.0);
  const double standard_error = 1.0 / std::sqrt(double(u.size()));
  CHECK(std::abs(u.mean() - 0.5) < 4 * standard_error / std::sqrt(12.0));
  CHECK(std::abs((u.array() - 0.5).square().mean() - 1.0 / 12) < 4 * standard_error / std::sqrt(180.0));
  CHECK(std::abs(((u.array() - 0.5) * z.array()).mean()) < 4 * standard_error / std::sqrt(12.0));
  CHECK(std::abs(((u.array() - 0.5) * z.array().square()).mean()) < 4 * standard_error * std::sqrt(3.0 / 12.0));
}

TEST_CASE("quasi-random points fill the cube more evenly than random ones") {
  const Index n = 4096;
  for (const Index dimension : {1, 2, 5, 12}) {
    CAPTURE(dimension);
    const Points u = quasi_uniform(n, dimension, 9);
    REQUIRE(u.rows() == n);
    REQUIRE(u.cols() == dimension);
    CHECK(u.minCoeff() > 0.0);
    CHECK(u.maxCoeff() < 1.0);
    // Each coordinate has about one point in each of n intervals; random points would leave a third of them empty.
    for (Index d = 0; d < dimension; ++d) {
      Vector sorted = u.col(d);
      std::sort(sorted.begin(), sorted.end());
      const Vector even = Vector::LinSpaced(n, 0.5 / n, 1 - 0.5 / n);
      CHECK((sorted - even).cwiseAbs().maxCoeff() < 2.0 / n);
    }
  }
  CHECK(quasi_uniform(n, 2, 9) == quasi_uniform(n, 2, 9));
  CHECK(quasi_uniform(n, 2, 9) != quasi_uniform(n, 2, 10));
}

TEST_CASE("quasi-random normal points integrate polynomials far better than random ones") {
  const Points z = quasi_standard_normal(4096, 3, 1);
  CHECK(z.allFinite());
  CHECK(z.colwise().mean().cwiseAbs().maxCoeff() < 2e-3);
  CHECK((z.transpose() * z / 4096.0 - Matrix::Identity(3, 3)).cwiseAbs().maxCoeff() < 1e-2);
  CHECK(z(5, 1) == Approx(quantile(boost::math::normal(), quasi_uniform(4096, 3, 1)(5, 1))));
}
