#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <sstream>
#include <thread>

#include "src/commands/commands.hpp"
#include "tests/src/live/live_tester.hpp"
#include "tests/src/program.hpp"
#include "tests/src/stream/stream_tester.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/src/view/view_tester.hpp"
#include "tests/test.hpp"

using namespace jko;
using namespace jko::test;

namespace {

/// A live run with a window, and a client that sends to it.
struct Live {
  TemporaryFolder folder;
  LiveCommandOptions options;
  std::ostringstream out, err;
  std::unique_ptr<WatchedRun> run;
  std::unique_ptr<Peer> peer;

  Live() {
    options.config = folder.file("m.json", kLiveStudy);
    options.streams.listen = {"tcp://127.0.0.1:0"};
    options.output = folder.path("live");
    options.quiet = true;
  }
  void start() {
    run = std::make_unique<WatchedRun>([this](ViewPort& port) { watched_live(options, port, out, err); });
    const auto first = run->wait_for([](const Snapshot& s) { return s.status.source.find(':') != std::string::npos; });
    REQUIRE(first);
    const std::string& source = first->status.source;
    peer = std::make_unique<Peer>(static_cast<std::uint16_t>(std::stoi(source.substr(source.rfind(':') + 1))));
  }
  void send(int begin, int end) {
    for (int k = begin; k < end; ++k) peer->send(fmt::format("{},{}\n", 0.5 * (k + 1), std::sin(k)));
  }
  std::shared_ptr<const Snapshot> wait_for_observations(Index count) {
    return run->wait_for([&](const Snapshot& s) { return s.study->history.size() == count; });
  }
};

}  // namespace

TEST_CASE("A live stream is shown as it comes, and closing the window ends it with complete files", "[live][stream]") {
  Live live;
  live.start();
  live.send(0, 10);
  const auto shown = live.wait_for_observations(10);
  REQUIRE(shown);
  CHECK_FALSE(shown->status.can_pause);
  CHECK(shown->study->updated->time == 5.0);
  CHECK(std::isfinite(shown->study->history.last()->latency_ms));
  CHECK(live.run->close().empty());
  CHECK(json_lines(live.folder.read("live/posterior.jsonl")).size() == 10);
  CHECK(nlohmann::json::parse(live.folder.read("live/summary.json"))["observations"] == 10);
}

TEST_CASE("A live stream is compared with another method in the window, until an observation comes late",
          "[live][stream]") {
  Live live;
  live.options.compare = "grid";
  live.options.lag = 10.0;
  live.start();
  live.send(0, 6);
  const auto shown =
      live.run->wait_for([](const Snapshot& s) { return s.study->history.size() == 6 && s.study->truth; });
  REQUIRE(shown);
  CHECK(shown->status.compared == "grid");
  CHECK(shown->study->truth->time == 3.0);
  CHECK(shown->study->history.last()->symmetric_kl >= 0.0);
  CHECK(shown->study->history.last()->symmetric_kl < 0.05);
  live.peer->send("0.75,0.3\n");  // between the first and the second
  const auto told = live.run->wait_for([](const Snapshot& s) {
    return std::any_of(s.log.begin(), s.log.end(),
                       [](const LogLine& line) { return line.text.find("came late") != std::string::npos; });
  });
  REQUIRE(told);
  CHECK_FALSE(told->study->truth);
  CHECK(live.run->close().empty());
}

TEST_CASE("A display that is lost does not end a live stream", "[live][stream]") {
  Live live;
  live.start();
  live.send(0, 5);
  REQUIRE(live.wait_for_observations(5));
  live.run->port.close(true);
  live.send(5, 10);
  // It goes on without snapshots: what it writes shows it.
  for (int k = 0; k < 6000 && json_lines(live.folder.read("live/posterior.jsonl")).size() < 10; ++k) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK(json_lines(live.folder.read("live/posterior.jsonl")).size() == 10);
  std::raise(SIGINT);  // the run's own signal handler takes it
  CHECK(live.run->close().empty());
}

