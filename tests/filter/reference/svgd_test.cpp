#include "filter/reference/svgd.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "filter/model/logistic_posterior.hpp"
#include "filter/random.hpp"
#include "jko/mixture_potential.hpp"
#include "tests/filter/refusal.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

Points particle_start(Index n, Index dimension) {
  Points x(n, dimension);
  fill_standard_normal(4, 1, x);
  return x;
}

MixturePotential correlated_normal() {
  const Vector mean = (Vector(2) << 1.0, -2.0).finished();
  return MixturePotential(GaussianMixture::gaussian(mean, (Matrix(2, 2) << 2.0, 0.6, 0.6, 0.5).finished()));
}

}  // namespace

TEST_CASE("a step of SVGD is that of its definition") {
  const Index n = 70, dimension = 2;  // more than a block
  const Points x = particle_start(n, dimension);
  const MixturePotential target = correlated_normal();
  Vector value(n);
  Points slope(n, dimension);
  target.evaluate(x, 0.0, value, slope);

  std::vector<double> squared;
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < i; ++j) squared.push_back((x.row(i) - x.row(j)).squaredNorm());
  }
  std::sort(squared.begin(), squared.end());
  const double h = squared[squared.size() / 2] / std::log(n + 1.0);
  Points phi = Points::Zero(n, dimension);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j) {
      const Eigen::RowVectorXd apart = x.row(j) - x.row(i);
      const double k = std::exp(-apart.squaredNorm() / h);
      phi.row(i) += (-k * slope.row(j) - 2.0 / h * k * apart) / static_cast<double>(n);
    }
  }

  Svgd svgd(x, {0.1, 0.8, 0.5});
  svgd.step(target);
  CHECK(svgd.bandwidth() == Approx(h).epsilon(1e-12));
  const Points moved = x.array() + 0.1 * phi.array() / (0.5 + phi.array().abs());
  CHECK((svgd.particles() - moved).cwiseAbs().maxCoeff() < 1e-12);

  // Of the second step only the scale is new. With a step of nearly 0 its direction is that of the first.
  Svgd still(x, {1e-13, 0.8, 0.5});
  still.step(target);
  const Points first = still.particles() - x;
  still.step(target);
  CHECK((still.particles() - x - 2.0 * first).cwiseAbs().maxCoeff() < 1e-15);
}

TEST_CASE("SVGD finds a normal law") {
  Svgd svgd(particle_start(150, 2), {0.01});
  const MixturePotential target = correlated_normal();
  for (int k = 0; k < 2000; ++k) svgd.step(target);
  const Vector mean = svgd.particles().colwise().mean();
  const Points centred = svgd.particles().rowwise() - mean.transpose();
  const Matrix covariance = centred.transpose() * centred / 150.0;
  CHECK((mean - target.law().mean()).norm() < 0.02);
  // Finitely many particles keep a little closer together than the law.
  CHECK((covariance - target.law().covariance()).cwiseAbs().maxCoeff() < 0.15);
}

TEST_CASE("SVGD with mini-batches ends where it does without, whatever the number of threads") {
  Points x(300, 2);
  fill_standard_normal(5, 1, x);
  const Vector y = (x.col(0) - 0.5 * x.col(1)).array().sign();
  const LogisticPosterior posterior(x, y, {1.0, 1.0});
  const auto run = [&](Index batch) {
    Svgd svgd(particle_start(80, 3), {0.01});
    for (int k = 0; k < 500; ++k) svgd.step(posterior.minibatch(batch, 9, static_cast<std::uint64_t>(k)));
    return svgd.particles();
  };
  const Points noisy = run(100), exact = run(300);
  const Eigen::ArrayXd sd = (exact.rowwise() - exact.colwise().mean()).colwise().squaredNorm().array().sqrt() / 9.0;
  CHECK(((noisy.colwise().mean() - exact.colwise().mean()).transpose().array().abs() / sd).maxCoeff() < 0.5);
  CHECK(run(100) == noisy);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(threads == 1 ? 3 : 1);
  CHECK(run(100) == noisy);
  omp_set_num_threads(threads);
}

TEST_CASE("SVGD bears particles that coincide and a potential that breaks down") {
  struct Broken final : Potential {
    Index dimension() const override { return 1; }
    void evaluate(PointsView, double, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const override {
      value.setZero();
      gradient.setConstant(NAN);
    }
    std::string formula() const override { return ""; }
  };
  Svgd svgd(Points::Constant(5, 1, 2.0), {});
  svgd.step(Broken());
  CHECK(svgd.particles() == Points::Constant(5, 1, 2.0));
}

TEST_CASE("SVGD's options are checked") {
  CHECK(refusal([] { Svgd(Points::Zero(1, 2), {}); }) == "svgd: there are fewer than two particles");
  CHECK(refusal([] { Svgd(Points::Constant(3, 1, NAN), {}); }) == "svgd: a particle is not finite");
  CHECK(refusal([] { Svgd(Points::Zero(3, 1), {0.0}); }) == "svgd: step and fudge are not positive");
  CHECK(refusal([] { Svgd(Points::Zero(3, 1), {0.1, 1.0}); }) == "svgd: memory is not in [0, 1)");
}
