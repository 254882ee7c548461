#include "src/experiments/posterior_study.hpp"

#include <cmath>

#include "filter/random.hpp"
#include "filter/reference/nuts.hpp"
#include "src/experiments/posterior_report.hpp"
#include "src/flow_file.hpp"
#include "tests/src/input_error.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::input_error_of;
using jko::test::TemporaryFolder;
using nlohmann::ordered_json;

namespace {

/// 160 rows of two features and a label that leans on the first one, as a data set "small".
std::string small_set() {
  Points x(160, 3);
  fill_standard_normal(21, 1, x);
  std::string text = "y,a,b\n";
  for (Index i = 0; i < x.rows(); ++i) {
    text += std::string(x(i, 0) + 0.7 * x(i, 2) > 0.2 ? "1," : "-1,") + std::to_string(x(i, 0)) + "," +
            std::to_string(x(i, 1)) + "\n";
  }
  return text;
}

const std::string kQuick =
    R"({"sets": ["small"], "repeats": 2, "samples": 800, "jko": {"nodes": 1024},
        "svgd": {"iterations": 800, "batch": 0, "particles": 60}, "nuts": {"warmup": 200}})";

std::string posterior_complaint(const std::string& config, const std::string& data = "") {
  const TemporaryFolder folder;
  StudyOptions options;
  options.config = folder.file("study.json", config);
  options.data = data;
  const std::string message = input_error_of([&] { PosteriorStudy{options}; });
  return message.empty() ? "" : message.substr(message.find(": ") + 2);
}

ordered_json result_of(const Study& study, const std::string& key) {
  for (const StudyTask& task : study.tasks()) {
    if (task.key == key) return task.run();
  }
  throw std::runtime_error("no task " + key);
}

PosteriorFlowOptions small_flow() {
  PosteriorFlowOptions options;
  options.jko.solver = Solver::lbfgs;
  options.jko.widths = {6, 6};
  options.jko.nodes = 1024;
  options.jko.tolerance = 2e-5;
  return options;
}

}  // namespace

TEST_CASE("the flow finds the posterior that NUTS finds") {
  Points x(200, 3);
  fill_standard_normal(22, 1, x);
  x.col(1) = 0.8 * x.col(0) + 0.6 * x.col(1);
  const Vector y = (x.col(0) + 0.8 * x.col(2)).array().sign();
  const LogisticPosterior posterior(x.leftCols(2), y, {1.0, 0.5});
  const Index d = posterior.dimension();
  PosteriorFlowOptions options = small_flow();
  options.steps = 2;
  const PosteriorFlow flow = posterior_flow(posterior, options, 1);
  CHECK(flow.steps >= 1);
  CHECK(flow.steps <= options.steps);

  NutsOptions nuts;
  nuts.warmup = 300;
  nuts.draws = 2000;
  const NutsResult truth = sample_nuts(posterior, posterior_start(posterior).sample(4, 2, 0), nuts);
  REQUIRE(truth.worst().r_hat < 1.01);
  const Points ours = flow.filter.sample(8000, 3), theirs = truth.all();
  for (Index k = 0; k < d; ++k) {
    const auto sd = [&](const Points& draws) {
      return std::sqrt((draws.col(k).array() - draws.col(k).mean()).square().mean());
    };
    CAPTURE(k);
    CHECK(std::abs(ours.col(k).mean() - theirs.col(k).mean()) < 0.08 * sd(theirs));
    CHECK(sd(ours) == Approx(sd(theirs)).epsilon(0.12));
  }
  // The density is that of theta, exp(-Φ) but for its constant.
  Vector phi(ours.rows());
  Points gradient(ours.rows(), d);
  posterior.evaluate(ours, 0.0, phi, gradient);
  const Eigen::ArrayXd gap = flow.filter.log_density(ours) + phi;
  CHECK(std::sqrt((gap - gap.mean()).square().mean()) < 0.3);
  // Its constant bounds the log evidence from below (Jensen), and here closely: importance sampling tells it.
  const double log_evidence = std::log((-gap + gap.mean()).exp().mean()) - gap.mean();
  CHECK(log_evidence + gap.mean() > 0.0);
  CHECK(log_evidence + gap.mean() < 0.05);
}

TEST_CASE("mini-batches lead the flow to the posterior of all rows") {
  Points x(4000, 3);
  fill_standard_normal(23, 1, x);
  const LogisticPosterior posterior(x.leftCols(2), (x.col(0) + x.col(2)).array().sign(), {1.0, 0.5});
  PosteriorFlowOptions options = small_flow();
  const PosteriorFlow all = posterior_flow(posterior, options, 1);
  options.batch = 200;
  const PosteriorFlow few = posterior_flow(posterior, options, 1);
  CHECK(few.steps == 1);
  const Vector deviation = all.filter.covariance().diagonal().cwiseSqrt();
  CHECK((all.filter.mean() - few.filter.mean()).cwiseQuotient(deviation).cwiseAbs().maxCoeff() < 0.05);
  CHECK((few.filter.covariance().diagonal().cwiseSqrt().cwiseQuotient(deviation).array() - 1.0).abs().maxCoeff() <
        0.05);
  // Where the law was before the first step.
  CHECK(few.passes >= 3);
  CHECK((all.filter.mean() - all.start_mean).cwiseQuotient(all.start_deviation).cwiseAbs().maxCoeff() < 0.3);
}

