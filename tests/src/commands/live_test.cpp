#include <spdlog/fmt/fmt.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <random>

#include "src/live/checkpoint.hpp"
#include "src/live/live_recording.hpp"
#include "tests/src/live/live_tester.hpp"
#include "tests/src/program.hpp"
#include "tests/src/program_process.hpp"
#include "tests/src/stream/stream_tester.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using namespace jko::test;

namespace {

/// The lines of posterior.jsonl without the times that they took, by index; all that are there for one index must be
/// the same.
std::map<int, std::string> posteriors_of(const std::string& text) {
  std::map<int, std::string> posteriors;
  for (nlohmann::json& line : json_lines(text)) {
    for (const char* clock : {"predict_ms", "update_ms", "arrived", "source"}) line.erase(clock);
    const auto [at, is_new] = posteriors.emplace(line.at("index").get<int>(), line.dump());
    if (!is_new) CHECK(at->second == line.dump());
  }
  return posteriors;
}

/// "", or the first posterior in which they differ.
std::string first_difference_of(const std::map<int, std::string>& a, const std::map<int, std::string>& b) {
  if (a.size() != b.size()) return fmt::format("{} posteriors against {}", a.size(), b.size());
  for (auto i = a.begin(), j = b.begin(); i != a.end(); ++i, ++j) {
    if (*i != *j) return fmt::format("{}\n{}", i->second, j->second);
  }
  return "";
}

std::string stream_text(int begin, int end) {
  std::string text;
  for (int k = begin; k < end; ++k) text += std::to_string(0.5 * (k + 1)) + "," + std::to_string(std::sin(k)) + "\n";
  return text;
}

}  // namespace

TEST_CASE("A stream without haste is filtered as a recording is", "[live][stream]") {
  const TemporaryFolder folder;
  const std::string config = folder.file("m.json", kLiveStudy), input = folder.file("obs.csv", stream_text(0, 40));
  folder.file("rec.csv", "t,y\n" + stream_text(0, 40));
  const Outcome live = run({"live", "-c", config, "-i", input, "--budget", "none", "-o", folder.path("live")});
  REQUIRE(live.code == 0);
  REQUIRE(run({"replay", "-c", config, "-i", folder.path("rec.csv"), "-o", folder.path("replay"), "-q"}).code == 0);
  const auto a = json_lines(folder.read("live/posterior.jsonl")), b = json_lines(folder.read("replay/posterior.jsonl"));
  REQUIRE(a.size() == 40);
  REQUIRE(b.size() == 40);
  for (std::size_t k = 0; k < 40; ++k) {
    for (const char* key : {"index", "time", "observation", "log_evidence", "mean", "covariance", "quantiles"})
      CHECK(a[k][key] == b[k][key]);
  }
  const auto summary = nlohmann::json::parse(folder.read("live/summary.json"));
  CHECK(summary["observations"] == 40);
  CHECK(summary["verdicts"]["accepted"] == 40);
  CHECK(summary["rungs"]["full"] == 40);
  CHECK(summary["latency_seconds"]["p99"] >= summary["latency_seconds"]["median"]);
  CHECK(live.out.find("latency") != std::string::npos);
}

TEST_CASE("What simulate sends, live filters, and its clients get every line to the last", "[live][stream]") {
  const TemporaryFolder folder;
  const std::string config = folder.file("m.json", kLiveStudy);
  ProgramProcess live({"live", "-c", config, "--listen", "tcp://:0", "--publish", "tcp://:0", "--metrics", ":0",
                       "--budget", "none", "-o", folder.path("live"), "--density", "-3:3:7", "--every", "10",
                       "--checkpoint", folder.path("c.ckpt")});
  const std::string target = "tcp://:" + std::to_string(live.port_of("listening on"));
  Peer reader(live.port_of("publishing on"));
  CHECK(live.port_of("metrics on") > 0);
  const Outcome sent = run({"simulate", "-c", config, "--send", target, "--rate", "max", "-n", "200", "--seed", "3",
                            "-o", folder.path("obs.csv")});
  CHECK(sent.code == 0);
  CHECK(sent.err.empty());
  // Asked to stop while observations wait: they are filtered first.
  CHECK(live.stop(SIGTERM) == 0);
  const std::string received = reader.read_all(), written = folder.read("live/posterior.jsonl");
  CHECK(received == written);
  REQUIRE(run({"replay", "-c", config, "-i", folder.path("obs.csv"), "-o", folder.path("replay"), "-q"}).code == 0);
  const auto truth = json_lines(folder.read("replay/posterior.jsonl"));
  int posteriors = 0, densities = 0;
  for (const nlohmann::json& line : json_lines(written)) {
    if (line["type"] == "density") {
      ++densities;
      CHECK(line["pdf"].size() == 7);
      continue;
    }
    CHECK(line["index"] == posteriors);
    CHECK(line["mean"] == truth[static_cast<std::size_t>(posteriors)]["mean"]);
    ++posteriors;
  }
  CHECK(posteriors == 200);
  CHECK(densities == 11);  // the first one, and at 10, 20, …, 100
  CHECK(nlohmann::json::parse(folder.read("live/summary.json"))["checkpoints"] >= 1);
  CHECK(folder.has("c.ckpt"));
}

