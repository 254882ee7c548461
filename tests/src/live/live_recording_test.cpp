#include "src/live/live_recording.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>

#include "src/error.hpp"
#include "tests/src/live/live_tester.hpp"
#include "tests/src/program.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using namespace jko::test;

namespace {

/// An irregular stream with late ones, an outlier, a duplicate, one without a stamp, and queues of all lengths.
struct Rough {
  std::vector<Arrival> arrivals = irregular_stream(24);
  Rough() {
    std::swap(arrivals[4], arrivals[5]);
    std::rotate(arrivals.begin() + 9, arrivals.begin() + 10, arrivals.begin() + 13);
    arrivals.insert(arrivals.begin() + 15, arrival(arrivals[14].time.value() + 0.01, 30.0));
    arrivals.push_back(arrivals[19]);
    arrivals.push_back({std::nullopt, Vector::Ones(1), arrivals.back().arrived + 40.0, "clockless"});
  }

  static LiveOptions options(OddClock& clock) {
    LiveOptions options;
    options.clock = clock.function();
    options.settings.budget_ms = 60.0;
    options.settings.gate = 9.0;
    options.lag = 3.0;
    return options;
  }
  static Index waiting(std::size_t k) { return k % 9 == 5 ? 5 : k % 9 == 6 ? 20 : k % 9 == 7 ? 80 : 0; }
  static int steps_ahead(std::size_t k) { return static_cast<int>((7 * k) % 5); }

  /// Arrivals from number `from` to `to` and some work ahead; returns what is published.
  std::vector<std::string> put(LiveEngine& engine, std::size_t from, std::size_t to) const {
    std::vector<std::string> lines;
    for (std::size_t k = from; k < std::min(to, arrivals.size()); ++k) {
      append(lines, engine.accept(arrivals[k], waiting(k)).publish);
      for (int step = 0; step < steps_ahead(k); ++step) engine.work_ahead();
    }
    return lines;
  }
};

std::vector<std::string> published(const TemporaryFolder& folder, const std::string& file) {
  std::vector<std::string> lines;
  std::istringstream stream(folder.read(file));
  for (std::string line; std::getline(stream, line);) {
    nlohmann::ordered_json json = nlohmann::ordered_json::parse(line);
    json.erase("predict_ms");
    json.erase("update_ms");
    lines.push_back(json.dump());
  }
  return lines;
}

Outcome replay(const TemporaryFolder& folder, const std::string& recording, const std::string& output = "out") {
  return run({"replay", "--recording", folder.path(recording), "--output", folder.path(output), "--quiet"});
}

}  // namespace

TEST_CASE("The recording of a run that a clock steered is replayed bit for bit", "[live][recording]") {
  const TemporaryFolder folder;
  const Rough rough;
  OddClock clock;
  LiveOptions options = Rough::options(clock);
  options.record = folder.path("run.jsonl");
  std::vector<std::string> lines;
  LiveCounts counts;
  {
    LiveEngine engine(live_study(), options);
    lines = rough.put(engine, 0, 100);
    counts = engine.counts();
    CHECK(engine.take_warnings().empty());
  }
  // The run had all that makes a replay difficult.
  CHECK(counts.revised > 3);
  CHECK(counts.of(Verdict::rewound) >= 2);
  CHECK(counts.of(Verdict::gated) >= 1);
  CHECK(counts.of(Verdict::duplicate) == 1);
  for (const Rung rung : {Rung::deadline, Rung::fewer, Rung::longer, Rung::plain}) CHECK(counts.of(rung) > 0);
  CHECK(counts.steps_ahead > 5);

  const Outcome outcome = replay(folder, "run.jsonl");
  CHECK(outcome.code == 0);
  CHECK(outcome.err.empty());
  CHECK(published(folder, "out/posterior.jsonl") == lines);
  const nlohmann::json summary = nlohmann::json::parse(folder.read("out/summary.json"));
  CHECK(summary["published"] == counts.published);
  CHECK(summary["revised"] == counts.revised);
  CHECK(summary["rungs"]["plain"] == counts.of(Rung::plain));

  // On one thread as on all.
  const Outcome single = run({"replay", "--recording", folder.path("run.jsonl"), "--output", folder.path("single"),
                              "--quiet", "--threads", "1", "--speed", "1e6"});
  CHECK(single.code == 0);
  CHECK(published(folder, "single/posterior.jsonl") == lines);
}

TEST_CASE("A reload is recorded and replayed", "[live][recording][reload]") {
  const TemporaryFolder folder;
  LiveOptions options = unhurried();
  options.record = folder.path("run.jsonl");
  std::vector<std::string> lines;
  {
    LiveEngine engine(live_study(), options);
    for (const Arrival& arrival : irregular_stream(4)) append(lines, engine.accept(arrival, 0).publish);
    std::string text = kLiveStudy;
    text.replace(text.find("\"R\": 0.5"), 8, "\"R\": 0.01");
    text.replace(text.find("\"beta\": 1"), 9, "\"beta\": 2");
    engine.reload(live_study(text), {5.0, 20.0});
    for (double t = 3.0; t < 5.0; t += 0.4) append(lines, engine.accept(arrival(t, 0.2 * t), 0).publish);
  }
  CHECK(replay(folder, "run.jsonl").code == 0);
  CHECK(published(folder, "out/posterior.jsonl") == lines);
}

