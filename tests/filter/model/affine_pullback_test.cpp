#include "filter/model/affine_pullback.hpp"

#include <Eigen/LU>

#include "jko/quadratic.hpp"
#include "tests/filter/random_map.hpp"
#include "tests/test.hpp"

using namespace jko;

TEST_CASE("a potential in other coordinates is that at the mapped points, with the slope of the chain rule") {
  const Index d = 3;
  const Matrix a = random_points(d, d, 1), root = a * a.transpose() + Matrix::Identity(d, d);
  const Vector mean = random_points(d, 1, 2), centre = random_points(d, 1, 3);
  const Matrix precision = (root * root).inverse();
  const auto potential = std::make_shared<const Quadratic>(precision, precision * centre);
  const AffinePullback round(potential, mean, root);
  const Points z = random_points(7, d, 4);
  const Points x = apply(round.map(), z).image;
  CHECK(x.isApprox((z * root).rowwise() + mean.transpose(), 1e-12));

  Vector value(7), there(7);
  Points gradient(7, d), slope(7, d);
  round.evaluate(z, 0.0, value, gradient);
  potential->evaluate(x, 0.0, there, slope);
  CHECK(value.isApprox(there, 1e-12));
  // S S is the covariance: the precision in z is the identity.
  const Vector shift = root.inverse() * (mean - centre);
  CHECK(gradient.isApprox(z.rowwise() + shift.transpose(), 1e-9));

  CHECK_THROWS_AS(AffinePullback(potential, Vector::Zero(2), root), std::invalid_argument);
  CHECK_THROWS_AS(AffinePullback(potential, mean, a), std::invalid_argument);
}
