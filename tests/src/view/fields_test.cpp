#include "src/view/fields.hpp"

#include <algorithm>

#include "tests/src/program.hpp"
#include "tests/src/view/view_tester.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::field;

namespace {

Choice choice(const std::string& text = test::kOrnsteinUhlenbeck) {
  return {parse_config(text, "model.json"), "jko", "", 0};
}

std::string field_refusal(const std::string& key, const std::string& text) {
  try {
    with_field(choice(), key, text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a field changes what its key says, and nothing else") {
  const Choice before = choice();
  CHECK(with_field(before, "beta", "2.5").config.model.beta == 2.5);
  CHECK(with_field(before, "filter.tau", "0.05").config.filter.jko.step == 0.05);
  CHECK(with_field(before, "filter.nodes", "300").config.filter.jko.nodes == 300);
  CHECK(with_field(before, "seed", "17").seed == 17);
  CHECK(with_field(before, "method", "kalman").method == "kalman");
  CHECK(with_field(before, "compare", "grid").compared == "grid");
  CHECK(with_field(with_field(before, "compare", "grid"), "compare", "none").compared.empty());
  const Choice noisy = with_field(before, "observation.R", "4");
  CHECK(noisy.config.model.observation->formula() != before.config.model.observation->formula());
  CHECK(noisy.config.model.beta == before.config.model.beta);
}

TEST_CASE("what a field shows can be read back") {
  Choice changed = with_field(choice(), "beta", "0.1234567");
  changed = with_field(changed, "filter.tau", "0.05");
  const std::vector<Field> fields = fields_of(changed, RunKind::replay);
  CHECK(field(fields, "beta").value == "0.1234567");
  CHECK(field(fields, "filter.tau").value == "0.05");
  CHECK(field(fields, "filter.nodes").value == "automatic");
  CHECK(field(fields, "seed").value == "0");
  const Choice again = with_field(changed, "filter.tau", "automatic");
  CHECK(again.config.filter.jko.step == 0.0);
}

TEST_CASE("a bad value of a field is refused by the config reader's words alone") {
  CHECK(field_refusal("beta", "-1") == "expected a positive number, found -1");
  CHECK(field_refusal("beta", "fast").find("expected") == 0);
  CHECK(field_refusal("filter.nodes", "3").find("expected") == 0);
  CHECK(field_refusal("seed", "-2").find("expected a whole number") == 0);
  CHECK(field_refusal("seed", "1.5").find("expected a whole number") == 0);
  CHECK(field_refusal("method", "kalmann") == "unknown method 'kalmann'");
  CHECK(field_refusal("beta", "1").empty());
}

TEST_CASE("a method that cannot filter the model is refused with its reason") {
  const Choice nonlinear = choice(test::kFiveLines);
  CHECK_THROWS_AS(with_field(nonlinear, "method", "kalman"), std::invalid_argument);
  CHECK_THROWS_AS(with_field(nonlinear, "compare", "kalman"), std::invalid_argument);
  CHECK_NOTHROW(with_field(nonlinear, "method", "bootstrap"));
}

TEST_CASE("a live stream's fields say which of them are fixed") {
  const std::vector<Field> fields = fields_of(choice(), RunKind::live);
  CHECK(field(fields, "beta").fixed.empty());
  CHECK(field(fields, "filter.tau").fixed.empty());
  CHECK_FALSE(field(fields, "method").fixed.empty());
  CHECK_FALSE(field(fields, "seed").fixed.empty());
  CHECK(field(fields, "live.budget_ms").value == "automatic");
}

TEST_CASE("the config that a window saves is read as what is running") {
  Choice changed = with_field(with_field(choice(), "beta", "3"), "method", "bootstrap");
  const Config again = parse_config(config_text(changed), "saved.json");
  CHECK(again.model.beta == 3.0);
  CHECK(again.filter.method == "bootstrap");
  CHECK(again.model.observation->formula() == changed.config.model.observation->formula());
}