TEST_CASE("a task of the posterior study says how well its draws predict, and can be repeated") {
  const TemporaryFolder folder;
  folder.file("small.csv", small_set());
  StudyOptions options;
  options.config = folder.file("study.json", kQuick);
  options.data = folder.path("");
  options.save = folder.path("small.flow");
  const PosteriorStudy study(options);
  REQUIRE(study.tasks().size() == 6);

  std::vector<ordered_json> results;
  for (const StudyTask& task : study.tasks()) results.push_back(task.run());
  for (const ordered_json& result : results) {
    CAPTURE(result.dump());
    CHECK(result.at("train_rows") == 128);
    CHECK(result.at("features") == 2);
    CHECK(result.at("mean").size() == 3);
    CHECK(result.at("accuracy").get<double>() > 0.6);
    CHECK(result.at("log_likelihood").get<double>() < -0.2);
    CHECK(result.at("log_likelihood").get<double>() > -0.65);
  }
  ordered_json again = result_of(study, "small-r01-svgd"), first = results[4];
  again.erase("seconds");
  first.erase("seconds");
  CHECK(again == first);

  // What was saved last is that of the second split: a law of theta, not of the coordinates that it was found in.
  const TrainedFlow saved = load_flow(options.save);
  const Points draws = saved.sample(4000, 5);
  const auto mean = results[3].at("mean").get<std::vector<double>>(),
             sd = results[3].at("sd").get<std::vector<double>>();
  for (Index k = 0; k < 3; ++k) {
    const auto i = static_cast<std::size_t>(k);
    CHECK(std::abs(draws.col(k).mean() - mean[i]) < 0.15 * sd[i]);
  }
  CHECK(saved.log_density(draws).allFinite());
  CHECK(results[3].at("moved").get<double>() < 1.0);
  CHECK(results[3].at("passes").get<int>() >= 3);

  const StudyReport report = study.report(results);
  REQUIRE(report.tables.size() == 4);
  for (const StudyTable& table : report.tables) {
    REQUIRE(table.rows.size() == 1);
    CHECK(table.rows[0].size() == table.columns.size());
    CHECK(table.rows[0][0] == "small");
    CHECK(!table.rows[0][1].empty());
  }
  // means apart, in standard deviations
  CHECK(std::stod(report.tables[3].rows[0][1]) < 0.3);
}

TEST_CASE("the report compares with what was published, and with NUTS on the same split") {
  const auto result = [](const char* set, const char* method, int repeat, double accuracy, std::vector<double> mean,
                         std::vector<double> sd) {
    return ordered_json{{"set", set},   {"repeat", repeat}, {"method", method}, {"accuracy", accuracy},
                        {"mean", mean}, {"sd", sd},         {"r_hat", 1.002},   {"bulk_ess", 400.0}};
  };
  const std::vector<ordered_json> results = {
      result("german", "jko", 0, 0.6, {1.0, 2.0}, {0.5, 1.0}),
      result("german", "nuts", 0, 0.65, {1.5, 2.0}, {0.25, 2.0}),
      result("german", "jko", 1, 0.7, {1.0, 2.0}, {0.5, 1.0}), ordered_json(nullptr),
      ordered_json{{"set", "covtype"}, {"repeat", 0}, {"method", "nuts"}, {"skipped", "too large"}}};
  const StudyReport report = posterior_report({{"german", true}, {"covtype", false}}, {"jko", "nuts"}, 2, results);

  const StudyTable& accuracy = report.tables[0];
  CHECK(accuracy.columns ==
        std::vector<std::string>{"set", "jko", "nuts", "ICNN-JKO, published", "SVGD, published", "best published"});
  CHECK(accuracy.rows[0][1].substr(0, 4) == "0.65");
  CHECK(accuracy.rows[0][3] == "0.67");
  CHECK(accuracy.rows[0][4] == "0.65");
  CHECK(accuracy.rows[0][5] == "0.68");
  CHECK(accuracy.rows[1] == std::vector<std::string>{"covtype (stand-in)", "", "", "", "", ""});

  const std::vector<std::string>& moments = report.tables[3].rows[0];
  CHECK(moments[1] == "2");     // |1 - 1.5|/0.25
  CHECK(moments[2] == "1.41");  // and 0
  CHECK(moments[3] == "0.5");
  CHECK(moments[4] == "2");
  CHECK(moments[5] == "1.002");
  CHECK(moments[7] == "0.05");
}

TEST_CASE("the posterior study leaves out what it cannot have, unless it is asked for") {
  StudyOptions options;
  const ordered_json settings = PosteriorStudy(options).settings();
  CHECK(settings.at("generated") == ordered_json{"twonorm", "ringnorm", "waveform"});
  CHECK(settings.at("alpha_rate") == 0.01);

  const TemporaryFolder folder;
  folder.file("banana.csv", small_set());
  options.data = folder.path("");
  options.methods = {"svgd"};
  options.repeats = 1;
  const auto tasks = PosteriorStudy(options).tasks();
  REQUIRE(tasks.size() == 4);
  CHECK(tasks[2].key == "banana-r00-svgd");

  CHECK(
      posterior_complaint(R"({"sets": ["german"]})").find("sets: 'german' has to be read: give its folder by --data") ==
      0);
  CHECK(posterior_complaint(R"({"sets": ["german"]})", "/nowhere")
            .find("sets: there is no file of 'german' in /nowhere") == 0);
  CHECK(posterior_complaint(R"({"jko": {"nodes": 3}})").find("jko.nodes: ") == 0);
  CHECK(posterior_complaint(R"({"jko": {"tolerance": 0}})").find("jko.tolerance: ") == 0);
  CHECK(posterior_complaint(R"({"jko": {"spread": 1}})").find("jko.spread: ") == 0);
  CHECK(posterior_complaint(R"({"svgd": {"particle": 3}})").find("svgd.particle: ") == 0);
  CHECK(posterior_complaint(R"({"dimensions": [3]})").find("the data sets have their own dimensions") == 0);
}