TEST_CASE("A config that is read again takes effect, and a bad one changes nothing", "[live][stream]") {
  const TemporaryFolder folder;
  const std::string config = folder.file("m.json", kLiveStudy);
  ProgramProcess live({"live", "-c", config, "--listen", "tcp://:0", "--budget", "none", "-o", folder.path("live"),
                       "--record", folder.path("r.jsonl")});
  Peer peer(live.port_of("listening on"));
  const auto filtered = [&](int count) {
    return eventually([&] { return lines_in(folder.read("live/posterior.jsonl")) == count; });
  };
  peer.send(stream_text(0, 5));
  REQUIRE(filtered(5));
  folder.file("m.json", "{\"state\": ");
  live.signal(SIGHUP);
  CHECK(live.says("(the settings stay as they were)"));
  CHECK(live.says("m.json:1: "));
  peer.send(stream_text(5, 10));
  REQUIRE(filtered(10));
  std::string other = kLiveStudy;
  other.replace(other.find("\"R\": 0.5"), 8, "\"R\": 9.0");
  folder.file("m.json", other);
  live.signal(SIGHUP);
  REQUIRE(live.says("the config was read again"));
  peer.send(stream_text(10, 15));
  REQUIRE(filtered(15));
  CHECK(live.stop(SIGINT) == 0);
  // With more noise an observation tells less: the posterior is wider.
  const auto lines = json_lines(folder.read("live/posterior.jsonl"));
  CHECK(lines[14]["covariance"][0][0] > 1.2 * lines[9]["covariance"][0][0].get<double>());
  // And the recording knows it.
  REQUIRE(run({"replay", "--recording", folder.path("r.jsonl"), "-o", folder.path("again"), "-q"}).code == 0);
  CHECK(posteriors_of(folder.read("again/posterior.jsonl")) == posteriors_of(folder.read("live/posterior.jsonl")));
}

TEST_CASE("While the disk is full lines wait, and none is lost", "[live][stream]") {
  const TemporaryFolder folder;
  std::signal(SIGXFSZ, SIG_IGN);  // what runs below inherits it: a write beyond the limit fails, as on a full disk
  ProgramProcess live({"live", "-c", folder.file("m.json", kLiveStudy), "--listen", "tcp://:0", "--budget", "none",
                       "-o", folder.path("live"), "--record", folder.path("r.jsonl")});
  Peer peer(live.port_of("listening on"));
  peer.send(stream_text(0, 3));
  REQUIRE(eventually([&] { return lines_in(folder.read("live/posterior.jsonl")) == 3; }));
  rlimit limit{};
  prlimit(live.id(), RLIMIT_FSIZE, nullptr, &limit);
  const rlimit full{2000, limit.rlim_max};
  REQUIRE(prlimit(live.id(), RLIMIT_FSIZE, &full, nullptr) == 0);
  peer.send(stream_text(3, 20));
  CHECK(live.says("cannot write " + folder.path("live/posterior.jsonl") + ": "));
  CHECK(live.says("cannot write " + folder.path("r.jsonl") + ": "));
  CHECK(lines_in(folder.read("live/posterior.jsonl")) < 20);
  REQUIRE(prlimit(live.id(), RLIMIT_FSIZE, &limit, nullptr) == 0);
  peer.send(stream_text(20, 21));
  CHECK(live.says("nothing was lost"));
  CHECK(live.stop(SIGTERM) == 0);
  CHECK(posteriors_of(folder.read("live/posterior.jsonl")).size() == 21);
  REQUIRE(run({"replay", "--recording", folder.path("r.jsonl"), "-o", folder.path("again"), "-q"}).code == 0);
  CHECK(posteriors_of(folder.read("again/posterior.jsonl")) == posteriors_of(folder.read("live/posterior.jsonl")));
}

TEST_CASE("A run that ends with the disk still full says so and fails", "[live][stream]") {
  const TemporaryFolder folder;
  std::signal(SIGXFSZ, SIG_IGN);
  ProgramProcess live({"live", "-c", folder.file("m.json", kLiveStudy), "--listen", "tcp://:0", "--budget", "none",
                       "-o", folder.path("live"), "--record", folder.path("r.jsonl")});
  Peer peer(live.port_of("listening on"));
  rlimit limit{};
  prlimit(live.id(), RLIMIT_FSIZE, nullptr, &limit);
  limit.rlim_cur = 1000;
  prlimit(live.id(), RLIMIT_FSIZE, &limit, nullptr);
  peer.send(stream_text(0, 10));
  CHECK(live.says("cannot write"));
  CHECK(live.stop(SIGTERM) == 1);
}

