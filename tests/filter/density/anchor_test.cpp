#include "filter/density/anchor.hpp"

#include <cmath>
#include <limits>

#include "filter/density/flow_anchor.hpp"
#include "filter/density/grid_anchor.hpp"
#include "filter/density/spline_anchor.hpp"
#include "tests/filter/random_map.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

GaussianMixture two_bumps(Index d) {
  return GaussianMixture({{0.6, Vector::Constant(d, -1.0), 0.3 * Matrix::Identity(d, d)},
                          {0.4, Vector::Constant(d, 0.8), 0.5 * Matrix::Identity(d, d)}});
}

/// Σ (p - q)(log p - log q) / N over draws of p and q: an estimate of KL(p|q) + KL(q|p) from draws of both.
double symmetric_kl_from_draws(const GaussianMixture& p, const Anchor& q, Index count) {
  const Points x = p.sample(count, 1, 0);
  const Vector ratio = p.log_density(x) - q.log_density(x);
  return (ratio.array() * (1.0 - (-ratio.array()).exp())).mean();
}

}  // namespace

TEST_CASE("A spline through a smooth log density is that density, and normalised", "[anchor]") {
  const GaussianMixture law = two_bumps(1);
  // Uneven knots, values off by a constant that normalising takes out.
  Vector knots = Vector::LinSpaced(400, -6.0, 6.0);
  knots = knots.array() + 0.01 * (3.0 * knots.array()).sin();
  const SplineAnchor spline(knots, law.log_density(knots).array() + 0.3, 2.0);
  const Points x = Vector::LinSpaced(1001, -5.5, 5.5);
  CHECK((spline.log_density(x) - law.log_density(x)).cwiseAbs().maxCoeff() < 1e-5);
}

TEST_CASE("Beyond its knots a spline falls like a Gaussian", "[anchor]") {
  const GaussianMixture law = GaussianMixture::standard(1);
  const Vector knots = Vector::LinSpaced(200, -6.0, 6.0);
  const SplineAnchor spline(knots, law.log_density(knots), 1.0);
  const Points far = (Points(4, 1) << -12.0, -8.0, 8.0, 12.0).finished();
  const Vector value = spline.log_density(far), truth = law.log_density(far);
  for (Index i = 0; i < 4; ++i) CHECK(value(i) == Approx(truth(i)).epsilon(0.05));
}

TEST_CASE("A grid of a smooth log density in the plane is that density, and normalised", "[anchor]") {
  const GaussianMixture law = two_bumps(2);
  LatticeBox box{Vector::Zero(2), (Matrix(2, 2) << 1.0, 0.0, 0.3, 0.9).finished(), Vector::Constant(2, -6.0),
                 Vector::Constant(2, 6.0)};
  const Eigen::VectorXi counts = Eigen::VectorXi::Constant(2, 96);
  const GridAnchor grid(box, counts, law.log_density(box.points(counts)).array() - 2.0);
  const Points x = law.sample(2000, 1, 0);
  CHECK((grid.log_density(x) - law.log_density(x)).cwiseAbs().maxCoeff() < 2e-3);
  CHECK(grid.log_density(Points::Constant(1, 2, 100.0)).allFinite());
  CHECK(grid.log_density(Points::Constant(1, 2, 100.0))(0) < -100.0);
}

TEST_CASE("At no number an anchor has no density, wherever else it has one", "[anchor]") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const Vector knots = Vector::LinSpaced(40, -6.0, 6.0);
  const SplineAnchor spline(knots, GaussianMixture::standard(1).log_density(knots), 1.0);
  const Vector line = spline.log_density((Points(4, 1) << nan, 0.0, infinity, -infinity).finished());
  CHECK(std::isnan(line(0)));
  CHECK(std::isfinite(line(1)));
  CHECK(line(2) == -infinity);
  CHECK(line(3) == -infinity);
  const LatticeBox box{Vector::Zero(2), Matrix::Identity(2, 2), Vector::Constant(2, -6.0), Vector::Constant(2, 6.0)};
  const Eigen::VectorXi counts = Eigen::VectorXi::Constant(2, 32);
  const GridAnchor grid(box, counts, GaussianMixture::standard(2).log_density(box.points(counts)));
  const Vector plane = grid.log_density((Points(3, 2) << nan, 0.0, 0.0, nan, 0.0, 0.0).finished());
  CHECK(std::isnan(plane(0)));
  CHECK(std::isnan(plane(1)));
  CHECK(std::isfinite(plane(2)));
}

TEST_CASE("A flow fitted to a Gaussian of known density is that Gaussian", "[anchor]") {
  for (const Index d : {3, 6}) {
    const Matrix root = Matrix::Identity(d, d) + 0.3 * random_points(d, d, 1);
    const auto law = GaussianMixture::gaussian(Vector::LinSpaced(d, -2.0, 2.0), root * root.transpose());
    const Points x = law.quasi_sample(2048, 1);
    const auto flow = FlowAnchor::fit(x, Vector::Constant(2048, 1.0 / 2048), law.log_density(x), FlowOptions{});
    CHECK(symmetric_kl_from_draws(law, *flow, 20000) < 1e-3);
  }
}

TEST_CASE("A flow follows two overlapping bumps much better than a Gaussian does", "[anchor]") {
  const GaussianMixture law = two_bumps(3);
  const Points x = law.quasi_sample(4096, 1);
  FlowOptions options;
  options.iterations = 200;
  const auto flow = FlowAnchor::fit(x, Vector::Constant(4096, 1.0 / 4096), law.log_density(x), options);
  const MixtureAnchor gaussian(GaussianMixture::gaussian(law.mean(), law.covariance()));
  CHECK(symmetric_kl_from_draws(law, *flow, 20000) < 0.2 * symmetric_kl_from_draws(law, gaussian, 20000));
}

TEST_CASE("A flow's draws are those of its density", "[anchor]") {
  // The mean of p/q over draws of q is one for every p: here for a narrow one.
  const GaussianMixture law = two_bumps(3),
                        p = GaussianMixture::gaussian(Vector::Constant(3, -1.0), 0.3 * Matrix::Identity(3, 3));
  const Points x = law.quasi_sample(1000, 1);
  const auto flow = FlowAnchor::fit(x, Vector::Constant(1000, 1e-3), law.log_density(x), {});
  const auto draws = flow->sample(20000, 1);
  REQUIRE(draws.has_value());
  CHECK((p.log_density(*draws) - flow->log_density(*draws)).array().exp().mean() == Approx(1.0).margin(0.05));
  CHECK(*draws == *flow->sample(20000, 1));
}
