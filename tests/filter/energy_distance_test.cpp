#include "jko/energy_distance.hpp"

#include <omp.h>

#include <cmath>
#include <limits>

#include "filter/random.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

/// E|Z| of Z ~ N(mean, variance): that of a folded normal law.
double mean_modulus(double mean, double variance) {
  const double sd = std::sqrt(variance);
  return sd * std::sqrt(2.0 / M_PI) * std::exp(-0.5 * mean * mean / variance) +
         mean * std::erf(mean / (sd * std::sqrt(2.0)));
}

Points normal_points(Index count, Index dimension, std::uint64_t seed) {
  Points x(count, dimension);
  fill_standard_normal(seed, 0, x);
  return x;
}

}  // namespace

TEST_CASE("The energy distance of two normal laws on a line is that of their closed form", "[energy]") {
  const Index n = 8192;
  for (const auto& [shift, scale] : {std::pair{0.7, 1.0}, {0.0, 2.0}, {-1.5, 0.4}}) {
    CAPTURE(shift, scale);
    const Points x = quasi_standard_normal(n, 1, 1);
    const Points y = (scale * quasi_standard_normal(n, 1, 2)).array() + shift;
    const double exact = 2.0 * mean_modulus(shift, 1.0 + scale * scale) - mean_modulus(0.0, 2.0) -
                         mean_modulus(0.0, 2.0 * scale * scale);
    CHECK(energy_distance(x, y) == Approx(exact).epsilon(2e-3));
    CHECK(energy_distance(y, x) == Approx(energy_distance(x, y)).epsilon(1e-12));
  }
}

TEST_CASE("The energy distance of few points is what adding up all pairs gives", "[energy]") {
  // Sizes on both sides of a tile and of a register's width.
  for (const auto& [n, m] : {std::pair<Index, Index>{1, 1}, {3, 31}, {33, 257}, {300, 512}}) {
    CAPTURE(n, m);
    const Points x = normal_points(n, 3, 1), y = normal_points(m, 3, 2).array() + 0.5;
    const auto mean = [](const Points& a, const Points& b) {
      double sum = 0.0;
      for (Index i = 0; i < a.rows(); ++i) sum += (b.rowwise() - a.row(i)).rowwise().norm().sum();
      return sum / static_cast<double>(a.rows() * b.rows());
    };
    CHECK(energy_distance(x, y) == Approx(2.0 * mean(x, y) - mean(x, x) - mean(y, y)).epsilon(1e-11));
  }
}

TEST_CASE("The energy distance is nearly zero for equal samples and small for samples of one law", "[energy]") {
  const Index n = 4000, d = 5;
  const Points x = normal_points(n, d, 1), y = normal_points(n, d, 2);
  const double equal = energy_distance(x, x), same_law = energy_distance(x, y);
  CHECK(equal >= 0.0);
  CHECK(equal < 1e-12);
  // E|X - X'| = 2 Γ((d+1)/2)/Γ(d/2), and the expectation of the V-statistic is 2/n of it.
  const double spread = 2.0 * std::tgamma(0.5 * (d + 1)) / std::tgamma(0.5 * d);
  CHECK(same_law == Approx(2.0 * spread / n).epsilon(0.3));
  CHECK(energy_distance(x, y.array() + 0.1) > 5.0 * same_law);
}

TEST_CASE("The energy distance does not depend on the number of threads", "[energy]") {
  const Points x = normal_points(1100, 7, 1), y = normal_points(900, 7, 2);
  const int most = omp_get_max_threads();
  const double expected = energy_distance(x, y);
  for (const int threads : {1, 3}) {
    omp_set_num_threads(threads);
    CHECK(energy_distance(x, y) == expected);
  }
  omp_set_num_threads(most);
}

TEST_CASE("A coordinate that is no number makes the energy distance none either", "[energy]") {
  Points x = normal_points(40, 2, 1);
  const Points y = normal_points(40, 2, 2);
  x(7, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(energy_distance(x, y)));
}
