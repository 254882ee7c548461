#include <cmath>

#include "tests/src/program.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::json_lines;
using jko::test::Outcome;
using jko::test::run;
using jko::test::TemporaryFolder;
using jko::test::timeless_lines;
using nlohmann::json;

namespace {

const char* const kReplayedRecording = "t,y\n0.5,1.0\n1.0,0.2\n1.5,\n2.0,-0.7\n";

/// A replay of the linear model in a folder of its own.
struct Run {
  TemporaryFolder folder;
  Outcome outcome;

  explicit Run(const std::vector<std::string>& more, const std::string& recording = kReplayedRecording,
               const std::string& config = test::kOrnsteinUhlenbeck) {
    std::vector<std::string> arguments = {
        "replay",          "-c", folder.file("m.json", config), "-i", folder.file("obs.csv", recording), "-o",
        folder.path("out")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    outcome = run(arguments);
    CAPTURE(outcome.err);
    REQUIRE(outcome.code == 0);
  }
  std::vector<json> posteriors() const { return json_lines(folder.read("out/posterior.jsonl")); }
  json summary() const { return json::parse(folder.read("out/summary.json")); }
};

std::vector<std::string> keys(const json& object) {
  std::vector<std::string> names;
  for (const auto& item : object.items()) names.push_back(item.key());
  return names;
}

}  // namespace

TEST_CASE("a replay writes a line for each observation, with every field") {
  const Run run({});
  const auto lines = run.posteriors();
  REQUIRE(lines.size() == 4);
  for (std::size_t k = 0; k < 4; ++k) {
    const json& line = lines[k];
    CHECK(keys(line) == std::vector<std::string>{"covariance", "ess", "fallback", "index", "iterations", "jko_steps",
                                                 "log_evidence", "log_evidence_increment", "mean", "observation",
                                                 "predict_ms", "quantiles", "time", "type", "update_ms"});
    CHECK(line["type"] == "posterior");
    CHECK(line["index"] == k);
    CHECK(line["time"] == 0.5 * (k + 1));
    CHECK(keys(line["quantiles"]) == std::vector<std::string>{"0.05", "0.5", "0.95"});
    CHECK(line["fallback"] == false);
  }
  CHECK(lines[2]["observation"] == json::parse("[null]"));
}

TEST_CASE("the numbers of a replay are those of the Kalman filter by hand") {
  const Run run({});
  const auto lines = run.posteriors();
  double mean = 0.0, variance = 1.0, log_evidence = 0.0;
  const double decay = std::exp(-0.5), observations[] = {1.0, 0.2, std::nan(""), -0.7};
  for (std::size_t k = 0; k < 4; ++k) {
    mean *= decay;
    variance = decay * decay * variance + 1.0 - decay * decay;
    if (std::isfinite(observations[k])) {
      const double innovation = observations[k] - mean, total = variance + 0.25;
      log_evidence -= 0.5 * (std::log(2 * M_PI * total) + innovation * innovation / total);
      mean += variance / total * innovation;
      variance *= 0.25 / total;
    }
    CAPTURE(k);
    CHECK(lines[k]["mean"][0] == Approx(mean));
    CHECK(lines[k]["covariance"][0][0] == Approx(variance));
    CHECK(lines[k]["quantiles"]["0.95"][0] == Approx(mean + 1.6448536 * std::sqrt(variance)));
    CHECK(lines[k]["log_evidence"] == Approx(log_evidence));
  }
  CHECK(run.summary()["log_evidence"] == Approx(log_evidence));
}

TEST_CASE("the summary has every field, and the comparison's only with --compare") {
  const json alone = Run({"--seed", "3", "--threads", "2"}).summary();
  for (const char* key : {"observations", "log_evidence", "wall_seconds", "stream_seconds", "real_time_factor",
                          "method", "seed", "threads", "version", "sym_kl"}) {
    CAPTURE(key);
    CHECK(alone.contains(key));
  }
  CHECK(alone["observations"] == 4);
  CHECK(alone["method"] == "kalman");
  CHECK(alone["seed"] == 3);
  CHECK(alone["threads"] == 2);
  CHECK(alone["stream_seconds"] == 2.0);
  CHECK(alone["sym_kl"].is_null());
  CHECK_FALSE(alone.contains("prediction"));

  const Run beside({"--compare", "grid"});
  const json compared = beside.summary();
  CHECK(keys(compared["sym_kl"]) == std::vector<std::string>{"final", "max", "median"});
  CHECK(compared["sym_kl"]["max"] >= compared["sym_kl"]["median"]);
  CHECK(compared["sym_kl"]["max"] < 1e-3);
  CHECK(compared["compared"]["log_evidence"] == Approx(compared["log_evidence"].get<double>()).margin(0.01));
  CHECK(compared["compared"]["mean_error"] < 0.01);
  for (const json& line : beside.posteriors()) CHECK(line["sym_kl"].is_number());
  CHECK(beside.posteriors().back()["sym_kl"] == compared["sym_kl"]["final"]);
  CHECK(beside.outcome.out.find("SymKL") != std::string::npos);
}

TEST_CASE("the option --until stops reading and predicts to that time") {
  const Run run({"--until", "1.7", "--compare", "grid"}, "t,y\n0.5,1\n1.5,0.5\n1.8,7\n1.9,oops\n");
  CHECK(run.posteriors().size() == 2);
  const json prediction = run.summary()["prediction"];
  CHECK(prediction["time"] == 1.7);
  CHECK(prediction["mean"][0] == Approx(run.posteriors()[1]["mean"][0].get<double>() * std::exp(-0.2)));
  CHECK(prediction["sym_kl"] == run.summary()["sym_kl"]["final"]);
  CHECK(run.summary()["stream_seconds"] == Approx(1.7));
}

TEST_CASE("the unit of time makes seconds of the recording's span") {
  std::string config = test::kOrnsteinUhlenbeck;
  config.insert(1, "\"time\": {\"unit\": \"days\"},");
  const Run run({}, "t,y\n1991-07-01,1\n1991-07-03,1\n", config);
  CHECK(run.posteriors()[1]["time"] == 2.0);
  CHECK(run.summary()["stream_seconds"] == 2.0 * 86400.0);
}

TEST_CASE("the option --density writes a normalised density on the grid") {
  const Run run({"--density", "-6:6:241"});
  std::istringstream file(run.folder.read("out/density.csv"));
  std::string line;
  std::getline(file, line);
  CHECK(line == "time,x,pdf");
  double total = 0.0, moment = 0.0;
  int rows = 0;
  while (std::getline(file, line)) {
    double time, x, pdf;
    char comma;
    std::istringstream(line) >> time >> comma >> x >> comma >> pdf;
    CHECK(time == 2.0);
    total += 0.05 * pdf;
    moment += 0.05 * pdf * x;
    ++rows;
  }
  CHECK(rows == 241);
  CHECK(total == Approx(1.0).margin(1e-6));
  CHECK(moment == Approx(run.posteriors().back()["mean"][0].get<double>()).margin(1e-6));
}

TEST_CASE("a density in two dimensions has a line for each point of the plane") {
  const std::string config = R"({"state": {"dimension": 2}, "beta": 1,
    "potential": {"type": "quadratic", "A": [[1, 0], [0, 1]]},
    "initial": {"type": "gaussian", "mean": [0, 0], "covariance": [[1, 0], [0, 1]]},
    "observation": {"type": "linear", "H": [[1, 0]], "R": 1}, "filter": {"method": "kalman"}})";
  const Run run({"--density", "-1:1:3"}, "t,y\n1,0\n", config);
  std::istringstream file(run.folder.read("out/density.csv"));
  std::string line;
  std::getline(file, line);
  CHECK(line == "time,x,y,pdf");
  std::getline(file, line);
  CHECK(line.rfind("1,-1,-1,", 0) == 0);
  std::getline(file, line);
  CHECK(line.rfind("1,-1,0,", 0) == 0);
  int more = 0;
  while (std::getline(file, line)) ++more;
  CHECK(more == 7);
}

