#include "filter/reference/kernel_density.hpp"

#include "filter/random.hpp"
#include "jko/gaussian_mixture.hpp"
#include "tests/test.hpp"

using namespace jko;

TEST_CASE("draws of a kernel density are distributed as it says") {
  constexpr Index kParticles = 2000, kDraws = 20000;
  for (const Index d : {1, 2, 3}) {
    CAPTURE(d);
    // Two lumps of unequal weight, so that a wrong choice of kernels shows.
    Points x = GaussianMixture::standard(d).sample(kParticles, 3, 0);
    x.topRows(kParticles / 2).col(0).array() += 6.0;
    Vector weights = Vector::Constant(kParticles, 1.0);
    weights.head(kParticles / 2).setConstant(0.25);
    weights /= weights.sum();
    const Vector mean = x.transpose() * weights;
    const Points apart = x.rowwise() - mean.transpose();
    const Matrix covariance = apart.transpose() * weights.asDiagonal() * apart;
    const KernelDensity density(x, weights, mean, covariance, Bandwidth::cross_validated);

    const Points draws = density.sample(kDraws, 7);
    const double lump = (draws.col(0).array() > 3.0).cast<double>().mean();
    CHECK(lump == Approx(0.2).margin(0.02));
    // The mean of any other density over this one is 1.
    const GaussianMixture narrow({{0.2, Vector::Unit(d, 0) * 6.0, 0.5 * Matrix::Identity(d, d)},
                                  {0.8, Vector::Zero(d), 0.5 * Matrix::Identity(d, d)}});
    CHECK((narrow.log_density(draws) - density.log_density(draws)).array().exp().mean() == Approx(1.0).margin(0.04));
    const Matrix widened = (1.0 + density.bandwidth() * density.bandwidth()) * covariance;
    const Vector own_mean = draws.colwise().mean().transpose();
    const Points around = draws.rowwise() - own_mean.transpose();
    const Matrix own = around.transpose() * around / static_cast<double>(kDraws - 1);
    CHECK((own - widened).norm() < 0.04 * widened.norm());
    // To rounding: a product with fewer rows may add up in another order.
    CHECK((density.sample(5, 7) - draws.topRows(5)).norm() < 1e-12 * draws.topRows(5).norm());
  }
}
