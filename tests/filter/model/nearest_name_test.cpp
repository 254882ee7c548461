#include "filter/model/nearest_name.hpp"

#include "tests/test.hpp"

using jko::nearest_name;

TEST_CASE("the nearest name is the one that differs by the fewest letters") {
  const std::vector<std::string> names = {"sine_well", "double_well", "quadratic", "mixture"};
  CHECK(nearest_name("sin_well", names) == "sine_well");
  CHECK(nearest_name("doublewell", names) == "double_well");
  CHECK(nearest_name("Quadratic", names) == "quadratic");
  CHECK(nearest_name("mixtrue", names) == "mixture");
}

TEST_CASE("a name that resembles none has no nearest name") {
  CHECK(nearest_name("banana", {"tau", "nodes"}).empty());
  CHECK(nearest_name("A", {"b"}).empty());
  CHECK(nearest_name(std::string(1'000'000, 'x'), {"tau"}).empty());
  CHECK(nearest_name("tau", {}).empty());
}