TEST_CASE("the same seed gives the same output, byte for byte, timing aside") {
  for (const char* method : {"jko", "bootstrap", "grid", "kalman", "ekf", "ukf", "gaussian_sum", "enkf", "apf"}) {
    CAPTURE(method);
    const std::vector<std::string> options = {"--method", method, "--seed",  "11",        "--threads", "2",
                                              "--until",  "2.25", "--quiet", "--density", "-3:3:61"};
    const Run first(options), second(options);
    CHECK(timeless_lines(first.posteriors()) == timeless_lines(second.posteriors()));
    CHECK(timeless_lines({first.summary()}) == timeless_lines({second.summary()}));
    CHECK(first.folder.read("out/density.csv") == second.folder.read("out/density.csv"));
    CHECK(first.folder.read("out/posterior.png") == second.folder.read("out/posterior.png"));
  }
}

TEST_CASE("another seed gives another bootstrap filter") {
  const Run first({"--method", "bootstrap", "--seed", "1"}), second({"--method", "bootstrap", "--seed", "2"});
  CHECK(timeless_lines(first.posteriors()) != timeless_lines(second.posteriors()));
}

TEST_CASE("a quiet replay prints nothing, and what an earlier one left is gone") {
  const TemporaryFolder folder;
  const std::string config = folder.file("m.json", test::kOrnsteinUhlenbeck);
  const std::string recording = folder.file("obs.csv", kReplayedRecording);
  REQUIRE(run({"replay", "-c", config, "-i", recording, "-o", folder.path("out"), "--density", "-1:1:5"}).code == 0);
  CHECK(folder.has("out/density.csv"));
  const Outcome quiet = run({"replay", "-c", config, "-i", recording, "-o", folder.path("out"), "--quiet"});
  CHECK(quiet.code == 0);
  CHECK(quiet.out.empty());
  CHECK_FALSE(folder.has("out/density.csv"));
}

TEST_CASE("a replay draws a picture, or says why not") {
  const Run run({});
  const std::string png = run.folder.has("out/posterior.png") ? run.folder.read("out/posterior.png") : "";
  if (png.empty()) {
    CHECK(run.outcome.err.find("gnuplot") != std::string::npos);
  } else {
    CHECK(png.substr(1, 3) == "PNG");
    CHECK(png.substr(png.size() - 8, 4) == "IEND");
    CHECK(run.outcome.err.empty());
  }
}
