#include "jko/gaussian_mixture.hpp"

#include <Eigen/Dense>
#include <cmath>

#include "filter/random.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

GaussianMixture two_components() {
  const Vector left = (Vector(2) << -1.0, 0.5).finished(), right = (Vector(2) << 2.0, -1.0).finished();
  const Matrix wide = (Matrix(2, 2) << 1.0, 0.3, 0.3, 0.5).finished();
  const Matrix narrow = (Matrix(2, 2) << 0.2, -0.1, -0.1, 0.3).finished();
  return GaussianMixture({{3.0, left, wide}, {1.0, right, narrow}});
}

double density_by_definition(const GaussianMixture& law, const Vector& x) {
  double p = 0.0;
  for (const auto& c : law.components()) {
    const Vector offset = x - c.mean;
    p += c.weight * std::exp(-0.5 * offset.dot(c.covariance.inverse() * offset)) /
         std::sqrt((2 * M_PI * c.covariance).determinant());
  }
  return p;
}

std::string message_of(std::vector<GaussianMixture::Component> components) {
  try {
    GaussianMixture law(std::move(components));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a mixture's log density is that of its definition, and its gradient that of finite differences") {
  const auto law = two_components();
  CHECK(law.components()[0].weight == Approx(0.75));
  Points points(50, 2);
  fill_standard_normal(1, 1, points);
  Vector log_density(50);
  Points gradient(50, 2);
  law.log_density_and_gradient(points, log_density, gradient);
  CHECK(log_density == law.log_density(points));
  const double h = 1e-6;
  for (Index i = 0; i < points.rows(); ++i) {
    CHECK(log_density[i] == Approx(std::log(density_by_definition(law, points.row(i)))).epsilon(1e-12));
    for (Index d = 0; d < 2; ++d) {
      Points pair = points.row(i).replicate(2, 1);
      pair(0, d) -= h;
      pair(1, d) += h;
      const Vector ends = law.log_density(pair);
      CHECK(gradient(i, d) == Approx((ends[1] - ends[0]) / (2 * h)).epsilon(1e-6).margin(1e-8));
    }
  }
}

TEST_CASE("far from its centres a mixture's log density and gradient stay finite") {
  const Points far = (Points(2, 2) << 1e6, -1e6, -1e8, 3.0).finished();
  const auto law = two_components();
  Vector log_density(2);
  Points gradient(2, 2);
  law.log_density_and_gradient(far, log_density, gradient);
  CHECK(log_density.allFinite());
  CHECK(gradient.allFinite());
  // So far out the wide component is all there is.
  const auto& wide = law.components()[0];
  const Vector expected = -wide.covariance.inverse() * (far.row(0).transpose() - wide.mean);
  CHECK((gradient.row(0).transpose() - expected).norm() < 1e-9 * expected.norm());
}

TEST_CASE("draws and quasi-random draws of a mixture have its mean and covariance") {
  const auto law = two_components();
  const Points random = law.sample(200000, 4, 2);
  const Points quasi = law.quasi_sample(4096, 4);
  for (const auto& [points, tolerance] : {std::pair{random, 0.02}, std::pair{quasi, 0.005}}) {
    const Vector mean = points.colwise().mean();
    const Points centred = points.rowwise() - mean.transpose();
    CHECK((mean - law.mean()).cwiseAbs().maxCoeff() < tolerance);
    CHECK((centred.transpose() * centred / double(points.rows()) - law.covariance()).cwiseAbs().maxCoeff() <
          4 * tolerance);
  }
  CHECK((quasi.col(0).array() > 0.9).count() > 1024);  // all of the right component and a little of the left
  CHECK(law.sample(10, 4, 2) == random.topRows(10));
}

TEST_CASE("the moments of a mixture are those of its components") {
  const auto law = two_components();
  CHECK((law.mean() - (Vector(2) << -0.25, 0.125).finished()).norm() < 1e-14);
  const Matrix within = 0.75 * law.components()[0].covariance + 0.25 * law.components()[1].covariance;
  const Vector gap = law.components()[1].mean - law.components()[0].mean;
  CHECK((law.covariance() - within - 0.75 * 0.25 * gap * gap.transpose()).norm() < 1e-14);
  CHECK(GaussianMixture::standard(3).log_density(Points::Zero(1, 3))[0] == Approx(-1.5 * std::log(2 * M_PI)));
}

TEST_CASE("a mixture that is none is refused with the component's number") {
  const Vector zero = Vector::Zero(2);
  const Matrix unit = Matrix::Identity(2, 2);
  const Matrix indefinite = (Matrix(2, 2) << 1.0, 2.0, 2.0, 1.0).finished();
  const Matrix skew = (Matrix(2, 2) << 1.0, 0.2, 0.1, 1.0).finished();
  CHECK(message_of({}) == "a Gaussian mixture needs at least one component");
  CHECK(message_of({{1, zero, indefinite}}) == "Gaussian: the covariance is not positive definite");
  CHECK(message_of({{1, zero, unit}, {1, zero, indefinite}}) == "component 1: the covariance is not positive definite");
  CHECK(message_of({{1, zero, skew}}) == "Gaussian: the covariance is not symmetric");
  CHECK(message_of({{1, zero, Matrix::Identity(3, 3)}}) ==
        "Gaussian: the covariance is not a square matrix of the mean's size");
  CHECK(message_of({{1, zero, unit}, {0, zero, unit}}) == "component 1: the weight is not positive");
  CHECK(message_of({{1, zero, unit}, {1, Vector::Zero(1), Matrix::Identity(1, 1)}}) ==
        "component 1: the mean's size differs from that of component 0");
  CHECK(message_of({{1, Vector::Constant(2, NAN), unit}}) == "Gaussian: the mean is not finite");
}
