#include "src/experiments/ornstein_uhlenbeck_study.hpp"

#include <Eigen/Eigenvalues>
#include <cmath>

#include "filter/reference/kalman_filter.hpp"
#include "jko/quadratic.hpp"
#include "tests/src/experiments/study_tester.hpp"
#include "tests/src/input_error.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::input_error_of;
using jko::test::options_with;
using jko::test::results_of;
using jko::test::TemporaryFolder;
using nlohmann::ordered_json;

namespace {

const Quadratic& potential_of(const Model& model) { return dynamic_cast<const Quadratic&>(*model.potential); }

const char* const kSmallProcess = R"({"study": "ornstein-uhlenbeck", "repeats": 1, "draws": 512, "euler_step": 0.01,
  "filter": {"tau": 0.1}})";

/// Of a key at t = 0.9.
double late(const ordered_json& result, const char* key) { return result[key][8].get<double>(); }

}  // namespace

TEST_CASE("the exact law of a process in one dimension is that of the closed form") {
  const Model model = ornstein_uhlenbeck_process(1, 5);
  const double a = potential_of(model).A()(0, 0), b = potential_of(model).b()(0) / a;
  KalmanFilter exact(model);
  for (const double t : {0.1, 0.5, 1.0}) {
    exact.predict(t);
    const double decay = std::exp(-a * t);
    CHECK(exact.mean()(0) == Approx(b * (1.0 - decay)));
    CHECK(exact.covariance()(0, 0) == Approx(decay * decay + (1.0 - decay * decay) / a));
  }
}

TEST_CASE("a process settles at N(b, A⁻¹), has variances from 1 to 2 along its axes, and is drawn by its seed alone") {
  const Model model = ornstein_uhlenbeck_process(4, 9);
  const Matrix A = potential_of(model).A(), covariance = A.inverse();
  KalmanFilter exact(model);
  exact.predict(60.0);
  CHECK((exact.covariance() - covariance).norm() < 1e-9);
  CHECK((A * exact.mean() - potential_of(model).b()).norm() < 1e-9);
  const Vector variances = Eigen::SelfAdjointEigenSolver<Matrix>(covariance).eigenvalues();
  CHECK(variances.minCoeff() >= 1.0);
  CHECK(variances.maxCoeff() <= 2.0);
  CHECK(variances.maxCoeff() - variances.minCoeff() > 0.1);
  // Rotated: else the covariance would be diagonal.
  CHECK((covariance - Matrix(covariance.diagonal().asDiagonal())).norm() > 0.05);
  CHECK(potential_of(ornstein_uhlenbeck_process(4, 9)).A() == A);
  CHECK(potential_of(ornstein_uhlenbeck_process(4, 10)).A() != A);
}

TEST_CASE("the JKO flow is close to the exact law, and a kernel density far from it in three dimensions") {
  const TemporaryFolder folder;
  StudyOptions options = options_with(folder, kSmallProcess);
  options.dimensions = {1, 3};
  options.methods = {"jko", "particles_1000"};
  const OrnsteinUhlenbeckStudy study(options);
  const auto results = results_of(study);
  REQUIRE(results.size() == 4);
  for (const std::size_t i : {0, 2}) {
    const ordered_json &jko = results[i], &particles = results[i + 1];
    CAPTURE(jko["dimension"].get<int>());
    CHECK(jko["method"] == "jko");
    CHECK(jko["fallbacks"] == 0);
    CHECK(late(jko, "sym_kl") < 1e-4);
    CHECK(late(jko, "sym_kl") > 0.0);
    // 512 draws leave about 0.4 % of half the variance unexplained.
    CHECK(late(jko, "bw_uvp") < 4.0);
    CHECK(late(particles, "sym_kl") > 3e-3);
    CHECK(late(particles, "sym_kl") < 0.3);
    CHECK(late(jko, "seconds") > 0.0);
  }
  // Far from the truth, both estimates see the same.
  CHECK(late(results[3], "sym_kl_two_sided") == Approx(late(results[3], "sym_kl")).epsilon(0.5));
  CHECK(results[3]["t"].size() == 10);

  const StudyReport report = study.report(results);
  CHECK(report.tables.size() == 5);
  for (const StudyTable& table : report.tables) {
    CHECK(table.rows.size() == 2);
    for (const auto& row : table.rows) CHECK(row.size() == table.columns.size());
  }
  // In one dimension at t = 0.9, ICNN_jko had 0.00054.
  CHECK(report.tables[1].rows[0][2] == "0.00054");
}

