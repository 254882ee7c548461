#include "src/json_document.hpp"

#include "tests/src/input_error.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using jko::JsonDocument;
using jko::test::input_error_of;
using jko::test::TemporaryFolder;

namespace {

std::string json_complaint(const std::string& text) {
  return input_error_of([&] { JsonDocument::parse(text, "m.json"); });
}

}  // namespace

TEST_CASE("a document knows the line of every value") {
  const auto document =
      JsonDocument::parse("// a comment\n{\n  \"a\": 1,\n  \"b\": {\"c\": [1,\n 2,\n {\"d\": 3}]}}", "m.json");
  CHECK(document.line("") == 2);
  CHECK(document.line("a") == 3);
  CHECK(document.line("b") == 4);
  CHECK(document.line("b.c") == 4);
  CHECK(document.line("b.c[1]") == 5);
  CHECK(document.line("b.c[2].d") == 6);
  CHECK(document.root()["b"]["c"][2]["d"] == 3);
}

TEST_CASE("a syntax error is told with its line") {
  CHECK(json_complaint("{\n \"a\": 1,\n \"b\" 2\n}").rfind("m.json:3: JSON: syntax error", 0) == 0);
  CHECK(json_complaint("{\"a\": 1").rfind("m.json:1: JSON: syntax error", 0) == 0);
  CHECK(json_complaint("{} x").rfind("m.json:1: JSON: syntax error", 0) == 0);
  CHECK(json_complaint("{\"a\": NaN}").rfind("m.json:1: JSON: syntax error", 0) == 0);
}

TEST_CASE("a number too large for double is an error, not infinity") {
  CHECK(json_complaint("{\"a\":\n 1e999}").rfind("m.json:2: JSON: number overflow", 0) == 0);
}

TEST_CASE("a key that is there twice is an error") {
  CHECK(json_complaint("{\"a\": {\"b\": 1,\n\"b\": 2}}") == "m.json:2: a.b: the key is there twice");
}

TEST_CASE("a hundred thousand brackets are refused") {
  CHECK(json_complaint(std::string(100'000, '[')) == "m.json:1: JSON: nested deeper than 64 brackets");
  CHECK(json_complaint("{\"a\":\n" + std::string(100'000, '[')) == "m.json:2: JSON: nested deeper than 64 brackets");
  CHECK(json_complaint(std::string(64, '[') + std::string(64, ']')).empty());
}

TEST_CASE("a file that is missing, empty, a folder or huge is named") {
  const TemporaryFolder folder;
  const auto load = [](const std::string& file) { return input_error_of([&] { JsonDocument::load(file); }); };
  CHECK(load(folder.path("none.json")) == folder.path("none.json") + ": cannot be read: No such file or directory");
  CHECK(load(folder.file("empty.json", "")) == folder.path("empty.json") + ": is empty, expected a JSON object");
  CHECK(load(folder.path("")).find("is a directory") != std::string::npos);
  CHECK(load(folder.file("huge.json", std::string(10'000'000, ' '))).find("larger than 1 MiB") != std::string::npos);
}
