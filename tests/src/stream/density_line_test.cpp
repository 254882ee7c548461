#include "src/stream/density_line.hpp"

#include <cmath>

#include "src/methods.hpp"
#include "tests/src/program.hpp"
#include "tests/test.hpp"

using namespace jko;
using namespace jko::test;

TEST_CASE("A density line holds the density at its points", "[stream]") {
  const auto filter = make_filter(parse_config(kOrnsteinUhlenbeck, "m.json"), "kalman", 0);
  const nlohmann::json line = nlohmann::json::parse(density_line(*filter, {-1.0, 1.0, 5}).dump());
  CHECK(line["type"] == "density");
  CHECK(line["time"] == 0.0);
  REQUIRE(line["pdf"].size() == 5);
  for (int k = 0; k < 5; ++k) {
    const double x = -1.0 + 0.5 * k;
    CHECK(line["pdf"][static_cast<std::size_t>(k)].get<double>() ==
          Approx(std::exp(-0.5 * x * x) / std::sqrt(2 * M_PI)));
  }
}

TEST_CASE("In the plane a density line has a row for each x", "[stream]") {
  const auto filter = make_filter(parse_config(R"({
    "state": {"dimension": 2}, "potential": {"type": "quadratic", "A": [[1, 0], [0, 1]]}, "beta": 1,
    "initial": {"type": "gaussian", "mean": [1, 0], "covariance": [[1, 0], [0, 4]]},
    "observation": {"type": "linear", "R": [[1, 0], [0, 1]]}})",
                                               "m.json"),
                                  "kalman", 0);
  const nlohmann::json line = nlohmann::json::parse(density_line(*filter, {-1.0, 1.0, 3}).dump());
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      const double x = static_cast<double>(i) - 1.0, y = static_cast<double>(j) - 1.0;
      CHECK(line["pdf"][i][j].get<double>() ==
            Approx(std::exp(-0.5 * (x - 1.0) * (x - 1.0) - 0.125 * y * y) / (4.0 * M_PI)));
    }
  }
}
