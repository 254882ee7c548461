#include "src/figures.hpp"

#include <cmath>

#include "tests/test.hpp"

using namespace jko;

TEST_CASE("a percentile lies between its neighbours") {
  CHECK(median({3.0, 1.0, 2.0}) == 2.0);
  CHECK(median({4.0, 1.0, 2.0, 3.0}) == 2.5);
  CHECK(percentile({0.0, 10.0}, 0.99) == Approx(9.9));
  CHECK(percentile({7.0}, 0.99) == 7.0);
  CHECK(std::isnan(median({})));
  CHECK(std::isnan(maximum({})));
}

TEST_CASE("figures are shown as people read them") {
  CHECK(with_commas(999) == "999");
  CHECK(with_commas(1234567) == "1,234,567");
  CHECK(duration(1.234) == "1.23 ms");
  CHECK(duration(1234.0) == "1.23 s");
  CHECK(factor(35.21) == "35.2");
  CHECK(factor(1234.4) == "1,234");
}
