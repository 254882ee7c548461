#include "src/live/outlier_gate.hpp"

#include <boost/math/constants/constants.hpp>

#include "filter/reference/kalman_filter.hpp"
#include "tests/filter/filter_tester.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

Vector number(double y) { return Vector::Constant(1, y); }

}  // namespace

TEST_CASE("What is expected of the log evidence is the entropy of the predicted observation", "[live][gate]") {
  const Model model = ou_model(1, 0.5);
  KalmanFilter filter(model);
  const UpdateSummary none = filter.update(number(std::numeric_limits<double>::quiet_NaN()));
  CHECK(none.log_evidence_increment == 0.0);
  const Vector y = number(0.0);
  KalmanFilter probe(model);
  const double at_mean = probe.update(filter.mean()).log_evidence_increment;  // -½ log 2πs²
  double sum = 0.0;
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    sum += expected_log_evidence(filter, *model.observation, y, seed).value();
  CHECK(std::abs(sum / 20.0 - (at_mean - 0.5)) < 0.05);
}

TEST_CASE("The gate holds back a few outliers and then gives way", "[live][gate]") {
  OutlierGate gate(4);
  gate.passed(number(0.0), 0.0);
  CHECK_FALSE(gate.holds_back(1.0, 8.0, number(0.1)));
  CHECK(gate.holds_back(20.0, 8.0, number(50.0)));
  CHECK_FALSE(gate.holds_back(1.0, 8.0, number(0.1)));
  for (const double y : {50.0, -30.0, 90.0, -70.0}) CHECK(gate.holds_back(20.0, 8.0, number(y)));
  CHECK_FALSE(gate.holds_back(20.0, 8.0, number(60.0)));
  CHECK(gate.gave_way());
  // It stays open until the belief has caught up.
  CHECK_FALSE(gate.holds_back(15.0, 8.0, number(-90.0)));
  CHECK_FALSE(gate.gave_way());
  CHECK_FALSE(gate.holds_back(2.0, 8.0, number(60.0)));
  CHECK(gate.holds_back(20.0, 8.0, number(60.0)));
}

TEST_CASE("Outliers that agree with each other open the gate at once", "[live][gate]") {
  OutlierGate gate(100);
  gate.passed(number(0.0), 0.0);
  CHECK(gate.holds_back(20.0, 8.0, number(50.0)));
  CHECK(gate.holds_back(20.0, 8.0, number(51.0)));
  CHECK_FALSE(gate.holds_back(20.0, 8.0, number(49.5)));
  CHECK(gate.gave_way());
}
