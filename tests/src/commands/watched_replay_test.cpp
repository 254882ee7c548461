#include <limits>
#include <sstream>

#include "src/commands/commands.hpp"
#include "src/config.hpp"
#include "tests/src/program.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/src/view/view_tester.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::json_lines;
using jko::test::TemporaryFolder;
using jko::test::WatchedRun;
using nlohmann::json;

namespace {

const char* const kWatchedRecording = "t,y\n0.5,1.0\n1.0,0.2\n1.5,\n2.0,-0.7\n2.5,0.1\n3.0,0.4\n";

/// A replay of the linear model by the JKO filter, beside the Kalman filter.
struct Replay {
  TemporaryFolder folder;
  ReplayOptions options;
  std::ostringstream out, err;
  std::unique_ptr<WatchedRun> run;

  explicit Replay(std::optional<double> speed = std::nullopt) {
    options.config = folder.file("m.json", test::kOrnsteinUhlenbeck);
    options.observations = folder.file("obs.csv", kWatchedRecording);
    options.output = folder.path("watched");
    options.method = "jko";
    options.compare = "kalman";
    options.speed = speed;
    options.paced = speed.has_value();
  }
  void start() {
    run = std::make_unique<WatchedRun>([this](ViewPort& port) { watched_replay(options, port, out, err); });
  }
  std::shared_ptr<const Snapshot> wait_for_end() {
    return run->wait_for([](const Snapshot& s) { return s.status.ended; });
  }
};

/// What a file of posteriors says but for the times that it took.
std::string timeless_text(const std::string& text) {
  std::string kept;
  for (json& line : json_lines(text)) {
    line.erase("predict_ms");
    line.erase("update_ms");
    kept += line.dump() + "\n";
  }
  return kept;
}

/// The same recording filtered without a window.
std::string headless(const Replay& replay, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {
      "replay", "-c", replay.options.config,         "-i", replay.options.observations, "-m", "jko", "--compare",
      "kalman", "-o", replay.folder.path("headless")};
  arguments.insert(arguments.end(), more.begin(), more.end());
  REQUIRE(test::run(arguments).code == 0);
  return timeless_text(replay.folder.read("headless/posterior.jsonl"));
}

}  // namespace

TEST_CASE("a replay in a window writes what one without a window writes, bit for bit") {
  Replay replay;
  replay.start();
  const auto last = replay.wait_for_end();
  REQUIRE(last);
  CHECK(last->study->history.size() == 6);
  CHECK(last->study->truth);
  CHECK(replay.run->close().empty());
  CHECK(timeless_text(replay.folder.read("watched/posterior.jsonl")) == headless(replay));
  CHECK(replay.out.str().find("SymKL") != std::string::npos);
}

TEST_CASE("a window that is closed early does not cut the results short") {
  Replay replay(1e-3);  // a thousandth of real time: it would take an hour
  replay.start();
  REQUIRE(replay.run->wait_for([](const Snapshot& s) { return s.study && s.study->now; }));
  CHECK(replay.run->close().empty());
  CHECK(timeless_text(replay.folder.read("watched/posterior.jsonl")) == headless(replay));
  CHECK(json::parse(replay.folder.read("watched/summary.json"))["observations"] == 6);
  CHECK(replay.err.str().find("the window is closed") != std::string::npos);
}

TEST_CASE("a replay pauses, and goes on by single predictions and updates") {
  Replay replay(1e-3);
  replay.start();
  replay.run->port.send(Pause{});
  REQUIRE(replay.run->wait_for([](const Snapshot& s) { return s.status.paused && s.study->now; }));
  for (Index observation = 1; observation <= 3; ++observation) {
    replay.run->port.send(StepOnce{});
    const auto predicted = replay.run->wait_for(
        [&](const Snapshot& s) { return s.study->predicted && s.study->predicted->time == 0.5 * double(observation); });
    REQUIRE(predicted);
    CHECK(predicted->study->history.size() == observation - 1);
    CHECK(predicted->study->between);
    replay.run->port.send(StepOnce{});
    const auto updated =
        replay.run->wait_for([&](const Snapshot& s) { return s.study->history.size() == observation; });
    REQUIRE(updated);
    CHECK(updated->study->updated->time == 0.5 * double(observation));
    CHECK_FALSE(updated->study->between);
    CHECK(updated->status.paused);
  }
  replay.run->port.send(SetSpeed{std::numeric_limits<double>::infinity()});
  replay.run->port.send(Play{});
  const auto last = replay.wait_for_end();
  REQUIRE(last);
  CHECK(last->study->history.size() == 6);
}

