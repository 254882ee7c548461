#include "filter/reference/proximal_recursion.hpp"

#include <omp.h>

#include <cmath>
#include <stdexcept>

#include "tests/filter/filter_tester.hpp"
#include "tests/filter/test_models.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

/// dX = -X dt + sqrt(2) dW from N(1.5, 0.4²), seen with noise.
Model process_on_a_line() {
  return {std::make_shared<Quadratic>(Matrix::Identity(1, 1), Vector::Zero(1)), 1.0,
          GaussianMixture::gaussian(Vector::Constant(1, 1.5), Matrix::Constant(1, 1, 0.16)),
          std::make_shared<LinearGaussian>(Matrix::Identity(1, 1), Matrix::Constant(1, 1, 0.25))};
}

ProximalOptions few(Index particles) {
  ProximalOptions options;
  options.particles = particles;
  return options;
}

}  // namespace

TEST_CASE("The proximal recursion follows an Ornstein-Uhlenbeck process", "[proximal]") {
  const Model model = process_on_a_line();
  ProximalRecursion filter(model, few(400));
  KalmanFilter exact(model);
  for (const double t : {0.1, 0.4}) {
    CAPTURE(t);
    const PredictSummary summary = filter.predict(t);
    exact.predict(t);
    CHECK(summary.steps == (t == 0.1 ? 100 : 300));
    CHECK_FALSE(summary.fallback);
    // Contraction by 1 / (1 + 50) an iteration.
    CHECK(summary.iterations <= 6 * summary.steps);
    CHECK(filter.time() == t);
    CHECK(filter.mean()(0) == Approx(exact.mean()(0)).margin(0.06));
    CHECK(filter.covariance()(0, 0) == Approx(exact.covariance()(0, 0)).epsilon(0.15));
    CHECK(symmetric_kl(filter, exact) < 0.03);
  }
}

TEST_CASE("The values that particles carry are those of the density, but for a factor", "[proximal]") {
  const Model model = process_on_a_line();
  ProximalRecursion filter(model, few(400));
  KalmanFilter exact(model);
  filter.predict(0.3);
  exact.predict(0.3);
  const Points& x = filter.law().particles();
  const Vector truth = exact.log_density(x);
  // Over the bulk: the slope of one against the other. The regularisation blurs a variance of 0.54 by up to ε = 0.05.
  Vector a(0), b(0);
  for (Index i = 0; i < x.rows(); ++i) {
    if (std::abs(x(i, 0) - exact.mean()(0)) > 2.0 * std::sqrt(exact.covariance()(0, 0))) continue;
    a.conservativeResize(a.size() + 1);
    b.conservativeResize(b.size() + 1);
    a.tail(1)(0) = truth(i);
    b.tail(1)(0) = filter.log_values()(i);
  }
  REQUIRE(a.size() > 330);
  const Eigen::ArrayXd from_a = a.array() - a.mean(), from_b = b.array() - b.mean();
  CHECK((from_a * from_b).sum() / from_a.square().sum() == Approx(0.91).margin(0.1));
  CHECK((from_b - from_a).square().mean() < 0.02);
}

TEST_CASE("The proximal recursion is the same for the same seed, on any number of threads", "[proximal]") {
  const Model model = ou_model(3);
  const Points at = random_points(5, 3, 1);
  const auto law_with = [&](std::uint64_t seed) {
    ProximalOptions options = few(600);
    options.seed = seed;
    options.step = 0.02;
    ProximalRecursion filter(model, options);
    filter.predict(0.1);
    return filter.log_density(at);
  };
  const int most = omp_get_max_threads();
  const Vector first = law_with(1);
  omp_set_num_threads(3);
  CHECK(law_with(1) == first);
  omp_set_num_threads(most);
  CHECK(law_with(2) != first);
}

TEST_CASE("A prediction in parts is the same as in one, and a clone goes its own way", "[proximal]") {
  const Model model = ou_model(2);
  ProximalRecursion whole(model, few(80)), parts(model, few(80));
  whole.predict(0.05);
  parts.predict(0.02);
  const std::unique_ptr<Filter> copy = parts.clone();
  parts.predict(0.05);
  CHECK((parts.log_values() - whole.log_values()).cwiseAbs().maxCoeff() < 1e-3);
  CHECK((parts.law().particles() - whole.law().particles()).cwiseAbs().maxCoeff() < 1e-12);
  CHECK(copy->time() == 0.02);
  copy->predict(0.05);
  CHECK(copy->mean() == parts.mean());
}

TEST_CASE("An observation is not forgotten by the steps after it", "[proximal]") {
  const Model model = process_on_a_line();
  ProximalRecursion filter(model, few(400));
  KalmanFilter exact(model);
  filter.predict(0.2);
  exact.predict(0.2);
  const Vector y = Vector::Constant(1, 0.9);
  const UpdateSummary seen = filter.update(y), truth = exact.update(y);
  CHECK(seen.log_evidence_increment == Approx(truth.log_evidence_increment).margin(0.1));
  CHECK(seen.effective_sample_size < 400.0);
  CHECK(filter.mean()(0) == Approx(exact.mean()(0)).margin(0.05));
  filter.predict(0.3);
  exact.predict(0.3);
  CHECK(filter.mean()(0) == Approx(exact.mean()(0)).margin(0.06));
  const UpdateSummary nothing = filter.update(Vector::Constant(1, std::nan("")));
  CHECK(nothing.log_evidence_increment == 0.0);
}

TEST_CASE("Where the potential breaks the proximal recursion stays finite", "[proximal]") {
  Model model = ou_model(2);
  model.potential = std::make_shared<BrokenPotential>(2);
  ProximalRecursion filter(model, few(50));
  filter.predict(0.005);
  CHECK(filter.time() == 0.005);
  CHECK(filter.mean().allFinite());
  CHECK_FALSE(filter.log_density(random_points(4, 2, 1)).array().isNaN().any());
}

TEST_CASE("The proximal recursion refuses options out of range", "[proximal]") {
  const auto refused = [](void (*change)(ProximalOptions&)) {
    ProximalOptions options;
    change(options);
    CHECK_THROWS_AS(ProximalRecursion(ou_model(1), options), std::invalid_argument);
  };
  refused([](ProximalOptions& o) { o.particles = 1; });
  refused([](ProximalOptions& o) { o.particles = ProximalOptions::kMostParticles + 1; });
  refused([](ProximalOptions& o) { o.step = 0.0; });
  refused([](ProximalOptions& o) { o.step = std::nan(""); });
  refused([](ProximalOptions& o) { o.regularisation = -1.0; });
  refused([](ProximalOptions& o) { o.tolerance = 0.0; });
  refused([](ProximalOptions& o) { o.iterations = 0; });
}
