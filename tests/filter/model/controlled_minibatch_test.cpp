#include "filter/model/controlled_minibatch.hpp"

#include <cmath>
#include <map>

#include "tests/filter/model/evaluation.hpp"
#include "tests/filter/random_map.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

LogisticPosterior some_posterior(Index n, Index d) {
  const Points x = random_points(n, d, 1);
  return {x, (x.col(0) + random_points(n, 1, 2)).array().sign(), {1.0, 0.1}};
}

const Vector kCentre = (Vector(2) << 0.6, -0.2).finished();

}  // namespace

TEST_CASE("controlled mini-batches that together are all rows have the posterior of all rows as their mean") {
  const Index n = 6;
  const LogisticPosterior posterior = some_posterior(n, 2);
  const LikelihoodExpansion all = posterior.expand_likelihood(kCentre);
  const Points theta = random_points(5, 3, 3);
  const Evaluation truth = evaluate(posterior, theta);
  // Batches of one row, until each row was one: they are told apart by their likelihood.
  std::map<double, Evaluation> batches;
  for (std::uint64_t step = 0; step < 1000 && static_cast<Index>(batches.size()) < n; ++step) {
    const LogisticPosterior batch = posterior.minibatch(1, 7, step);
    batches[batch.expand_likelihood(kCentre).value] = evaluate(ControlledMinibatch(batch, all), theta);
  }
  REQUIRE(static_cast<Index>(batches.size()) == n);
  Evaluation mean{Vector::Zero(5), Points::Zero(5, 3)};
  for (const auto& [which, batch] : batches) {
    CHECK(!batch.value.isApprox(truth.value, 1e-3));
    mean.value += batch.value / static_cast<double>(n);
    mean.gradient += batch.gradient / static_cast<double>(n);
  }
  CHECK(mean.value.isApprox(truth.value, 1e-12));
  CHECK(mean.gradient.isApprox(truth.gradient, 1e-12));
}

TEST_CASE("a controlled mini-batch is exact where it is expanded, and errs with the third power of the distance") {
  const LogisticPosterior posterior = some_posterior(400, 2);
  const ControlledMinibatch batch(posterior.minibatch(20, 7, 1), posterior.expand_likelihood(kCentre));
  const auto errors = [&](double distance) {
    Points theta(1, 3);
    theta << kCentre[0] + distance, kCentre[1] - 0.5 * distance, 0.7;
    const Evaluation truth = evaluate(posterior, theta), ours = evaluate(batch, theta);
    return Eigen::Vector2d(ours.value[0] - truth.value[0], (ours.gradient - truth.gradient).norm());
  };
  CHECK(errors(0.0).cwiseAbs().maxCoeff() < 1e-10);
  const Eigen::Vector2d near = errors(0.01), far = errors(0.02);
  CHECK(std::abs(far[0]) > 1e-7);
  CHECK(far[0] / near[0] == Approx(8.0).epsilon(0.1));
  CHECK(far[1] / near[1] == Approx(4.0).epsilon(0.1));
}

TEST_CASE("a control of other features is refused") {
  const LogisticPosterior posterior = some_posterior(10, 2);
  const LikelihoodExpansion other = some_posterior(10, 3).expand_likelihood(Vector::Zero(3));
  CHECK_THROWS_AS(ControlledMinibatch(posterior, other), std::invalid_argument);
}
