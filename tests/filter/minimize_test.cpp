#include "filter/minimize.hpp"

#include <cmath>
#include <limits>

#include "tests/test.hpp"

using namespace jko;

namespace {

double rosenbrock(const Vector& x, Vector& gradient) {
  double value = 0.0;
  gradient.setZero();
  for (Index i = 0; i + 1 < x.size(); ++i) {
    const double a = x(i + 1) - x(i) * x(i), b = 1.0 - x(i);
    value += 100.0 * a * a + b * b;
    gradient(i) += -400.0 * a * x(i) - 2.0 * b;
    gradient(i + 1) += 200.0 * a;
  }
  return value;
}

}  // namespace

TEST_CASE("L-BFGS finds Rosenbrock's minimum", "[minimize]") {
  for (const Index n : {2, 10}) {
    Vector x = Vector::Constant(n, -1.2);
    MinimizeOptions options;
    options.iterations = 500;
    options.gradient_tolerance = 1e-9;
    const MinimizeSummary summary = minimize(rosenbrock, x, options);
    CAPTURE(summary.brief());
    CHECK((summary.value < 1e-12 || summary.value == Approx(3.986624).epsilon(1e-4)));  // n = 10 has a second minimum
    Vector gradient(n);
    rosenbrock(x, gradient);
    CHECK(gradient.norm() < 1e-6);
  }
}

TEST_CASE("L-BFGS solves a badly scaled quadratic to the gradient tolerance", "[minimize]") {
  const Vector scale = Vector::LinSpaced(30, 0.0, 6.0).array().exp();
  const auto f = [&](const Vector& x, Vector& gradient) {
    gradient = scale.cwiseProduct(x);
    return 0.5 * gradient.dot(x);
  };
  Vector x = Vector::Ones(30);
  MinimizeOptions options;
  options.iterations = 1000;
  options.gradient_tolerance = 1e-8;
  const MinimizeSummary summary = minimize(f, x, options);
  CHECK(summary.reason == MinimizeSummary::Reason::gradient_tolerance);
  CHECK(x.norm() < 1e-7);
}

TEST_CASE("A stopped minimisation returns the best point that it saw", "[minimize]") {
  int calls = 0;
  double best = std::numeric_limits<double>::infinity();
  const auto f = [&](const Vector& x, Vector& gradient) {
    ++calls;
    const double value = rosenbrock(x, gradient);
    best = std::min(best, value);
    return value;
  };
  MinimizeOptions options;
  options.stop = [&] { return calls >= 17; };
  Vector x = Vector::Constant(4, -1.2), gradient(4);
  const MinimizeSummary summary = minimize(f, x, options);
  CHECK(summary.reason == MinimizeSummary::Reason::stopped);
  CHECK(summary.value == best);
  CHECK(rosenbrock(x, gradient) == Approx(best));
  CHECK(summary.evaluations <= 18);
}

TEST_CASE("The iteration budget is kept", "[minimize]") {
  Vector x = Vector::Constant(6, -1.2);
  MinimizeOptions options;
  options.iterations = 7;
  CHECK(minimize(rosenbrock, x, options).iterations == 7);
}

TEST_CASE("Walls of infinity and NaN are walked around, and a start inside one is reported", "[minimize]") {
  // -log x + x on x > 0 has its minimum at 1.
  const auto f = [](const Vector& x, Vector& gradient) {
    if (!(x(0) > 0.0)) return std::numeric_limits<double>::quiet_NaN();
    gradient(0) = 1.0 - 1.0 / x(0);
    return x(0) - std::log(x(0));
  };
  Vector x = Vector::Constant(1, 1e-3);
  MinimizeOptions options;
  options.first_step = 10.0;
  minimize(f, x, options);
  CHECK(x(0) == Approx(1.0).epsilon(1e-5));
  x(0) = -1.0;
  CHECK(minimize(f, x, options).reason == MinimizeSummary::Reason::not_finite);
}
