#include "src/config_reader.hpp"

#include "tests/src/input_error.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::input_error_of;

namespace {

/// What is said of this text when it is read by `read`.
template <class Read>
std::string reading_complaint(const std::string& text, Read read) {
  const JsonDocument document = JsonDocument::parse(text, "m.json");
  return input_error_of([&] { read(ConfigReader(document)); });
}

}  // namespace

TEST_CASE("values are read by kind, and defaults stand in for what is missing") {
  const auto document = JsonDocument::parse(
      R"({"a": 2, "b": [1, 2.5], "c": [[1, 2], [3, 4]], "d": 7, "e": "x", "f": {"g": 3}, "h": ["u", "v"]})", "m.json");
  const ConfigReader root(document);
  CHECK(root.number("a", Range::positive()) == 2.0);
  CHECK(root.number("z", Range::positive(), 5.0) == 5.0);
  CHECK(root.integer("a", 0, 10) == 2);
  CHECK(root.vector("b", 2) == (Vector(2) << 1, 2.5).finished());
  CHECK(root.matrix("c", 2, 2)(1, 0) == 3.0);
  CHECK(root.matrix("c", std::nullopt, 2).rows() == 2);
  CHECK(root.vector("d", 1)[0] == 7.0);
  CHECK(root.matrix("d", 1, 1)(0, 0) == 7.0);
  CHECK(root.choice("e", {"w", "x"}) == "x");
  CHECK(root.texts("h", 5) == std::vector<std::string>{"u", "v"});
  const ConfigReader f = root.section("f");
  CHECK(f.integer("g", 0, 10) == 3);
  CHECK_NOTHROW(f.finish());
  CHECK_NOTHROW(root.finish());
  CHECK(root.section_or_empty("y").integer("g", 0, 10, 4) == 4);
}

TEST_CASE("a value of the wrong kind or range is told with line, path and expectation") {
  const auto number = [](const ConfigReader& root) { root.section("f").number("b", Range::positive()); };
  CHECK(reading_complaint("{\"f\": {\n\"b\": -1}}", number) == "m.json:2: f.b: expected a positive number, found -1");
  CHECK(reading_complaint("{\"f\": {\n\"b\": \"1\"}}", number) ==
        "m.json:2: f.b: expected a positive number, found \"1\"");
  CHECK(reading_complaint("{\"f\": {\n\"b\": 1e13}}", number) ==
        "m.json:2: f.b: expected a positive number, found 10000000000000.0");
  CHECK(reading_complaint("{\n\"f\": 3}", number) == "m.json:2: f: expected an object, found 3");
  CHECK(reading_complaint("{\n\"f\": {}}", number) == "m.json:2: f.b: this key is missing");
  CHECK(reading_complaint("{\"n\": 1.5}", [](const ConfigReader& root) { root.integer("n", 1, 9); }) ==
        "m.json:1: n: expected an integer from 1 to 9, found 1.5");
  CHECK(reading_complaint("{\"n\": 18446744073709551615}", [](const ConfigReader& root) { root.integer("n", 1, 9); }) ==
        "m.json:1: n: expected an integer from 1 to 9, found 18446744073709551615");
  CHECK(reading_complaint("{\"m\": [[1, 0],\n[0]]}", [](const ConfigReader& root) { root.matrix("m", 2, 2); }) ==
        "m.json:2: m[1]: expected a row of 2 numbers, found an array of 1");
  CHECK(reading_complaint("{\"v\": [1,\nnull]}", [](const ConfigReader& root) { root.vector("v", 2); }) ==
        "m.json:2: v[1]: expected a finite number, found null");
}

TEST_CASE("an unknown key or name is told with the nearest valid one") {
  const auto read = [](const ConfigReader& root) {
    root.integer("nodes", 1, 9, 5);
    root.choice("scheme", {"bdf2", "jko"}, "bdf2");
    root.finish();
  };
  CHECK(reading_complaint("{\n\"node\": 3}", read) == "m.json:2: node: unknown key (did you mean 'nodes'?)");
  CHECK(reading_complaint("{\n\"banana\": 3}", read) == "m.json:2: banana: unknown key, expected nodes or scheme");
  CHECK(reading_complaint("{\"scheme\": \"bfd2\"}", read) ==
        "m.json:1: scheme: expected bdf2 or jko, found 'bfd2' (did you mean 'bdf2'?)");
}

TEST_CASE("a required key under a mistyped name is told as what it is") {
  const auto read = [](const ConfigReader& root) { root.text("formula"); };
  CHECK(reading_complaint("{\n\"fromula\": \"x0\"}", read) ==
        "m.json:2: fromula: unknown key (did you mean 'formula'?)");
}

TEST_CASE("what the library refuses is told at the key that it came from") {
  const auto read = [](const ConfigReader& root) {
    root.build("covariance", []() -> int { throw std::invalid_argument("is not positive definite"); });
  };
  CHECK(reading_complaint("{\n\"covariance\": 1}", read) == "m.json:2: covariance: is not positive definite");
}

TEST_CASE("a config that is no object is refused") {
  CHECK(reading_complaint("[1]", [](const ConfigReader&) {}) ==
        "m.json:1: JSON: expected an object, found an array of 1");
}
