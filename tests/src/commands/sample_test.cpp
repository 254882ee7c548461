#include "filter/reference/kalman_filter.hpp"
#include "tests/src/flow_tester.hpp"
#include "tests/src/program.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::Outcome;
using jko::test::run;
using jko::test::TemporaryFolder;

TEST_CASE("sample draws what the filter does, with the law's mean and covariance") {
  const TemporaryFolder folder;
  for (const Index d : {1, 3}) {
    CAPTURE(d);
    const Model model = test::ou_to_save(d);
    const JkoFilter filter = test::ou_flow(model);
    save_flow(folder.path("law.flow"), filter, model);
    const Outcome outcome = run({"sample", "--flow", folder.path("law.flow"), "--count", "5000", "--seed", "4"});
    REQUIRE(outcome.code == 0);
    const Matrix draws = test::numbers_under(d == 1 ? "x0" : "x0,x1,x2", outcome.out);
    CHECK(draws == filter.sample(5000, 4));
    KalmanFilter exact(model);
    exact.predict(0.5);
    const Vector mean = draws.colwise().mean();
    CHECK((mean - exact.mean()).cwiseAbs().maxCoeff() < 0.05);
    const Matrix centred = draws.rowwise() - mean.transpose();
    CHECK((centred.transpose() * centred / 5000.0 - exact.covariance()).cwiseAbs().maxCoeff() < 0.08);
  }
}

TEST_CASE("What sample writes is what density reads") {
  const TemporaryFolder folder;
  const Model model = test::ou_to_save(3);
  save_flow(folder.path("law.flow"), test::ou_flow(model), model);
  REQUIRE(run({"sample", "-f", folder.path("law.flow"), "-n", "10", "-o", folder.path("draws.csv")}).code == 0);
  const Outcome outcome = run({"density", "-f", folder.path("law.flow"), "-p", folder.path("draws.csv")});
  REQUIRE(outcome.code == 0);
  const Matrix draws = test::numbers_under("x0,x1,x2", folder.read("draws.csv"));
  CHECK(test::numbers_under("x0,x1,x2,log_density", outcome.out).leftCols(3) == draws);
}

TEST_CASE("sample draws the same for the same seed, and refuses a count out of range") {
  const TemporaryFolder folder;
  const Model model = test::ou_to_save(1);
  const std::string flow = folder.path("law.flow");
  save_flow(flow, test::ou_flow(model), model);
  const auto drawn = [&](const std::string& seed) {
    return run({"sample", "--flow", flow, "--count", "20", "--seed", seed}).out;
  };
  CHECK(drawn("1") == drawn("1"));
  CHECK(drawn("1") != drawn("2"));
  for (const char* count : {"0", "-3", "1000001", "many"}) {
    CAPTURE(count);
    CHECK(run({"sample", "--flow", flow, "--count", count}).code == 2);
  }
  CHECK(run({"sample", "--flow", flow}).code == 2);
  CHECK(run({"sample", "--flow", folder.file("x", "jkofilter"), "--count", "1"}).err ==
        folder.path("x") + ": is no flow of jkofilter\n");
}
