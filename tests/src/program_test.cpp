#include "tests/src/program.hpp"

#include "filter/device/device_engine.hpp"
#include "src/version.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::contains;
using jko::test::one_line;
using jko::test::Outcome;
using jko::test::run;
using jko::test::TemporaryFolder;

namespace {

/// Replays a recording, or a config, that should be refused.
struct BadInput {
  TemporaryFolder folder;
  std::string config = test::kOrnsteinUhlenbeck;
  std::string name = "obs.csv";

  Outcome replay(const std::string& recording) {
    return run({"replay", "--config", folder.file("m.json", config), "--observations", folder.file(name, recording),
                "--output", folder.path("out")});
  }
  /// Exit code 2 after one line that names the file and goes on with `message`.
  bool refuses(const std::string& recording, const std::string& file, const std::string& message) {
    const Outcome outcome = replay(recording);
    CAPTURE(outcome.code, outcome.err);
    CHECK(outcome.code == 2);
    CHECK(one_line(outcome.err));
    CHECK(outcome.err.rfind(folder.path(file) + message, 0) == 0);
    return outcome.code == 2;
  }
};

}  // namespace

TEST_CASE("bad input: a missing file") {
  const BadInput bad;
  const Outcome config = run({"check", "--config", bad.folder.path("none.json")});
  CHECK(config.code == 2);
  CHECK(config.err == bad.folder.path("none.json") + ": cannot be read: No such file or directory\n");
  const Outcome recording = run({"replay", "--config", bad.folder.file("m.json", bad.config), "--observations",
                                 bad.folder.path("none.csv"), "--output", bad.folder.path("out")});
  CHECK(recording.code == 2);
  CHECK(recording.err == bad.folder.path("none.csv") + ": cannot be read: No such file or directory\n");
}

TEST_CASE("bad input: an empty file, or one without observations") {
  BadInput bad;
  bad.refuses("", "obs.csv", ": is empty");
  bad.refuses("t,y\n", "obs.csv", ": holds no observations");
  bad.config = "";
  bad.refuses("t,y\n1,2\n", "m.json", ": is empty");
}

TEST_CASE("bad input: a cell that is no number") {
  BadInput().refuses("t,y\n1,2\n2,abc\n", "obs.csv", ":3: y: expected a finite number");
}

TEST_CASE("bad input: times that go back") {
  BadInput().refuses("t,y\n2,1\n1,1\n", "obs.csv", ":3: t: time goes back from 2 to 1");
}

TEST_CASE("bad input: observations of the wrong dimension") {
  BadInput bad;
  bad.refuses("t,y0,y1\n1,2,3\n", "obs.csv", ":1: the header has 2 columns besides the time, expected 1");
  bad.refuses("t,y\n1,2\n2,3,4\n", "obs.csv", ":3: expected 2 cells as in the header, found 3");
  bad.name = "obs.jsonl";
  bad.refuses("{\"t\":1,\"y\":[2]}\n{\"t\":2,\"y\":[2,3]}\n", "obs.jsonl", ":2: y: expected 1 values, found 2");
}

TEST_CASE("bad input: NaN and infinity") {
  BadInput bad;
  bad.refuses("t,y\n1,NaN\n", "obs.csv", ":2: y: expected a finite number");
  bad.refuses("t,y\n1,inf\n", "obs.csv", ":2: y: expected a finite number");
  bad.refuses("t,y\nnan,1\n", "obs.csv", ":2: t: expected a finite number");
  bad.name = "obs.jsonl";
  bad.refuses("{\"t\":1,\"y\":[1e999]}\n", "obs.jsonl", ":1: JSON: number overflow");
}

TEST_CASE("bad input: a line of 10 MB") {
  const std::string number(10'000'000, '1');  // NOLINT(bugprone-string-constructor): so long on purpose
  BadInput().refuses("t,y\n1,2\n2," + number, "obs.csv", ":3: the line is longer than 64 KiB");
}

