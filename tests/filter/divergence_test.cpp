#include "jko/divergence.hpp"

#include <cmath>

#include "filter/reference/kalman_filter.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

/// A filter whose law is normal.
KalmanFilter normal_law(const Vector& mean, const Matrix& covariance) {
  const Index d = mean.size();
  const Matrix unit = Matrix::Identity(d, d);
  return KalmanFilter({std::make_shared<Quadratic>(unit, Vector::Zero(d)), 1.0,
                       GaussianMixture::gaussian(mean, covariance), std::make_shared<LinearGaussian>(unit, unit)});
}

}  // namespace

TEST_CASE("the symmetric divergence from draws of both laws is that of the closed form, near and far", "[divergence]") {
  constexpr Index kDraws = 20000;
  for (const Index d : {1, 3, 12}) {
    for (const double apart : {1e-3, 0.1, 1.0}) {
      CAPTURE(d, apart);
      const Vector mean = Vector::Constant(d, apart);
      const Matrix covariance = (1.0 + apart) * Matrix::Identity(d, d);
      const KalmanFilter p = normal_law(mean, covariance), q = normal_law(Vector::Zero(d), Matrix::Identity(d, d));
      const double exact = symmetric_kl(p.mean(), p.covariance(), q.mean(), q.covariance());
      const DrawnDivergence drawn = symmetric_kl(p, q, p.sample(kDraws, 1), q.sample(kDraws, 2));
      CHECK(drawn.balanced == Approx(exact).epsilon(0.06));
      // The textbook's has a standard deviation of about sqrt(2 exact / draws).
      CHECK(drawn.two_sided == Approx(exact).epsilon(0.06).margin(5.0 * std::sqrt(2.0 * exact / kDraws)));
    }
  }
}

TEST_CASE("the balanced divergence is never negative, and zero of equal laws", "[divergence]") {
  const KalmanFilter p = normal_law(Vector::Constant(2, 1e-5), Matrix::Identity(2, 2)),
                     q = normal_law(Vector::Zero(2), Matrix::Identity(2, 2));
  for (const int seed : {1, 2, 3, 4}) {
    const DrawnDivergence drawn = symmetric_kl(p, q, p.sample(8, seed), q.sample(8, seed + 10));
    CHECK(drawn.balanced > 0.0);
    CHECK(drawn.balanced < 1e-8);
  }
  CHECK(symmetric_kl(q, q, q.sample(8, 1), q.sample(8, 2)).balanced == 0.0);
}

TEST_CASE("the unexplained variance is that of normal laws whose axes agree, and turns with them", "[divergence]") {
  const Vector variances_p = Vector::LinSpaced(3, 1.0, 4.0), variances_q = Vector::LinSpaced(3, 2.0, 3.0);
  const Vector mean_p = Vector::LinSpaced(3, 0.0, 1.0), mean_q = Vector::Constant(3, 0.2);
  const double squared =
      (mean_p - mean_q).squaredNorm() + (variances_p.cwiseSqrt() - variances_q.cwiseSqrt()).squaredNorm();
  const double percent = 100.0 * squared / (0.5 * variances_q.sum());
  Matrix turn(3, 3);
  turn << 2, 2, -1, -1, 2, 2, 2, -1, 2;
  turn /= 3.0;  // orthogonal
  for (const Matrix& axes : {Matrix(Matrix::Identity(3, 3)), turn}) {
    CHECK(unexplained_variance(axes * mean_p, axes * variances_p.asDiagonal() * axes.transpose(), axes * mean_q,
                               axes * variances_q.asDiagonal() * axes.transpose()) == Approx(percent));
  }
  const Matrix covariance = turn * variances_p.asDiagonal() * turn.transpose();
  CHECK(unexplained_variance(mean_p, covariance, mean_p, covariance) == Approx(0.0).margin(1e-9));
}
