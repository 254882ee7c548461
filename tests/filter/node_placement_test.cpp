#include "filter/node_placement.hpp"

#include <cmath>
#include <limits>

#include "jko/gaussian_mixture.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

GaussianMixture correlated(Index d, double scale) {
  Matrix covariance = 0.4 * Matrix::Ones(d, d) + 0.6 * Matrix::Identity(d, d);
  return GaussianMixture::gaussian(Vector::LinSpaced(d, -1.0, 1.0), scale * scale * covariance);
}

}  // namespace

TEST_CASE("Nodes on a lattice integrate a Gaussian and its moments to rounding", "[node_placement]") {
  for (const Index d : {1, 2}) {
    for (const double scale : {1e-3, 1.0, 50.0}) {
      const GaussianMixture law = correlated(d, scale);
      // Five times the density: the normaliser is log 5.
      const LogDensity log_density = [&](PointsView x) { return Vector(law.log_density(x).array() + std::log(5.0)); };
      const Points guess = correlated(d, 3.0 * scale).quasi_sample(400, 1);
      const Placement placed = place_on_lattice(log_density, guess, log_density(guess), d == 1 ? 256 : 1500);
      CHECK(placed.log_normaliser == Approx(std::log(5.0)).margin(1e-5));
      CHECK((placed.nodes.mean() - law.mean()).norm() < 1e-4 * scale);
      CHECK((placed.nodes.covariance() - law.covariance()).norm() < 1e-3 * scale * scale);
      CHECK(placed.nodes.x.rows() > 150);
    }
  }
}

TEST_CASE("The lattice finds a law far outside the guess", "[node_placement]") {
  const auto law = GaussianMixture::gaussian(Vector::Constant(1, 30.0), Matrix::Constant(1, 1, 0.04));
  const LogDensity log_density = [&](PointsView x) { return law.log_density(x); };
  const Points guess = GaussianMixture::standard(1).quasi_sample(300, 1);
  const Placement placed = place_on_lattice(log_density, guess, log_density(guess), 256);
  CHECK(placed.log_normaliser == Approx(0.0).margin(1e-5));
  CHECK(placed.nodes.mean()(0) == Approx(30.0).epsilon(1e-5));
}

TEST_CASE("Quasi-random nodes find a law much narrower than the guess", "[node_placement]") {
  for (const Index d : {3, 8}) {
    const GaussianMixture law = correlated(d, 0.1);
    const LogDensity log_density = [&](PointsView x) { return law.log_density(x); };
    const Placement placed = place_quasi_random(log_density, {Vector::Zero(d), 4.0 * Matrix::Identity(d, d)}, 2048, 1);
    CHECK(placed.log_normaliser == Approx(0.0).margin(0.03));
    CHECK((placed.nodes.mean() - law.mean()).norm() < 0.02 * 0.1 * std::sqrt(d));
    CHECK(placed.nodes.effective_sample_size() > 0.3 * 2048);
  }
}

TEST_CASE("A law without any mass is reported, not placed", "[node_placement]") {
  const LogDensity nothing = [](PointsView x) {
    return Vector(Vector::Constant(x.rows(), -std::numeric_limits<double>::infinity()));
  };
  const Points guess = GaussianMixture::standard(1).quasi_sample(100, 1);
  CHECK(place_on_lattice(nothing, guess, nothing(guess), 128).log_normaliser ==
        -std::numeric_limits<double>::infinity());
  CHECK(place_quasi_random(nothing, {Vector::Zero(3), Matrix::Identity(3, 3)}, 128, 1).log_normaliser ==
        -std::numeric_limits<double>::infinity());
}