TEST_CASE("Settings of a live stream change from the window, and are refused beside the field", "[live][stream]") {
  Live live;
  live.start();
  live.send(0, 4);
  REQUIRE(live.wait_for_observations(4));
  live.run->port.send(SetField{"beta", "2.5"});
  REQUIRE(live.run->wait_for([](const Snapshot& s) { return field(s, "beta").value == "2.5"; }));
  live.run->port.send(SetField{"filter.tau", "0.125"});
  REQUIRE(live.run->wait_for([](const Snapshot& s) { return field(s, "filter.tau").value == "0.125"; }));
  live.run->port.send(SetField{"filter.nodes", "200"});  // of 96: a lattice has about as many as it was asked for
  live.send(4, 5);
  REQUIRE(live.run->wait_for([](const Snapshot& s) { return s.study->engine.nodes > 150; }));
  live.run->port.send(SetField{"beta", "-1"});
  const auto refused = live.run->wait_for([](const Snapshot& s) { return !field(s, "beta").error.empty(); });
  REQUIRE(refused);
  CHECK(field(*refused, "beta").value == "2.5");
  live.run->port.send(SetField{"seed", "3"});
  CHECK(live.run->wait_for([](const Snapshot& s) { return !field(s, "seed").error.empty(); }));
  live.send(5, 8);
  REQUIRE(live.wait_for_observations(8));
  CHECK(live.run->close().empty());
}

TEST_CASE("A recording that a window began, settings changed and all, is filtered again bit for bit",
          "[live][stream]") {
  Live live;
  live.start();
  live.send(0, 4);
  REQUIRE(live.wait_for_observations(4));
  live.run->port.send(Record{live.folder.path("rec.jsonl")});
  REQUIRE(live.run->wait_for([](const Snapshot& s) { return s.status.recording; }));
  live.send(4, 7);
  REQUIRE(live.wait_for_observations(7));
  live.run->port.send(SetField{"filter.tau", "0.125"});
  live.run->port.send(SetField{"filter.nodes", "256"});
  live.run->port.send(SetField{"beta", "1.5"});
  REQUIRE(live.run->wait_for([](const Snapshot& s) { return field(s, "beta").value == "1.5"; }));
  live.send(7, 12);
  REQUIRE(live.wait_for_observations(12));
  live.run->port.send(Record{""});
  REQUIRE(live.run->wait_for([](const Snapshot& s) { return !s.status.recording; }));
  CHECK(live.run->close().empty());

  REQUIRE(run({"replay", "--recording", live.folder.path("rec.jsonl"), "-o", live.folder.path("again")}).code == 0);
  auto before = json_lines(live.folder.read("live/posterior.jsonl"));
  auto again = json_lines(live.folder.read("again/posterior.jsonl"));
  before.erase(before.begin(), before.begin() + 4);
  REQUIRE(before.size() == again.size());
  for (std::size_t k = 0; k < again.size(); ++k) {
    for (const char* key : {"index", "time", "log_evidence", "mean", "covariance", "quantiles"})
      CHECK(before[k][key] == again[k][key]);
  }
}

TEST_CASE("A live run's recording is replayed in a window with the same posteriors", "[live][stream]") {
  Live live;
  live.options.record = live.folder.path("rec.jsonl");
  live.start();
  live.send(0, 6);
  REQUIRE(live.wait_for_observations(6));
  live.run->port.send(Record{live.folder.path("other.jsonl")});
  CHECK(live.run->wait_for([](const Snapshot& s) {
    return std::any_of(s.log.begin(), s.log.end(),
                       [](const LogLine& line) { return line.text.find("recorded already") != std::string::npos; });
  }));
  CHECK(live.run->close().empty());

  ReplayOptions replay;
  replay.recording = live.options.record;
  replay.output = live.folder.path("again");
  replay.paced = false;
  replay.quiet = true;
  std::ostringstream out, err;
  WatchedRun again([&](ViewPort& port) { watched_recording(replay, port, out, err); });
  const auto last = again.wait_for([](const Snapshot& s) { return s.status.ended; });
  REQUIRE(last);
  CHECK(last->study->history.size() == 6);
  again.port.send(Reset{});
  again.port.send(Pause{});
  again.port.send(SetField{"beta", "2"});  // it says how it was filtered
  CHECK(again.close().empty());
  const auto first = json_lines(live.folder.read("live/posterior.jsonl"));
  const auto second = json_lines(live.folder.read("again/posterior.jsonl"));
  REQUIRE(first.size() == second.size());
  for (std::size_t k = 0; k < first.size(); ++k) CHECK(first[k]["mean"] == second[k]["mean"]);
}
