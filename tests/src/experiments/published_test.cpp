#include "src/experiments/published.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <stdexcept>

#include "src/experiments/ornstein_uhlenbeck_methods.hpp"
#include "tests/test.hpp"

using namespace jko;

TEST_CASE("a published table is looked up by its entries") {
  const PublishedTable table("# a comment\nmethod,d,value\na,1,0.5\na,2,\nb,1,-3e2\n");
  CHECK(table.rows().size() == 3);
  CHECK(table.figure("value", {{"method", "a"}, {"d", "1"}}) == 0.5);
  CHECK(table.figure("value", {{"method", "b"}}) == -300.0);
  CHECK_FALSE(table.figure("value", {{"method", "a"}, {"d", "2"}}));
  CHECK_FALSE(table.figure("value", {{"method", "c"}}));
  CHECK_THROWS_AS(table.figure("none", {{"method", "a"}}), std::out_of_range);
  CHECK_THROWS_AS(PublishedTable("a,b\n1\n"), std::invalid_argument);
}

TEST_CASE("the published figures are there for every dimension, time and method that studies show") {
  for (const EvolvingMethod& method : evolving_methods()) {
    for (int d = 1; d <= 12; ++d) {
      for (int k = 1; k <= 10; ++k) {
        const auto value = published_figure(
            "ornstein_uhlenbeck", "sym_kl",
            {{"method", method.published}, {"dimension", std::to_string(d)}, {"t", fmt::format("{:.1f}", 0.1 * k)}});
        REQUIRE(value);
        CHECK(*value > 0.0);
      }
    }
  }
  for (const char* method : {"ICNN_jko", "dual_jko", "bbf_100", "bbf_1000", "bbf_10000", "bbf_50000"}) {
    double before = 0.0;
    for (const char* column : {"minimum", "lower_quartile", "median", "upper_quartile", "maximum"}) {
      const auto value = published_figure("filtering_sine_well", column, {{"method", method}});
      REQUIRE(value);
      CHECK(*value >= before);
      before = *value;
    }
  }
}

TEST_CASE("the published figures are those that were reported") {
  CHECK(published_figure("ornstein_uhlenbeck", "sym_kl", {{"method", "ICNN_jko"}, {"dimension", "12"}, {"t", "0.9"}}) ==
        0.0190554);
  CHECK(published_figure("filtering_sine_well", "median", {{"method", "ICNN_jko"}}) == 0.0170145);
  CHECK(published_figure("mixture_stationary", "sym_kl", {{"method", "ICNN_jko"}, {"dimension", "2"}}) > 0.05);
  const auto& posterior = published_table("bayesian_logistic_regression").rows();
  CHECK(std::count_if(posterior.begin(), posterior.end(),
                      [](const auto& row) { return row.at("dataset") == "covtype"; }) == 4);
  CHECK_THROWS_AS(published_table("none"), std::out_of_range);
}