TEST_CASE("Options of a live run that cannot be are told in a line", "[live][stream]") {
  const TemporaryFolder folder;
  const std::string config = folder.file("m.json", kLiveStudy);
  const auto message = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"live", "-c", config, "-o", folder.path("out")});
    const Outcome outcome = run(arguments);
    CHECK(outcome.code == 2);
    CHECK(lines_in(outcome.err) == 1);
    return outcome.err;
  };
  CHECK(message({}) == "jkofilter live: no source: give --listen, --connect, --input or --gpsd\n");
  CHECK(message({"--listen", "4711"}) == "--listen: expected tcp://HOST:PORT or udp://HOST:PORT, found '4711'\n");
  CHECK(message({"--connect", "udp://:1"}).rfind("--connect: expected tcp://HOST:PORT", 0) == 0);
  CHECK(message({"--gpsd", ":2947"}).find("live.gpsd.fields") != std::string::npos);
  CHECK(message({"--input", folder.path("none")}).rfind("--input: ", 0) == 0);
  CHECK(message({"--listen", "tcp://:0", "--density", "-1:1:100000"}).rfind("--density: expected at most 10000", 0) ==
        0);
  CHECK(message({"--listen", "tcp://:0", "--budget", "-1"}).find("--budget") != std::string::npos);
  CHECK_FALSE(folder.has("out/posterior.jsonl"));
}

namespace {

/// Observations in a recording, which must load.
int recorded_in(const std::string& file) {
  int count = 0;
  RecordingLines lines(file);
  while (const auto entry = lines.next()) count += entry->observation ? 1 : 0;
  return count;
}

/// Kills a run that records and writes checkpoints `kills` times at random moments, goes on with it each time, and
/// holds all that it published against a run that was left alone.
void survive(int kills, int observations, unsigned seed) {
  const TemporaryFolder folder;
  const std::string config = folder.file("m.json", kLiveStudy);
  const std::string recording = folder.path("r.jsonl"), checkpoint = folder.path("c.ckpt");
  const auto start = [&](const std::string& name, int begin, const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"live",
                                       "-c",
                                       config,
                                       "-i",
                                       folder.file("rest.csv", stream_text(begin, observations)),
                                       "-o",
                                       folder.path(name),
                                       "--budget",
                                       "none",
                                       "--threads",
                                       "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return std::make_unique<ProgramProcess>(arguments);
  };
  REQUIRE(start("whole", 0, {})->wait() == 0);

  std::mt19937 engine(seed);
  int recorded = 0, torn = 0, ended = 0;
  for (int k = 0; k <= kills; ++k) {
    const std::vector<std::string> more{"--record",           recording, "--checkpoint", checkpoint,
                                        "--checkpoint-every", "0.01",    "--resume",     checkpoint};
    const auto live = start("live", recorded, more);
    if (k == kills) {
      CHECK(live->wait() == 0);
      break;
    }
    // Three times of four while it filters, else while it starts.
    const auto size = [&] { return folder.has("r.jsonl") ? std::filesystem::file_size(recording) : 0; };
    const std::uintmax_t before_it = recorded == 0 ? 0 : size();
    if (engine() % 4 != 0) CHECK(eventually([&] { return size() > before_it; }));
    std::this_thread::sleep_for(std::chrono::microseconds(engine() % 60'000));
    ended += live->stop(SIGKILL) == -SIGKILL ? 0 : 1;
    if (!folder.has("r.jsonl")) continue;
    const std::string text = folder.read("r.jsonl");
    torn += text.empty() || text.back() == '\n' ? 0 : 1;
    if (lines_in(text) == 0) continue;  // not even its header
    const int before = recorded;
    recorded = recorded_in(recording);
    CHECK(recorded >= before);
    if (folder.has("c.ckpt")) CHECK(read_checkpoint_file(checkpoint).next_index <= recorded);
    // Whatever was published had been recorded.
    std::string published = folder.has("live/posterior.jsonl") ? folder.read("live/posterior.jsonl") : "";
    published.resize(published.rfind('\n') + 1);
    for (const auto& [index, line] : posteriors_of(published)) CHECK(index < recorded);
  }
  CHECK(recorded_in(recording) == observations);
  const std::string difference = first_difference_of(posteriors_of(folder.read("live/posterior.jsonl")),
                                                     posteriors_of(folder.read("whole/posterior.jsonl")));
  INFO(difference);
  CHECK(difference.empty());
  if (kills > 10)
    WARN(kills << " kills, of which " << ended << " came after the end and " << torn
               << " tore a line of the recording");
}

}  // namespace

TEST_CASE("Killed at any moment a run is gone on with as if nothing had happened", "[live][stream]") {
  survive(4, 400, 1);
}

// Minutes; see docs/reliability.md.
TEST_CASE("Killed two hundred times a run is gone on with as if nothing had happened", "[.soak]") {
  survive(200, 12'000, 2);
}
