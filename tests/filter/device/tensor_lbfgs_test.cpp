#include "filter/device/tensor_lbfgs.hpp"

#include <ATen/ops/zeros_like.h>

#include <limits>

#include "filter/device/tensors.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

const at::TensorOptions kDoubles(at::kDouble);

/// Σ 100 (x_{i+1} - x_i²)² + (1 - x_i)² for each row.
std::pair<at::Tensor, at::Tensor> rosenbrock(const at::Tensor& x) {
  const at::Tensor low = x.slice(1, 0, -1), high = x.slice(1, 1);
  const at::Tensor a = high - low * low, b = 1.0 - low;
  at::Tensor gradient = at::zeros_like(x);
  gradient.slice(1, 0, -1) += -400.0 * a * low - 2.0 * b;
  gradient.slice(1, 1) += 200.0 * a;
  return {(100.0 * a * a + b * b).sum(1), gradient};
}

double rosenbrock_of(const Vector& x, Vector& gradient) {
  const auto [value, slope] = rosenbrock(to_tensor(x.transpose(), kDoubles));
  gradient = to_matrix(slope).transpose();
  return value.item<double>();
}

std::vector<MinimizeSummary> solve(TensorLbfgs& solver, const Matrix& starts, const TensorLbfgs::Objective& f) {
  solver.start(to_tensor(starts, kDoubles), f);
  while (!solver.finished()) solver.tick(f);
  return solver.summaries();
}

}  // namespace

TEST_CASE("A batch of minimisations goes the way of each alone", "[tensor_lbfgs]") {
  MinimizeOptions options;
  options.iterations = 500;
  options.gradient_tolerance = 1e-9;
  options.memory = 6;
  Matrix starts(4, 3);
  starts << -1.2, 1.0, 0.5,  // far
      0.9, 0.8, 0.7,         // near
      1.0, 1.0, 1.0,         // there
      3.0, -2.0, 1.0;
  TensorLbfgs solver(4, 3, options, kDoubles);
  const auto summaries = solve(solver, starts, rosenbrock);
  const Matrix solutions = to_matrix(solver.solution());
  for (Index b = 0; b < 4; ++b) {
    CAPTURE(b, summaries[static_cast<std::size_t>(b)].brief());
    const MinimizeSummary& summary = summaries[static_cast<std::size_t>(b)];
    Vector x = starts.row(b);
    const MinimizeSummary alone = minimize(rosenbrock_of, x, options);
    CHECK(summary.reason == MinimizeSummary::Reason::gradient_tolerance);
    CHECK(summary.value < 1e-15);
    CHECK((solutions.row(b).transpose() - Vector::Ones(3)).norm() < 1e-7);
    CHECK(summary.losses.size() == static_cast<std::size_t>(summary.iterations) + 1);
    CHECK(summary.initial_value == Approx(alone.initial_value));
    // The same decisions: rounding tells them apart at the end only.
    CHECK(std::abs(summary.iterations - alone.iterations) <= 2);
    CHECK(std::abs(summary.evaluations - alone.evaluations) <= 4);
    for (std::size_t k = 0; k < std::min<std::size_t>(8, alone.losses.size()); ++k) {
      CHECK(summary.losses[k] == Approx(alone.losses[k]).epsilon(1e-6).margin(1e-15));
    }
  }
}

TEST_CASE("The batch stops for the reasons for which each would stop", "[tensor_lbfgs]") {
  Matrix starts(2, 2);
  starts << -1.2, 1.0, 0.9, 0.8;
  MinimizeOptions options;
  SECTION("iterations") {
    options.iterations = 3;
    TensorLbfgs solver(2, 2, options, kDoubles);
    for (const MinimizeSummary& summary : solve(solver, starts, rosenbrock)) {
      CHECK(summary.reason == MinimizeSummary::Reason::iterations);
      CHECK(summary.iterations == 3);
    }
  }
  SECTION("value tolerance, in the iteration in which minimize() stops") {
    options.iterations = 500;
    options.value_tolerance = 1e-3;
    TensorLbfgs solver(2, 2, options, kDoubles);
    const auto summaries = solve(solver, starts, rosenbrock);
    for (Index b = 0; b < 2; ++b) {
      Vector x = starts.row(b);
      const MinimizeSummary alone = minimize(rosenbrock_of, x, options);
      CHECK(summaries[static_cast<std::size_t>(b)].reason == alone.reason);
      CHECK(summaries[static_cast<std::size_t>(b)].iterations == alone.iterations);
    }
  }
  SECTION("no number, in one of the two") {
    TensorLbfgs solver(2, 2, options, kDoubles);
    starts(1, 0) = std::numeric_limits<double>::quiet_NaN();
    options.gradient_tolerance = 1e-9;
    solver.set_tolerances(options);
    const auto summaries = solve(solver, starts, rosenbrock);
    CHECK(summaries[0].reason == MinimizeSummary::Reason::gradient_tolerance);
    CHECK(summaries[1].reason == MinimizeSummary::Reason::not_finite);
  }
  SECTION("nowhere to go") {
    const auto wall = [](const at::Tensor& x) {  // a slope that lies
      return std::pair{(x * x).sum(1), -2.0 * x};
    };
    TensorLbfgs solver(2, 2, options, kDoubles);
    for (const MinimizeSummary& summary : solve(solver, starts, wall)) {
      CHECK(summary.reason == MinimizeSummary::Reason::line_search);
      CHECK(summary.iterations == 0);
    }
  }
}

TEST_CASE("Values that are not defined are stepped back from", "[tensor_lbfgs]") {
  // x - log x, NaN at x <= 0: its minimum is at 1.
  const auto f = [](const at::Tensor& x) { return std::pair{(x - x.log()).sum(1), 1.0 - 1.0 / x}; };
  MinimizeOptions options;
  options.first_step = 100.0;
  options.gradient_tolerance = 1e-8;
  TensorLbfgs solver(1, 2, options, kDoubles);
  Matrix start(1, 2);
  start << 30.0, 0.1;
  const auto summaries = solve(solver, start, f);
  CAPTURE(summaries[0].brief());
  CHECK((to_matrix(solver.solution()) - Matrix::Ones(1, 2)).norm() < 1e-6);
}
