#include <algorithm>
#include <cmath>

#include "src/methods.hpp"
#include "tests/src/program.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::Outcome;
using jko::test::run;
using jko::test::TemporaryFolder;
using nlohmann::json;

namespace {

const char* const kComparedRecording = "t,y\n0.5,1\n1,0.2\n1.5,\n2,-0.7\n";

Outcome compare(const TemporaryFolder& folder, const std::vector<std::string>& more,
                const std::string& config = test::kOrnsteinUhlenbeck,
                const std::string& recording = kComparedRecording) {
  std::vector<std::string> arguments = {
      "compare",         "-c", folder.file("m.json", config), "-i", folder.file("obs.csv", recording), "-o",
      folder.path("out")};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run(arguments);
}

json figures(const TemporaryFolder& folder) { return json::parse(folder.read("out/compare.json")); }

/// The entry of one method.
json of(const json& figures, const std::string& method) {
  for (const json& entry : figures["methods"]) {
    if (entry["method"] == method) return entry;
  }
  return nullptr;
}

std::vector<std::string> names(const json& figures) {
  std::vector<std::string> names;
  for (const json& entry : figures["methods"]) names.push_back(entry["method"]);
  return names;
}

/// Not linear, in one dimension.
std::string well() {
  std::string config = test::kOrnsteinUhlenbeck;
  const std::string quadratic = R"("type": "quadratic", "A": 1)";
  return config.replace(config.find(quadratic), quadratic.size(), R"("type": "sine_well")");
}

}  // namespace

TEST_CASE("a comparison runs every method that can filter the model, the truth first") {
  const TemporaryFolder folder;
  const Outcome outcome = compare(folder, {});
  CAPTURE(outcome.err);
  REQUIRE(outcome.code == 0);
  const json all = figures(folder);
  CHECK(all["observations"] == 4);
  CHECK(all["end"] == 2.0);
  REQUIRE(all["methods"].size() == method_names().size());
  CHECK(all["methods"][0]["method"] == "kalman");
  CHECK(all["methods"][0]["truth"] == true);
  CHECK_FALSE(all["methods"][0].contains("sym_kl"));
  for (const json& entry : all["methods"]) {
    CAPTURE(entry["method"].get<std::string>());
    CHECK(entry["seconds"].get<double>() > 0.0);
    CHECK(entry["ms_per_observation"]["p99"] >= entry["ms_per_observation"]["p50"]);
    CHECK(outcome.out.find("\n  " + entry["method"].get<std::string>() + " ") != std::string::npos);
    if (entry["truth"] == true) continue;
    CHECK(std::abs(entry["log_evidence_error"].get<double>()) < 0.3);
    CHECK(entry["mean_error_in_sd"].get<double>() < 0.2);
    CHECK(entry["sym_kl"]["max"].get<double>() >= entry["sym_kl"]["median"].get<double>());
    CHECK(entry["sym_kl"]["max"].get<double>() < 0.1);
  }
  CHECK(of(all, "ukf")["mean_error_in_sd"].get<double>() < 1e-6);
}

TEST_CASE("a comparison reads no further than --until, and its evidence is that by hand") {
  const TemporaryFolder folder;
  REQUIRE(compare(folder, {"-m", "ukf", "--until", "0.75"}, test::kOrnsteinUhlenbeck, "t,y\n0.5,1\n0.9,5\n").code == 0);
  const json all = figures(folder);
  CHECK(all["observations"] == 1);
  CHECK(all["end"] == 0.75);
  // Stationary at N(0, 1) and seen with variance 1/4: y ~ N(0, 1.25).
  const double log_evidence = -0.5 * std::log(2 * M_PI * 1.25) - 0.5 / 1.25;
  CHECK(of(all, "kalman")["log_evidence"] == Approx(log_evidence));
  CHECK(of(all, "ukf")["log_evidence"] == Approx(log_evidence));
}

TEST_CASE("a method that cannot filter the model is shown with the reason, and the others run") {
  const TemporaryFolder folder;
  const Outcome outcome = compare(folder, {"--methods", "kalman,ukf,grid"}, well());
  REQUIRE(outcome.code == 0);
  const json all = figures(folder);
  CHECK(names(all) == std::vector<std::string>{"grid", "kalman", "ukf"});
  CHECK(of(all, "grid")["truth"] == true);
  CHECK(of(all, "kalman")["refusal"] == "the Kalman filter needs a quadratic potential");
  CHECK_FALSE(of(all, "kalman").contains("seconds"));
  CHECK(of(all, "ukf").contains("sym_kl"));
  CHECK(outcome.out.find("the Kalman filter needs a quadratic potential") != std::string::npos);

  REQUIRE(compare(folder, {}, well()).code == 0);
  CHECK(of(figures(folder), "kalman").is_null());
}

