#include "filter/model/logistic_approximation.hpp"

#include <Eigen/LU>
#include <cmath>

#include "tests/filter/random_map.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

/// How far α is from its own update.
double precision_error(const LogisticPosterior& posterior, const NormalApproximation& near) {
  const Index d = posterior.features();
  const Matrix covariance = (near.root * near.root).topLeftCorner(d, d);
  const double squares = near.mean.head(d).squaredNorm() + covariance.trace();
  const double shape = posterior.prior().shape + 0.5 * static_cast<double>(d);
  return near.precision * (posterior.prior().rate + 0.5 * squares) / shape - 1.0;
}

}  // namespace

TEST_CASE("the normal approximation is a fixed point: no slope in w, and alpha is the mean of its law") {
  const Points x = random_points(300, 4, 1);
  const Vector y = (x.leftCols(2).rowwise().sum() + random_points(300, 1, 2)).array().sign();
  for (const bool separable : {false, true}) {
    CAPTURE(separable);
    const LogisticPosterior posterior(x, separable ? Vector(x.col(0).array().sign()) : y, {1.0, 0.01});
    const NormalApproximation near = normal_approximation(posterior);
    REQUIRE(near.converged);
    const LikelihoodExpansion at = posterior.expand_likelihood(near.mean.head(4));
    CHECK(at.value == near.likelihood.value);
    const Matrix covariance = near.root * near.root;
    CHECK(near.root.isApprox(near.root.transpose(), 1e-12));
    // in posterior standard deviations
    const Vector slope = at.gradient + near.precision * near.mean.head(4);
    CHECK(std::sqrt(slope.dot(covariance.topLeftCorner(4, 4) * slope)) < 1e-4);
    CHECK(std::abs(precision_error(posterior, near)) < 1e-4);
    const Matrix precision = at.hessian + near.precision * Matrix::Identity(4, 4);
    CHECK((covariance.topLeftCorner(4, 4) * precision - Matrix::Identity(4, 4)).norm() < 1e-4);
    CHECK(covariance.col(4).head(4).norm() == 0.0);
  }
}

TEST_CASE("where the data say nothing, the normal approximation has alpha's prior") {
  // E|w|² = d/α there, so that α = (a + d/2)/(b + d/2α) has the solution a/b.
  const LogisticPosterior posterior(Points::Zero(5, 3), Vector::Ones(5), {2.0, 0.5});
  const NormalApproximation near = normal_approximation(posterior);
  CHECK(near.converged);
  CHECK(near.precision == Approx(4.0).epsilon(1e-4));
  CHECK(near.mean.head(3).norm() < 1e-12);
  CHECK(near.root(0, 0) == Approx(0.5).epsilon(1e-4));
  // The law of log α is that of Gamma(a + d/2 = 7/2): ψ(7/2) = 16/15 + 2 - γ - 2 log 2, ψ'(7/2) = π²/2 - 4 - 4/9 -
  // 4/25.
  const double digamma = 46.0 / 15.0 - 0.57721566490153286 - 2.0 * std::log(2.0);
  CHECK(near.mean[3] == Approx(digamma - std::log(3.5 / 4.0)).epsilon(1e-4));
  CHECK(near.root(3, 3) * near.root(3, 3) == Approx(0.5 * M_PI * M_PI - 4.0 - 4.0 / 9.0 - 4.0 / 25.0).epsilon(1e-10));
}

TEST_CASE("data of very different scales are approximated in a few passes") {
  Points x = random_points(500, 3, 5);
  x.col(1) *= 1000.0;
  x.col(2) *= 1e-3;
  const Vector y = (x.col(0) + 0.002 * x.col(1) + random_points(500, 1, 6)).array().sign();
  const LogisticPosterior posterior(x, y, {1.0, 0.01});
  const NormalApproximation near = normal_approximation(posterior);
  CHECK(near.converged);
  CHECK(near.passes < 60);
  CHECK(std::abs(precision_error(posterior, near)) < 1e-4);
}
