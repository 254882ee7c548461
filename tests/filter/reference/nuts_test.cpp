#include "filter/reference/nuts.hpp"

#include <omp.h>

#include <cmath>

#include "filter/model/logistic_posterior.hpp"
#include "filter/random.hpp"
#include "jko/mixture_potential.hpp"
#include "jko/quadratic.hpp"
#include "tests/filter/refusal.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

Points chain_starts(Index chains, Index dimension, double spread = 1.0) {
  Points x(chains, dimension);
  fill_standard_normal(6, 1, x);
  return spread * x;
}

NutsOptions options(int warmup, int draws, std::uint64_t seed = 1) {
  NutsOptions options;
  options.warmup = warmup;
  options.draws = draws;
  options.seed = seed;
  return options;
}

struct SampleMoments {
  Vector mean;
  Matrix covariance;
};

SampleMoments sample_moments(const Points& x) {
  const Vector mean = x.colwise().mean();
  const Points centred = x.rowwise() - mean.transpose();
  return {mean, centred.transpose() * centred / static_cast<double>(x.rows())};
}

}  // namespace

TEST_CASE("NUTS draws from a normal law whose scales and correlations it has to learn") {
  const Vector mean = (Vector(4) << 5.0, 0.0, -1.0, 30.0).finished();
  Matrix covariance = Vector((Vector(4) << 0.01, 1.0, 4.0, 400.0).finished()).asDiagonal();
  covariance(0, 1) = covariance(1, 0) = 0.08;
  covariance(2, 3) = covariance(3, 2) = -24.0;
  const MixturePotential law(GaussianMixture::gaussian(mean, covariance));
  const NutsResult result = sample_nuts(law, chain_starts(4, 4, 10.0), options(600, 1500));
  const ChainDiagnostics worst = result.worst();
  CHECK(worst.r_hat < 1.01);
  CHECK(worst.bulk_ess > 1000);
  CHECK(result.divergences == 0);
  CHECK(result.exhausted == 0);
  CHECK(result.gradients > 4 * 2100);

  const SampleMoments seen = sample_moments(result.all());
  const Vector sd = covariance.diagonal().cwiseSqrt();
  const Matrix unit = sd.cwiseInverse().asDiagonal();
  // Errors in units of a standard error with as many draws as the worst coordinate's are worth.
  const double error = 1.0 / std::sqrt(worst.bulk_ess);
  CHECK((unit * (seen.mean - mean)).cwiseAbs().maxCoeff() < 4.0 * error);
  CHECK((unit * (seen.covariance - covariance) * unit).cwiseAbs().maxCoeff() < 4.0 * std::sqrt(2.0) * error);
}

TEST_CASE("NUTS draws from a law that is not normal: a logistic posterior, against integration on a grid") {
  Points x(30, 1);
  fill_standard_normal(3, 1, x);
  const Vector y = (x.col(0).array() > -0.4).select(Vector::Ones(30), -Vector::Ones(30));
  const LogisticPosterior posterior(x, y, {1.0, 0.5});

  const Index steps = 300;
  Points grid(steps * steps, 2), ignored(steps * steps, 2);
  for (Index i = 0; i < steps * steps; ++i) {
    const Index row = i / steps, column = i % steps;
    grid.row(i) << -3.0 + 20.0 * static_cast<double>(row) / steps, -12.0 + 16.0 * static_cast<double>(column) / steps;
  }
  Vector phi(grid.rows());
  posterior.evaluate(grid, 0.0, phi, ignored);
  const Vector mass = (phi.minCoeff() - phi.array()).exp();
  const Vector mean = grid.transpose() * mass / mass.sum();
  const Points centred = grid.rowwise() - mean.transpose();
  const Matrix covariance = centred.transpose() * mass.asDiagonal() * centred / mass.sum();

  const NutsResult result = sample_nuts(posterior, chain_starts(4, 2), options(500, 2000));
  const ChainDiagnostics worst = result.worst();
  CHECK(worst.r_hat < 1.01);
  REQUIRE(worst.bulk_ess > 1000);
  const SampleMoments seen = sample_moments(result.all());
  const double error = 1.0 / std::sqrt(worst.bulk_ess);
  const Matrix unit = covariance.diagonal().cwiseSqrt().cwiseInverse().asDiagonal();
  CHECK((unit * (seen.mean - mean)).cwiseAbs().maxCoeff() < 4.0 * error);
  CHECK((unit * (seen.covariance - covariance) * unit).cwiseAbs().maxCoeff() < 0.15);
}

TEST_CASE("NUTS is a function of its seed, whatever the number of threads") {
  const Quadratic law(Matrix::Identity(3, 3), Vector::Zero(3));
  const Points first = sample_nuts(law, chain_starts(3, 3), options(100, 50)).all();
  const int threads = omp_get_max_threads();
  omp_set_num_threads(threads == 1 ? 3 : 1);
  CHECK(sample_nuts(law, chain_starts(3, 3), options(100, 50)).all() == first);
  omp_set_num_threads(threads);
  CHECK(sample_nuts(law, chain_starts(3, 3), options(100, 50, 2)).all() != first);
  CHECK(first.topRows(50) != first.middleRows(50, 50));
}

TEST_CASE("NUTS tells of what it could not do") {
  // A law that takes thousands of steps to cross, and trajectories of one.
  NutsOptions short_ones = options(200, 100);
  short_ones.depth = 1;
  const Quadratic stretched(Matrix((Matrix(2, 2) << 1.0, 0.0, 0.0, 1e-4).finished()), Vector::Zero(2));
  CHECK(sample_nuts(stretched, chain_starts(2, 2), short_ones).exhausted > 50);
  // Two modes far apart: no chain crosses.
  const Vector far = Vector::Constant(1, 30.0);
  const MixturePotential modes(
      GaussianMixture({{1.0, far, Matrix::Identity(1, 1)}, {1.0, -far, Matrix::Identity(1, 1)}}));
  const Points sides = (Points(2, 1) << 30.0, -30.0).finished();
  CHECK(sample_nuts(modes, sides, options(200, 200)).worst().r_hat > 1.5);
}

TEST_CASE("NUTS's options are checked") {
  const Quadratic law(Matrix::Identity(2, 2), Vector::Zero(2));
  const auto complaint = [&](const Points& from, NutsOptions wrong) {
    return refusal([&] { sample_nuts(law, from, wrong); });
  };
  CHECK(complaint(chain_starts(2, 3), {}) == "nuts: starts are not points of the potential's space");
  CHECK(complaint(chain_starts(0, 2), {}) == "nuts: starts are not points of the potential's space");
  CHECK(complaint(Points::Constant(1, 2, NAN), {}) == "nuts: the potential is not finite at a start");
  CHECK(complaint(chain_starts(1, 2), options(10, 3)) == "nuts: warm-up is negative or there are fewer than 4 draws");
  NutsOptions wrong;
  wrong.acceptance = 1.0;
  CHECK(complaint(chain_starts(1, 2), wrong) == "nuts: acceptance is not between 0 and 1");
  wrong = {};
  wrong.depth = 0;
  CHECK(complaint(chain_starts(1, 2), wrong) == "nuts: depth is not from 1 to 20");
}