TEST_CASE("a setting that is changed half-way gives what a run with it from the beginning gives") {
  Replay replay(1e-3);
  replay.start();
  replay.run->port.send(Pause{});
  for (int k = 0; k < 6; ++k) replay.run->port.send(StepOnce{});
  REQUIRE(replay.run->wait_for([](const Snapshot& s) { return s.study->history.size() == 3; }));
  replay.run->port.send(SetField{"beta", "2"});
  const auto changed = replay.run->wait_for([](const Snapshot& s) {
    return !s.status.busy && s.study->history.size() == 3 && s.status.fields.front().value == "2";
  });
  REQUIRE(changed);
  CHECK(changed->status.paused);
  replay.run->port.send(SetSpeed{std::numeric_limits<double>::infinity()});
  replay.run->port.send(Play{});
  REQUIRE(replay.wait_for_end());
  CHECK(replay.run->close().empty());

  json config = json::parse(test::kOrnsteinUhlenbeck);
  config["beta"] = 2;
  replay.folder.file("m.json", config.dump());
  CHECK(timeless_text(replay.folder.read("watched/posterior.jsonl")) == headless(replay));
}

TEST_CASE("a bad value is refused beside its field, and the run stays as it was") {
  Replay replay;
  replay.start();
  REQUIRE(replay.wait_for_end());
  replay.run->port.send(SetField{"beta", "-3"});
  const auto refused = replay.run->wait_for([](const Snapshot& s) { return !s.status.fields.front().error.empty(); });
  REQUIRE(refused);
  CHECK(refused->status.fields.front().error == "expected a positive number, found -3");
  CHECK(refused->status.fields.front().value == "1");
  CHECK(refused->study->history.size() == 6);
  replay.run->port.send(SetField{"beta", "3"});
  CHECK(replay.run->wait_for([](const Snapshot& s) {
    return s.status.fields.front().error.empty() && s.status.fields.front().value == "3" && s.status.ended;
  }));
}

TEST_CASE("a replay is begun again, with another method or from another recording") {
  Replay replay;
  replay.start();
  REQUIRE(replay.wait_for_end());
  replay.run->port.send(SetField{"method", "bootstrap"});
  REQUIRE(replay.run->wait_for([](const Snapshot& s) { return s.status.ended && s.status.method == "bootstrap"; }));
  replay.run->port.send(OpenStudy{"", replay.folder.file("short.csv", "t,y\n0.5,1\n1,2\n")});
  REQUIRE(replay.run->wait_for([](const Snapshot& s) { return s.status.ended && s.study->history.size() == 2; }));
  replay.run->port.send(OpenStudy{"", replay.folder.path("nowhere.csv")});
  const auto told = replay.run->wait_for(
      [](const Snapshot& s) { return !s.log.empty() && s.log.back().level == LogLine::Level::error; });
  REQUIRE(told);
  CHECK(told->log.back().text.find("nowhere.csv") != std::string::npos);
  CHECK(told->study->history.size() == 2);
  replay.run->port.send(Reset{});
  CHECK(replay.run->wait_for([](const Snapshot& s) { return s.status.ended && s.study->history.size() == 2; }));
}

TEST_CASE("the config of a window is saved as it runs") {
  Replay replay;
  replay.start();
  replay.run->port.send(SetField{"beta", "2.5"});
  replay.run->port.send(SaveConfig{replay.folder.path("saved.json")});
  REQUIRE(replay.run->wait_for([](const Snapshot& s) {
    return !s.log.empty() && s.log.back().text.find("saved") != std::string::npos;
  }) != nullptr);
  replay.run->close();
  CHECK(load_config(replay.folder.path("saved.json")).model.beta == 2.5);
}

TEST_CASE("a bad line of the recording is told in the window, and by the exit of the run") {
  Replay replay;
  replay.folder.file("obs.csv", "t,y\n0.5,1.0\n1.0,zero\n");
  replay.start();
  const auto ended = replay.wait_for_end();
  REQUIRE(ended);
  CHECK(ended->study->history.size() == 1);
  CHECK(ended->log.back().level == LogLine::Level::error);
  CHECK(replay.run->close().find("obs.csv:3") != std::string::npos);
  CHECK(json::parse(replay.folder.read("watched/summary.json")).contains("error"));
}

TEST_CASE("states that are known are shown") {
  Replay replay;
  replay.options.truth = replay.folder.file("states.csv", "t,x0\n0,0.5\n0.5,0.75\n1.0,0.25\n");
  replay.start();
  const auto last = replay.wait_for_end();
  REQUIRE(last);
  REQUIRE(last->study->true_states);
  CHECK(last->study->true_times->size() == 3);
  CHECK((*last->study->true_states)(1, 0) == 0.75);
}
