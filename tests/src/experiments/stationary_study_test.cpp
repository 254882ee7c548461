#include "src/experiments/stationary_study.hpp"

#include <cmath>

#include "src/flow_file.hpp"
#include "tests/src/experiments/study_tester.hpp"
#include "tests/src/input_error.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using namespace jko::test;
using nlohmann::ordered_json;

namespace {

/// Small enough for seconds.
const char* const kSmallStationary = R"({
  "study": "stationary", "dimensions": [2], "repeats": 2, "end": 1, "draws": 1000,
  "methods": ["jko", "particles_1000", "prox_1000", "exact"],
  "filter": {"scheme": "jko", "tau": 0.25, "nodes": 300, "widths": [12], "chain": 50},
  "particles": {"step": 0.05}, "proximal": {"step": 0.25, "regularisation": 0.3, "iterations": 50},
  "exact": {"particles": 2000, "step": 0.1}
})";

/// Without what the clock says.
ordered_json timeless_result(ordered_json result) {
  result.erase("seconds");
  return result;
}

std::string changed_study(const std::string& from, const std::string& to) {
  std::string text = kSmallStationary;
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("The stationary task's law is the one that was published, and a function of its arguments", "[stationary]") {
  for (const auto& [d, count, span] : {std::tuple<Index, std::size_t, double>{2, 5, 5.0},
                                       {4, 6, 5.0},
                                       {8, 8, 5.0},
                                       {12, 10, 5.0},
                                       {13, 10, 5.0},
                                       {32, 10, 3.0}}) {
    CAPTURE(d);
    const GaussianMixture law = stationary_task_law(d, 1, 7), again = stationary_task_law(d, 1, 7);
    REQUIRE(law.components().size() == count);
    double largest = 0.0;
    for (std::size_t k = 0; k < count; ++k) {
      const auto& c = law.components()[k];
      CHECK(c.weight == Approx(1.0 / static_cast<double>(count)));
      CHECK(c.covariance == Matrix::Identity(d, d));
      CHECK(c.mean == again.components()[k].mean);
      largest = std::max(largest, c.mean.cwiseAbs().maxCoeff());
    }
    CHECK(largest <= span);
    CHECK(largest > 0.6 * span);
    CHECK(stationary_task_law(d, 2, 7).components()[0].mean != law.components()[0].mean);
    CHECK(stationary_task_law(d, 1, 8).components()[0].mean != law.components()[0].mean);
    const Model model = stationary_task(law);
    CHECK(model.initial.covariance() == 16.0 * Matrix::Identity(d, d));
  }
}

TEST_CASE("Mode shares are the weights of the law that was drawn from", "[stationary]") {
  const GaussianMixture law({{1.0, Vector::Constant(2, -4.0), Matrix::Identity(2, 2)},
                             {1.0, Vector::Constant(2, 4.0), Matrix::Identity(2, 2)}});
  const GaussianMixture drawn({{0.2, Vector::Constant(2, -4.0), Matrix::Identity(2, 2)},
                               {0.8, Vector::Constant(2, 4.0), Matrix::Identity(2, 2)}});
  const Vector shares = mode_shares(law, drawn.sample(20000, 1, 0));
  CHECK(shares.sum() == Approx(1.0));
  CHECK(shares(0) == Approx(0.2).margin(0.015));
  // The floor is what SymKL of laws with these shares is, where modes do not overlap.
  const Vector exact = (Vector(2) << 0.2, 0.8).finished();
  CHECK(symmetric_kl_floor(exact, 20000) == Approx(0.3 * std::log(0.8 / 0.2)));
  const Points x = drawn.sample(20000, 2, 0), y = law.sample(20000, 3, 0);
  const double kl =
      (drawn.log_density(x) - law.log_density(x)).mean() + (law.log_density(y) - drawn.log_density(y)).mean();
  CHECK(kl == Approx(symmetric_kl_floor(exact, 20000)).margin(0.03));
  CHECK(symmetric_kl_floor(Vector::Constant(4, 0.25), 100) == Approx(0.0).margin(1e-15));
  // A mode that no point fell on counts as one point.
  const Vector none = (Vector(2) << 0.0, 1.0).finished();
  CHECK(symmetric_kl_floor(none, 100) == Approx((0.01 - 0.5) * std::log(0.02) + 0.5 * std::log(2.0)));
}

TEST_CASE("A quick study of stationary laws has a result for each task and says the same again", "[stationary]") {
  const TemporaryFolder folder;
  StudyOptions options = options_with(folder, kSmallStationary);
  options.save = folder.path("last.flow");
  const StationaryStudy study(options);
  const std::vector<StudyTask> tasks = study.tasks();
  REQUIRE(tasks.size() == 8);
  CHECK(tasks[0].key == "d02-r00-jko");
  CHECK(tasks[7].key == "d02-r01-exact");
  const std::vector<ordered_json> results = results_of(study);
  for (const ordered_json& result : results) {
    CAPTURE(result.dump());
    double sum = 0.0;
    for (const double share : result.at("mode_shares")) sum += share;
    CHECK(sum == Approx(1.0));
    if (result["method"] == "exact") {
      CHECK(result.at("floor").get<double>() > 0.0);
      continue;
    }
    CHECK(result.at("sym_kl").get<double>() ==
          Approx(result.at("kl_forward").get<double>() + result.at("kl_reverse").get<double>()));
    CHECK(result.at("sym_kl").get<double>() > 0.0);
    CHECK(result.at("energy_distance").get<double>() > 0.0);
    CHECK(result.at("sym_kl_within").get<double>() < result.at("sym_kl").get<double>() + 0.1);
  }
  // In any order, and alone.
  CHECK(timeless_result(tasks[5].run()) == timeless_result(results[5]));
  CHECK(timeless_result(tasks[0].run()) == timeless_result(results[0]));
  StudyOptions fewer = options_with(folder, kSmallStationary);
  fewer.methods = {"particles_1000"};
  const StationaryStudy part(fewer);
  REQUIRE(part.tasks().size() == 2);
  CHECK(timeless_result(part.tasks()[1].run()) == timeless_result(results[5]));

  // What was saved is the flow that was trained last: here that of the first repeat, again.
  const TrainedFlow flow = load_flow(folder.path("last.flow"));
  CHECK(flow.time() == 1.0);
  const GaussianMixture law = stationary_task_law(2, 0, 0);
  const Points x = flow.sample(1000, 1);
  const Vector shares = mode_shares(law, x);
  for (Index k = 0; k < shares.size(); ++k) {
    CHECK(shares(k) == Approx(results[0]["mode_shares"][static_cast<std::size_t>(k)].get<double>()).margin(0.08));
  }
}

TEST_CASE("The report of stationary laws has the published figures beside, and stands failed tasks", "[stationary]") {
  const TemporaryFolder folder;
  const StationaryStudy study(options_with(folder, kSmallStationary));
  std::vector<ordered_json> results;
  for (const StudyTask& task : study.tasks()) {
    const bool exact = task.key.find("exact") != std::string::npos;
    const bool first = task.key.find("r00") != std::string::npos;
    ordered_json result{{"mode_shares", {0.2, 0.2, 0.2, 0.2, first ? 0.2 : 0.1}}, {"seconds", 2.0}};
    if (exact) {
      result["floor"] = 0.05;
    } else {
      result["sym_kl"] = first ? 0.25 : 0.35;
      result["sym_kl_within"] = result["energy_distance"] = 0.1;
    }
    results.push_back(result);
  }
  const StudyReport report = study.report(results);
  REQUIRE(report.tables.size() == 1);
  const StudyTable& table = report.tables[0];
  REQUIRE(table.rows.size() == 4);
  const std::vector<std::string>& jko = table.rows[0];
  for (const auto& row : table.rows) CHECK(row.size() == table.columns.size());
  CHECK(jko[0] == "2");
  CHECK(jko[1] == "jko");
  CHECK(jko[2] == "0.3 [0.275, 0.325]");
  CHECK(jko[3] == "0.0558");  // of ICNN_jko
  CHECK(jko[5] == "0.05");
  CHECK(jko[6] == "0.25 [0.225, 0.275]");
  CHECK(jko[10] == "0.0813");
  CHECK(jko[12] == "965");
  REQUIRE(report.pictures.size() == 1);
  CHECK(report.pictures[0].script.find("published0") != std::string::npos);

  for (ordered_json& result : results) result = nullptr;
  CHECK(study.report(results).tables[0].rows.empty());
}

TEST_CASE("In many dimensions there is one repeat, and a picture of it", "[stationary]") {
  const TemporaryFolder folder;
  StudyOptions options = options_with(folder, changed_study("\"end\": 1", "\"end\": 0.25"));
  options.dimensions = {13};
  const StationaryStudy study(options);
  REQUIRE(study.tasks().size() == 2);  // jko and exact
  const std::vector<ordered_json> results = results_of(study);
  REQUIRE(results[0].at("picture").size() == 1000);
  REQUIRE(results[0].at("picture_of_truth").size() == 1000);
  // The first component has more spread than the second.
  double square[2] = {0.0, 0.0};
  for (const auto& point : results[0]["picture_of_truth"]) {
    for (int k = 0; k < 2; ++k) square[k] += std::pow(point[static_cast<std::size_t>(k)].get<double>(), 2);
  }
  CHECK(square[0] > square[1]);
  const StudyReport report = study.report(results);
  REQUIRE(report.pictures.size() == 1);
  CHECK(report.pictures[0].name == "stationary_13d");
}

TEST_CASE("A config of stationary laws is read with suspicion", "[stationary]") {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& config) {
    return input_error_of([&] { StationaryStudy study(options_with(folder, config)); });
  };
  CHECK(message(kSmallStationary).empty());
  CHECK(message(changed_study("\"draws\"", "\"drwas\"")).find("drwas") != std::string::npos);
  CHECK(message(changed_study("\"nodes\": 300", "\"nodes\": 3")).find("nodes") != std::string::npos);
  CHECK(message(changed_study("prox_1000", "prox_1")).find("prox_1'") != std::string::npos);
  CHECK(message(changed_study("\"step\": 0.05", "\"step\": 0")).find("particles.step") != std::string::npos);
  CHECK(message(changed_study("[2]", "[1]")).find("dimensions") != std::string::npos);
  for (const char* file : {"quick", "paper"}) {
    StudyOptions options;
    options.config = std::string(JKO_SOURCE_DIR) + "/configs/stationary_" + file + ".json";
    CHECK(StationaryStudy(options).tasks().size() >= 16);
  }
}
