#include <cmath>

#include "src/recording.hpp"
#include "tests/src/program.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::Outcome;
using jko::test::run;
using jko::test::TemporaryFolder;

namespace {

Matrix read_csv(const std::string& file, Index columns) {
  RecordingFormat format;
  format.dimension = columns;
  RecordingReader reader(file, format);
  Matrix rows(0, columns + 1);
  while (const auto row = reader.next()) {
    rows.conservativeResize(rows.rows() + 1, Eigen::NoChange);
    rows(rows.rows() - 1, 0) = row->time;
    rows.row(rows.rows() - 1).tail(columns) = row->value.transpose();
  }
  return rows;
}

}  // namespace

TEST_CASE("a simulation follows the schedule and is the same for the same seed") {
  const TemporaryFolder folder;
  const std::string config = folder.file("m.json", test::kOrnsteinUhlenbeck);
  for (const char* name : {"a", "b"}) {
    REQUIRE(run({"simulate", "-c", config, "--seed", "5", "-o", folder.path(name), "--truth",
                 folder.path(std::string(name) + ".truth")})
                .code == 0);
  }
  REQUIRE(run({"simulate", "-c", config, "--seed", "6", "-o", folder.path("c")}).code == 0);
  CHECK(folder.read("a") == folder.read("b"));
  CHECK(folder.read("a.truth") == folder.read("b.truth"));
  CHECK(folder.read("a") != folder.read("c"));

  const Matrix observed = read_csv(folder.path("a"), 1), states = read_csv(folder.path("a.truth"), 1);
  REQUIRE(observed.rows() == 6);
  REQUIRE(states.rows() == 8);  // the beginning, the six observations and the end
  CHECK(states(0, 0) == 0.0);
  CHECK(states(7, 0) == 8.0);
  for (Index k = 0; k < 6; ++k) {
    CHECK(observed(k, 0) == 0.5 * (k + 1));
    CHECK(states(k + 1, 0) == observed(k, 0));
  }
}

TEST_CASE("the simulated process has the variances and the correlation of its model") {
  // dX = -X dt + sqrt(2) dW is stationary at N(0, 1) with correlation exp(-interval); y = x + N(0, 1/4).
  std::string config = test::kOrnsteinUhlenbeck;
  config.replace(config.find(R"("count": 6, "end": 8)"), 20, R"("count": 20000, "step": 0.02)");
  const TemporaryFolder folder;
  REQUIRE(run({"simulate", "-c", folder.file("m.json", config), "-o", folder.path("obs"), "--truth", folder.path("x")})
              .code == 0);
  const Vector x = read_csv(folder.path("x"), 1).col(1).tail(20000), y = read_csv(folder.path("obs"), 1).col(1);
  const auto covariance = [](const Vector& a, const Vector& b) {
    return ((a.array() - a.mean()) * (b.array() - b.mean())).mean();
  };
  CHECK(covariance(x, x) == Approx(1.0).margin(0.06));
  CHECK(covariance(x.head(19999), x.tail(19999)) == Approx(std::exp(-0.5)).margin(0.06));
  CHECK(covariance(y - x, y - x) == Approx(0.25).margin(0.015));
  CHECK(covariance(y - x, x) == Approx(0.0).margin(0.02));
}

TEST_CASE("columns of the config name the simulated values") {
  std::string config = test::kOrnsteinUhlenbeck;
  config.replace(config.find("\"R\": 0.25"), 9, "\"R\": 0.25, \"columns\": [\"depth\"]");
  const TemporaryFolder folder;
  REQUIRE(run({"simulate", "-c", folder.file("m.json", config), "-o", folder.path("obs")}).code == 0);
  CHECK(folder.read("obs").rfind("t,depth\n", 0) == 0);
}

TEST_CASE("nothing can be simulated from a likelihood that is only an expression") {
  const TemporaryFolder folder;
  const Outcome outcome = run({"simulate", "-c", folder.file("m.json", test::kFiveLines), "-o", folder.path("obs")});
  CHECK(outcome.code == 2);
  CHECK(outcome.err.find("observation.type") != std::string::npos);
  CHECK_FALSE(folder.has("obs"));
}

TEST_CASE("the shipped simulated recordings are what their configs and seeds give") {
  const TemporaryFolder folder;
  const std::vector<std::pair<std::string, std::string>> seeds = {
      {"sine_well", "1"}, {"sine_well_long", "1"}, {"double_well_2d", "3"}};
  for (const auto& [name, seed] : seeds) {
    CAPTURE(name);
    const std::string source = JKO_SOURCE_DIR;
    REQUIRE(
        run({"simulate", "-c", source + "/configs/" + name + ".json", "--seed", seed, "-o", folder.path(name)}).code ==
        0);
    const Index columns = name == "double_well_2d" ? 2 : 1;
    const Matrix again = read_csv(folder.path(name), columns);
    const Matrix shipped = read_csv(source + "/data/" + name + ".csv", columns);
    REQUIRE(again.rows() == shipped.rows());
    CHECK((again - shipped).cwiseAbs().maxCoeff() < 1e-6);  // libm may round differently elsewhere
  }
}