TEST_CASE("a result does not depend on the other tasks of a study") {
  const TemporaryFolder folder;
  StudyOptions options = options_with(folder, kSmallProcess);
  options.methods = {"particles_1000"};
  options.dimensions = {3, 4};
  options.repeats = 2;
  const OrnsteinUhlenbeckStudy all(options);
  const auto results = results_of(all);
  options.dimensions = {4};
  const OrnsteinUhlenbeckStudy alone(options);
  const ordered_json again = alone.tasks().back().run();
  CHECK(again["sym_kl"] == results[3]["sym_kl"]);
  CHECK(again["bw_uvp"] == results[3]["bw_uvp"]);
  CHECK(results[2]["sym_kl"] != results[3]["sym_kl"]);
  CHECK(all.settings() == alone.settings());
  options.seed = 1;
  CHECK(all.settings() != OrnsteinUhlenbeckStudy(options).settings());
}

TEST_CASE("a report of tasks that all failed has the published figures alone") {
  const TemporaryFolder folder;
  const OrnsteinUhlenbeckStudy study(options_with(folder, kSmallProcess));
  const StudyReport report = study.report(std::vector<ordered_json>(study.tasks().size()));
  CHECK(report.tables[1].rows[0][1].empty());
  CHECK(report.tables[1].rows[0][2] == "0.00054");
}

TEST_CASE("the study's config is read with suspicion, and the command line goes before it") {
  const TemporaryFolder folder;
  const auto complaint = [&](const std::string& config) {
    return input_error_of([&] { OrnsteinUhlenbeckStudy(options_with(folder, config)); });
  };
  CHECK(complaint(R"({"drawz": 1})").find("config.json:1: drawz: unknown key (did you mean 'draws'?)") !=
        std::string::npos);
  CHECK(complaint(R"({"study": "filtering"})").find("study: expected ornstein-uhlenbeck") != std::string::npos);
  CHECK(complaint(R"({"filter": {"taus": 1}})").find("filter.taus: unknown key (did you mean 'tau'?)") !=
        std::string::npos);
  CHECK(complaint(R"({"methods": ["jk"]})").find("(did you mean 'jko'?)") != std::string::npos);
  CHECK(complaint(R"({"dimensions": [1, 65]})").find("dimensions[1]: expected an integer from 1 to 64") !=
        std::string::npos);
  StudyOptions options = options_with(folder, R"({"dimensions": [1, 2], "repeats": 3, "methods": ["jko"]})");
  CHECK(OrnsteinUhlenbeckStudy(options).tasks().size() == 6);
  options.dimensions = {7, 7};
  options.repeats = 1;
  options.methods = {"particles_1000", "jko"};
  const OrnsteinUhlenbeckStudy study(options);
  REQUIRE(study.tasks().size() == 2);
  CHECK(study.tasks()[0].key == "d07-r00-particles_1000");
  options.dimensions = {65};
  CHECK(input_error_of([&] { OrnsteinUhlenbeckStudy{options}; }).find("--dims: expected integers from 1 to 64") == 0);
}

TEST_CASE("the shipped configs are those of a quick study and of the published one") {
  for (const char* size : {"quick", "paper"}) {
    StudyOptions options;
    options.config = std::string(JKO_SOURCE_DIR "/configs/ornstein_uhlenbeck_") + size + ".json";
    const OrnsteinUhlenbeckStudy study(options);
    CHECK(study.tasks().size() == (size == std::string("quick") ? 4 * 3 * 3 : 12 * 15 * 5));
  }
}