TEST_CASE("a method for which an observation is impossible stops there, and the others go on") {
  const TemporaryFolder folder;
  const std::string recording = "t,y\n0.5,1\n1,-1e4\n1.5,0\n";
  std::string config = test::kOrnsteinUhlenbeck;
  const std::string linear = R"({"type": "linear", "R": 0.25})";
  config.replace(config.find(linear), linear.size(),
                 R"j({"type": "expression", "log_likelihood": "log(1 - (y0 - x0)**2/100)", "columns": ["y"]})j");
  const Outcome outcome = compare(folder, {"-m", "bootstrap,apf,ukf"}, config, recording);
  REQUIRE(outcome.code == 0);
  const json all = figures(folder);
  CHECK(of(all, "apf")["refusal"] == "the observation at t = 1 is impossible under its prediction");
  CHECK(of(all, "ukf")["refusal"].get<std::string>().find("mean and variance") != std::string::npos);
}

TEST_CASE("without a truth the columns that need it are dashes, and --truth chooses another") {
  const TemporaryFolder folder;
  const std::string config = R"({"state": {"dimension": 3}, "beta": 1, "potential": {"type": "sine_well"},
    "initial": {"type": "gaussian", "mean": [0, 0, 0], "covariance": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]},
    "observation": {"type": "linear", "H": [[1, 0, 0]], "R": 1}})";
  const Outcome none = compare(folder, {"-m", "ukf,enkf"}, config);
  REQUIRE(none.code == 0);
  CHECK(names(figures(folder)) == std::vector<std::string>{"ukf", "enkf"});
  CHECK_FALSE(of(figures(folder), "ukf").contains("sym_kl"));
  CHECK(none.out.find(" -  ") != std::string::npos);

  REQUIRE(compare(folder, {"-m", "ukf", "--truth", "enkf"}, config).code == 0);
  CHECK(names(figures(folder)) == std::vector<std::string>{"enkf", "ukf"});
  CHECK(of(figures(folder), "ukf")["sym_kl"]["median"].get<double>() > 0.0);
  CHECK(compare(folder, {"--truth", "grid"}, config).code == 2);
}

TEST_CASE("a comparison refuses names that are none, with the nearest one, and recordings that are empty") {
  const TemporaryFolder folder;
  const Outcome typo = compare(folder, {"-m", "jko,botstrap"});
  CHECK(typo.code == 2);
  CHECK(typo.err.find("unknown method 'botstrap' (did you mean 'bootstrap'?)") != std::string::npos);
  CHECK(compare(folder, {"--truth", "gird"}).err.find("did you mean 'grid'?") != std::string::npos);
  const Outcome empty = compare(folder, {}, test::kOrnsteinUhlenbeck, "t,y\n");
  CHECK(empty.code == 2);
  CHECK(empty.err.find("holds no observations") != std::string::npos);
  CHECK(compare(folder, {"--until", "-1"}).code == 2);
  CHECK_FALSE(folder.has("out/compare.json"));
}

TEST_CASE("a quiet comparison prints nothing, draws a picture and says the same for the same seed") {
  const TemporaryFolder folder;
  std::vector<json> runs;
  for (const char* seed : {"1", "1", "2"}) {
    const Outcome outcome = compare(folder, {"-m", "apf,ukf", "--seed", seed, "--threads", "2", "--quiet"}, well());
    REQUIRE(outcome.code == 0);
    CHECK(outcome.out.empty());
    if (folder.has("out/compare.png")) {
      CHECK(folder.read("out/compare.png").substr(1, 3) == "PNG");
    } else {
      CHECK(outcome.err.find("gnuplot") != std::string::npos);
    }
    runs.push_back(of(figures(folder), "apf"));
  }
  CHECK(runs[0]["log_evidence"] == runs[1]["log_evidence"]);
  CHECK(runs[0]["sym_kl"] == runs[1]["sym_kl"]);
  CHECK(runs[0]["log_evidence"] != runs[2]["log_evidence"]);
}

TEST_CASE("a comparison's help teaches by example") {
  const Outcome help = run({"compare", "--help"});
  CHECK(help.code == 0);
  CHECK(help.out.find("jkofilter compare --config") != std::string::npos);
}
