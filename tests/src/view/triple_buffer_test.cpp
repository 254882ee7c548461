#include "src/view/triple_buffer.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "tests/test.hpp"

using jko::TripleBuffer;

namespace {

// A value in several words: one that is read while it is written does not agree with itself.
struct Wide {
  std::array<int, 64> words{};
  static Wide of(int number) {
    Wide wide;
    wide.words.fill(number);
    return wide;
  }
  bool whole() const {
    for (const int word : words) {
      if (word != words[0]) return false;
    }
    return true;
  }
};

}  // namespace

TEST_CASE("A triple buffer has nothing to fetch before the first value") {
  TripleBuffer<int> buffer;
  CHECK(!buffer.fetch());
  CHECK(buffer.read() == 0);
}

TEST_CASE("A triple buffer gives each value once, and the newest of several") {
  TripleBuffer<std::string> buffer;
  buffer.write("one");
  REQUIRE(buffer.fetch());
  CHECK(buffer.read() == "one");
  CHECK(!buffer.fetch());
  CHECK(buffer.read() == "one");
  for (const char* text : {"two", "three", "four", "five"}) buffer.write(text);
  REQUIRE(buffer.fetch());
  CHECK(buffer.read() == "five");
  CHECK(!buffer.fetch());
}

TEST_CASE("What was fetched stays as it is while newer values are written") {
  TripleBuffer<int> buffer;
  buffer.write(1);
  REQUIRE(buffer.fetch());
  for (int i = 2; i < 10; ++i) {
    buffer.write(i);
    CHECK(buffer.read() == 1);
  }
}

TEST_CASE("A triple buffer keeps no more than three values alive") {
  TripleBuffer<std::shared_ptr<int>> buffer;
  const auto first = std::make_shared<int>(0);
  buffer.write(first);
  buffer.fetch();
  for (int i = 0; i < 3; ++i) {
    buffer.write(std::make_shared<int>(i));
    buffer.fetch();
  }
  CHECK(first.use_count() == 1);
}

TEST_CASE("A reader sees values of another thread whole, in order, and at last the newest") {
  constexpr int kCount = 200'000;
  TripleBuffer<Wide> buffer;
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 1; i <= kCount; ++i) buffer.write(Wide::of(i));
    done = true;
  });
  int last = 0, torn = 0, backwards = 0, seen = 0;
  while (true) {
    const bool over = done;
    while (buffer.fetch()) {
      ++seen;
      if (!buffer.read().whole()) ++torn;
      if (buffer.read().words[0] <= last) ++backwards;
      last = buffer.read().words[0];
    }
    if (over) break;
    std::this_thread::yield();
  }
  writer.join();
  CHECK(torn == 0);
  CHECK(backwards == 0);
  CHECK(last == kCount);
  CHECK(seen >= 1);
  CHECK(seen <= kCount);
}