TEST_CASE("A torn last line is left out and reported, wherever it was cut", "[live][recording]") {
  const TemporaryFolder folder;
  LiveOptions options = unhurried();
  options.record = folder.path("run.jsonl");
  std::vector<std::string> lines;
  {
    LiveEngine engine(live_study(), options);
    for (const Arrival& arrival : steady_stream(3)) append(lines, engine.accept(arrival, 0).publish);
  }
  const std::string whole = folder.read("run.jsonl");
  const std::size_t last = whole.rfind('\n', whole.size() - 2) + 1;
  lines.pop_back();
  for (const std::size_t cut : {last + 1, last + 10, whole.size() - 2, whole.size() - 1}) {
    CAPTURE(cut);
    folder.file("torn.jsonl", whole.substr(0, cut));
    const Outcome outcome = replay(folder, "torn.jsonl");
    CHECK(outcome.code == 0);
    CHECK(outcome.err == "jkofilter: " + folder.path("torn.jsonl") + ":4: the last line is torn and was left out\n");
    CHECK(published(folder, "out/posterior.jsonl") == lines);
  }
  // What a file system may leave after a loss of power.
  folder.file("torn.jsonl", whole.substr(0, last) + std::string(100, '\0') + "\n");
  CHECK(replay(folder, "torn.jsonl").code == 0);
}

TEST_CASE("What is wrong with a recording is said in one line", "[live][recording]") {
  const TemporaryFolder folder;
  LiveOptions options = unhurried();
  options.record = folder.path("run.jsonl");
  {
    LiveEngine engine(live_study(), options);
    for (const Arrival& arrival : steady_stream(3)) engine.accept(arrival, 0);
  }
  const std::string whole = folder.read("run.jsonl");
  const auto refuses = [&](const std::string& text, const std::string& message) {
    folder.file("bad.jsonl", text);
    const Outcome outcome = replay(folder, "bad.jsonl");
    CAPTURE(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(outcome.err.find(folder.path("bad.jsonl") + message) == 0);
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  };
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = whole;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  refuses("", ": is empty");
  refuses(whole.substr(0, 50), ":1: the header is torn");
  refuses("{\"t\": 1, \"y\": [1]}\n", ":1: type: is no recording of a live run");
  refuses(with("\"form\":1", "\"form\":7"), ":1: form: expected 1");
  refuses(with("\"verdict\":\"accepted\"", "\"verdict\":\"accented\""), ":2: verdict: unknown name 'accented'");
  refuses(with("\"sequence\":1", "\"sequence\":5"), ":3: does not fit what is recorded before it: its number");
  refuses(with("\"steps\":[[", "\"steps\":[[1,1,1],["), ":2: moves: expected at most two attempts");
  refuses(with("\"steps\":[[", "\"steps\":[[1],["), ":2: does not fit");
  refuses(with("\"steps\":[[", "\"steps\":[[-1],["), ":2: moves: expected numbers of iterations");
  refuses(with("sine_well", "sine_wall"), ":1: potential");
  refuses(with("\"y\":[", "\"y\":[1.0,"), ":2: does not fit");
  CHECK(run({"replay", "--recording", folder.path("run.jsonl"), "--method", "grid"}).code == 2);
  CHECK(run({"replay", "--recording", folder.path("run.jsonl"), "--speed", "fast"}).code == 2);
  CHECK(run({"replay", "--recording", folder.path("none.jsonl")}).code == 2);
  // No recording is overwritten.
  CHECK_THROWS_AS(LiveEngine(live_study(), options), InputError);
  CHECK(folder.read("run.jsonl") == whole);
}

TEST_CASE("A full disk keeps lines waiting, and none is lost", "[live][recording]") {
  const TemporaryFolder folder;
  RecordingHeader header;
  header.config = "{}";
  RecordingWriter writer(folder.path("run.jsonl"), header);
  CHECK(writer.write({{"a", 1}}).empty());
  const std::string before = folder.read("run.jsonl");
  // A limit on the size of files is a disk that fills up in the middle of a line, and is emptied again.
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old_limit{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &old_limit) == 0);
  rlimit limit = old_limit;
  limit.rlim_cur = before.size() + 5;
  REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  const std::string first = writer.write({{"b", 2}, {"c", 3}});
  const std::string second = writer.write({{"d", 4}});
  setrlimit(RLIMIT_FSIZE, &old_limit);
  std::signal(SIGXFSZ, old_handler);
  CHECK(first.find("cannot write " + folder.path("run.jsonl")) == 0);
  CHECK_FALSE(second.empty());
  CHECK(folder.read("run.jsonl").size() == before.size() + 5);
  CHECK(writer.write({{"e", 5}}).empty());
  CHECK(folder.read("run.jsonl") == before + "{\"b\":2,\"c\":3}\n{\"d\":4}\n{\"e\":5}\n");
  CHECK_THROWS_AS(RecordingWriter(folder.path("none/run.jsonl"), header), InputError);
}
