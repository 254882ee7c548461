#include "filter/reference/kalman_filter.hpp"
#include "tests/src/flow_tester.hpp"
#include "tests/src/program.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::Outcome;
using jko::test::run;
using jko::test::TemporaryFolder;

TEST_CASE("density says of each point what the filter did, bit for bit, and close to the exact law") {
  const TemporaryFolder folder;
  const Model model = test::ou_to_save(3);
  const JkoFilter filter = test::ou_flow(model);
  save_flow(folder.path("law.flow"), filter, model);
  const std::string points = folder.file("points.csv", "0.5,0.25,-1\n 1.5 , 0, 0.1\n\n-0.3333333333333333,2e-3,0.75\n");
  const Outcome outcome = run({"density", "--flow", folder.path("law.flow"), "--points", points});
  REQUIRE(outcome.code == 0);
  CHECK(outcome.err.empty());
  const Matrix rows = test::numbers_under("x0,x1,x2,log_density", outcome.out);
  REQUIRE(rows.rows() == 3);
  const Points x = (Points(3, 3) << 0.5, 0.25, -1, 1.5, 0, 0.1, -0.3333333333333333, 2e-3, 0.75).finished();
  CHECK(rows.leftCols(3) == x);
  CHECK(rows.col(3) == filter.log_density(x));
  KalmanFilter exact(model);
  exact.predict(0.5);
  CHECK((rows.col(3) - exact.log_density(x)).cwiseAbs().maxCoeff() < 0.05);
}

TEST_CASE("density takes points with a header, of any number, and writes a file") {
  const TemporaryFolder folder;
  const Model model = test::ou_to_save(1);
  const JkoFilter filter = test::ou_flow(model);
  save_flow(folder.path("law.flow"), filter, model);
  // More than are evaluated at once, over all that has mass: the density integrates to one.
  const Index n = 20001;
  const Points x = Vector::LinSpaced(n, -9.0, 9.0);
  std::string text = "\xEF\xBB\xBFposition\r\n";
  for (Index i = 0; i < n; ++i) text += std::to_string(x(i, 0)) + "\r\n";
  const Outcome outcome = run({"density", "-f", folder.path("law.flow"), "-p", folder.file("x.csv", text), "-o",
                               folder.path("density.csv"), "--threads", "1"});
  REQUIRE(outcome.code == 0);
  CHECK(outcome.out.empty());
  const Matrix rows = test::numbers_under("x0,log_density", folder.read("density.csv"));
  REQUIRE(rows.rows() == n);
  CHECK(rows.col(1).array().exp().sum() * 18.0 / (n - 1) == Approx(1.0).margin(1e-3));
}

TEST_CASE("density refuses what are no points of the flow, with file and line") {
  const TemporaryFolder folder;
  const Model model = test::ou_to_save(3);
  const std::string flow = folder.path("law.flow");
  save_flow(flow, test::ou_flow(model), model);
  const auto refused = [&](const std::string& text, const std::string& expected) {
    const std::string file = folder.file("x.csv", text);
    const Outcome outcome = run({"density", "--flow", flow, "--points", file});
    CAPTURE(text, outcome.err);
    CHECK(outcome.code == 2);
    CHECK(outcome.err == file + expected + "\n");
  };
  refused("", ": is empty, expected lines of 3 numbers");
  refused("a,b\n1,2\n", ":1: expected 3 columns, the header has 2");
  refused("1,2\n", ":1: expected 3 numbers, found 2 cells");
  refused("x0,x1,x2\n1,2,3\n1,2,3,4\n", ":3: expected 3 numbers, found 4 cells");
  refused("1,2,3\n\n1,,3\n", ":3: column 2: expected a finite number");
  refused("1,2,x\n", ":1: column 3: expected a finite number");  // no header: it has numbers
  refused("1,2,3\n1,nan,3\n", ":2: column 2: expected a finite number");
  refused("1,2,1e999\n", ":1: column 3: expected a finite number");
  refused(std::string("1,2,3\0", 6) + "4\n", ":1: column 3: expected a finite number");
  refused(std::string(70'000, '1'), ":1: the line is longer than 64 KiB");
  const Outcome folder_given = run({"density", "--flow", flow, "--points", folder.path("")});
  CHECK(folder_given.code == 2);
  const Outcome none = run({"density", "--flow", folder.path("none"), "--points", folder.file("x.csv", "1,2,3\n")});
  CHECK(none.code == 2);
  CHECK(none.err == folder.path("none") + ": cannot be read: No such file or directory\n");
  const Outcome unwritable =
      run({"density", "--flow", flow, "--points", folder.file("x.csv", "1,2,3\n"), "-o", folder.path("no/where.csv")});
  CHECK(unwritable.code == 1);
  CHECK(unwritable.err.find("cannot write") != std::string::npos);
}
