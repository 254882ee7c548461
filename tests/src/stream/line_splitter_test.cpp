#include "src/stream/line_splitter.hpp"

#include <random>
#include <string>
#include <vector>

#include "tests/test.hpp"

using namespace jko;

namespace {

std::vector<std::string> lines_of(LineSplitter& splitter) {
  std::vector<std::string> lines;
  while (const auto line = splitter.next()) lines.emplace_back(*line);
  return lines;
}

}  // namespace

TEST_CASE("Lines come out whole, however the bytes were cut", "[stream]") {
  std::string text;
  std::vector<std::string> truth;
  std::mt19937 engine(3);
  for (int k = 0; k < 200; ++k) {
    truth.emplace_back(engine() % 50, static_cast<char>('a' + k % 26));
    text += truth.back() + (k % 3 == 0 ? "\r\n" : "\n");
  }
  for (const std::size_t most : {1, 2, 7, 1000}) {
    LineSplitter splitter;
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = 1 + engine() % most;
      splitter.take(std::string_view(text).substr(at, size));
      at += size;
      for (const std::string& line : lines_of(splitter)) lines.push_back(line);
    }
    CHECK(lines == truth);
    CHECK(splitter.rest().empty());
    CHECK(splitter.too_long() == 0);
  }
}

TEST_CASE("A line that is too long is skipped and counted, and the next one is read", "[stream]") {
  LineSplitter splitter;
  const std::string longest(LineSplitter::kLongestLine, 'x');
  splitter.take("before\n" + longest + "\n" + longest + "y\nafter\nrest");
  CHECK(lines_of(splitter) == std::vector<std::string>{"before", longest, "after"});
  CHECK(splitter.too_long() == 1);
  CHECK(splitter.rest() == "rest");

  // One that never ends is not kept.
  LineSplitter endless;
  for (int k = 0; k < 1000; ++k) {
    endless.take(std::string(10'000, 'x'));
    CHECK_FALSE(endless.next());
  }
  CHECK(endless.too_long() == 1);
  CHECK(endless.rest().empty());
  endless.take("\nok\n");
  CHECK(lines_of(endless) == std::vector<std::string>{"ok"});
}
