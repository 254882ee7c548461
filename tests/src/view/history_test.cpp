#include "src/view/history.hpp"

#include "tests/test.hpp"

using namespace jko;

namespace {

HistoryEntry entry(Index index, double time) {
  HistoryEntry made;
  made.index = index;
  made.time = time;
  return made;
}

std::vector<Index> between(const History& history, double begin, double end) {
  std::vector<Index> indices;
  history.for_each(begin, end, [&](const HistoryEntry& seen) { indices.push_back(seen.index); });
  return indices;
}

}  // namespace

TEST_CASE("a history gives the entries between two times, and the neighbours just outside") {
  HistoryLog log(10'000);
  for (Index k = 0; k < 1000; ++k) log.add(entry(k, static_cast<double>(k)));
  const History& history = log.view();
  CHECK(history.size() == 1000);
  CHECK(between(history, 300.5, 303.5) == std::vector<Index>{300, 301, 302, 303, 304});
  CHECK(between(history, -5.0, 0.5) == std::vector<Index>{0, 1});
  CHECK(between(history, 5000.0, 6000.0) == std::vector<Index>{999});
  CHECK(between(history, 127.5, 127.6) == std::vector<Index>{127, 128});  // across two chunks
  CHECK(history.at(42.9)->index == 42);
  CHECK(history.at(-1.0)->index == 0);
  CHECK(history.at(1e9)->index == 999);
  CHECK(HistoryLog(5).view().at(1.0) == nullptr);
}

TEST_CASE("a history is bounded and says how much it has forgotten") {
  HistoryLog log(1000);
  for (Index k = 0; k < 10'000; ++k) log.add(entry(k, static_cast<double>(k)));
  CHECK(log.view().size() >= 1000);
  CHECK(log.view().size() < 1200);
  CHECK(log.view().size() + log.view().forgotten() == 10'000);
  CHECK(log.view().last()->index == 9999);
  log.set_capacity(100);
  CHECK(log.view().size() < 300);
  CHECK(log.view().last()->index == 9999);
  log.clear();
  CHECK(log.view().empty());
  CHECK(log.view().forgotten() == 0);
}

TEST_CASE("a view of a history never changes") {
  HistoryLog log(1000);
  for (Index k = 0; k < 10; ++k) log.add(entry(k, static_cast<double>(k)));
  const History before = log.view();
  log.add(entry(10, 10.0));
  log.add(entry(11, 3.5));
  HistoryEntry revised = entry(2, 2.0);
  revised.log_evidence = -7.0;
  log.revise(revised);
  CHECK(between(before, -1.0, 100.0) == std::vector<Index>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(before.at(2.0)->log_evidence == 0.0);
  CHECK(log.view().at(2.0)->log_evidence == -7.0);
}

TEST_CASE("a late entry is put in its place, whatever chunk that is in") {
  HistoryLog log(10'000);
  for (Index k = 0; k < 400; ++k) log.add(entry(k, static_cast<double>(k)));
  log.view();
  log.add(entry(1000, 100.5));
  log.add(entry(1001, -3.0));
  log.add(entry(1002, 399.5));
  CHECK(between(log.view(), 100.2, 100.7) == std::vector<Index>{100, 1000, 101});
  CHECK(log.view().first()->index == 1001);
  CHECK(log.view().last()->index == 1002);
  CHECK(log.view().size() == 403);
}

TEST_CASE("the pictures and traces that a history keeps are bounded in bytes") {
  HistoryLog log(100'000);
  auto picture = std::make_shared<LawPicture>();
  picture->pairs.resize(1);
  picture->pairs.front().values.resize(96 * 96);
  for (Index k = 0; k < 6000; ++k) {
    HistoryEntry made = entry(k, static_cast<double>(k));
    made.updated = std::make_shared<LawPicture>(*picture);
    log.add(std::move(made));
    if (k % 64 == 0) log.view();
  }
  std::size_t with_pairs = 0, with_picture = 0;
  log.view().for_each(-1.0, 1e9, [&](const HistoryEntry& seen) {
    with_picture += seen.updated ? 1 : 0;
    with_pairs += seen.updated && !seen.updated->pairs.empty() ? 1 : 0;
  });
  CHECK(with_picture == 6000);
  CHECK(with_pairs * 96 * 96 * 4 < (std::size_t{70} << 20));
  CHECK(with_pairs > 500);
  CHECK_FALSE(log.view().last()->updated->pairs.empty());  // the newest are whole
}

TEST_CASE("traces are visited in the order of their times") {
  HistoryLog log(1000);
  for (int k = 0; k < 5000; ++k) {
    LawTrace trace;
    trace.time = 0.1 * k;
    log.add(std::move(trace));
  }
  double last = -1.0;
  int count = 0;
  log.view().for_each_trace(100.0, 200.0, [&](const LawTrace& trace) {
    CHECK(trace.time > last);
    last = trace.time;
    ++count;
  });
  CHECK(count >= 1000);
  CHECK(count <= 1004);
}