TEST_CASE("bad input: 100,000 nested brackets") {
  BadInput bad;
  bad.config = "{\"state\":\n" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  bad.refuses("t,y\n1,2\n", "m.json", ":2: JSON: nested deeper than 64 brackets");
  bad.config = test::kOrnsteinUhlenbeck;
  bad.name = "obs.jsonl";
  bad.refuses(std::string(100'000, '['), "obs.jsonl", ":1: the line is longer than 64 KiB");
  bad.refuses(std::string(50'000, '['), "obs.jsonl", ":1: JSON: nested deeper than 64 brackets");
}

TEST_CASE("bad input: an unknown key") {
  BadInput bad;
  bad.config.replace(bad.config.find("beta"), 4, "bta");
  bad.refuses("t,y\n1,2\n", "m.json", ":4: bta: unknown key (did you mean 'beta'?)");
}

TEST_CASE("bad input: a formula that is none") {
  BadInput bad;
  bad.config = test::kFiveLines;
  bad.config.replace(bad.config.find("x0**4/4"), 7, "sine(x0)");
  bad.refuses("t,y\n1,2\n", "m.json", ":2: potential.formula: ");
}

TEST_CASE("bad input: an impossible observation, after which what was written is whole") {
  BadInput bad;
  const std::string linear = R"({"type": "linear", "R": 0.25})";
  bad.config.replace(bad.config.find(linear), linear.size(), R"({"type": "poisson", "rates": "x0**2"})");
  bad.config.replace(bad.config.find("kalman"), 6, "grid");
  bad.refuses("t,y\n1,2\n2,0\n3,-1\n4,1\n", "obs.csv", ":4: y: impossible observation");
  const auto lines = test::json_lines(bad.folder.read("out/posterior.jsonl"));
  CHECK(lines.size() == 2);
  const auto summary = nlohmann::json::parse(bad.folder.read("out/summary.json"));
  CHECK(summary["observations"] == 2);
  CHECK(contains(summary["error"], "impossible observation"));
}

TEST_CASE("what was filtered before a bad line is on disk, line by line and summed up") {
  BadInput bad;
  bad.refuses("t,y\n1,2\n2,1\n3,oops\n", "obs.csv", ":4: y: ");
  const auto lines = test::json_lines(bad.folder.read("out/posterior.jsonl"));
  CHECK(lines.size() == 2);
  const auto summary = nlohmann::json::parse(bad.folder.read("out/summary.json"));
  CHECK(summary["observations"] == 2);
  CHECK(summary["log_evidence"] == lines[1]["log_evidence"]);
  CHECK(contains(summary["error"], "obs.csv:4: y: "));
}

TEST_CASE("a method that cannot filter the model is refused with the reason") {
  const TemporaryFolder folder;
  const Outcome outcome = run({"replay", "-c", folder.file("m.json", test::kFiveLines), "-i",
                               folder.file("obs.csv", "t,y\n1,2\n"), "-m", "kalman", "-o", folder.path("out")});
  CHECK(outcome.code == 2);
  CHECK(one_line(outcome.err));
  CHECK(outcome.err.rfind(folder.path("m.json") + ": filter.kalman: ", 0) == 0);
}

TEST_CASE("a bad command line ends with a hint and exit code 2") {
  const std::vector<std::vector<std::string>> bad = {
      {},
      {"reply"},
      {"replay"},
      {"replay", "--config", "a.json"},
      {"replay", "-c", "a.json", "-i", "b.csv", "--method", "magic"},
      {"replay", "-c", "a.json", "-i", "b.csv", "--seed", "-1"},
      {"replay", "-c", "a.json", "-i", "b.csv", "--density", "1:0:5"},
      {"replay", "-c", "a.json", "-i", "b.csv", "--density", "0:1"},
      {"replay", "-c", "a.json", "-i", "b.csv", "--until", "soon"},
      {"check", "--config", "a.json", "--banana"},
      {"experiment", "stationary", "--dims", "2,0"},
      {"live", "-c", "a.json", "--gate", "-1"},
      {"replay", "-c", "a.json", "-i", "b.csv", "--device", "gpu"},
  };
  for (const auto& arguments : bad) {
    const Outcome outcome = run(arguments);
    CAPTURE(arguments, outcome.err);
    CHECK(outcome.code == 2);
    CHECK(one_line(outcome.err));
    CHECK(contains(outcome.err, "--help"));
    CHECK(outcome.err.size() < 250);
    CHECK(outcome.out.empty());
  }
}

TEST_CASE("a device that is not there is said in one line; auto does without") {
  if (cuda_available()) return;
  const TemporaryFolder folder;
  std::vector<std::string> arguments = {"replay",
                                        "-c",
                                        folder.file("m.json", test::kOrnsteinUhlenbeck),
                                        "-i",
                                        folder.file("obs.csv", "t,y\n1,2\n"),
                                        "-o",
                                        folder.path("out"),
                                        "--device",
                                        "cuda"};
  const Outcome refused = run(arguments);
  CHECK(refused.code == 1);
  CHECK(one_line(refused.err));
  CHECK(contains(refused.err, "CUDA"));
  arguments.back() = "auto";
  CHECK(run(arguments).code == 0);
}

TEST_CASE("help teaches by example") {
  const Outcome help = run({"--help"});
  CHECK(help.code == 0);
  for (const char* command : {"replay", "simulate", "check"}) {
    CHECK(contains(help.out, command));
    const Outcome own = run({command, "--help"});
    CHECK(own.code == 0);
    CHECK(contains(own.out, "Example"));
    CHECK(contains(own.out, std::string("jkofilter ") + command));
  }
  CHECK(contains(run({"--version"}).out, version()));
}

TEST_CASE("check prints the model as it was understood") {
  const TemporaryFolder folder;
  const Outcome outcome = run({"check", "--config", folder.file("study.json", test::kFiveLines)});
  CHECK(outcome.code == 0);
  CHECK(outcome.err.empty());
  for (const char* part : {"study", "x0**4/4 - x0**2/2 + x0/5", "beta = 2.5", "X(0) ~ N(0, 0.25)",
                           "-2.5*log1p((y0 - x0)**2 / 0.64)", "20 observations from t = 1 every 1", "bdf2"}) {
    CAPTURE(part);
    CHECK(contains(outcome.out, part));
  }
}
