// The reference filters against closed forms and against each other.

#include <omp.h>

#include <Eigen/LU>
#include <cmath>
#include <stdexcept>
#include <string>

#include "filter/reference/grid_filter.hpp"
#include "filter/reference/particle_filter.hpp"
#include "jko/double_well.hpp"
#include "jko/expression_likelihood.hpp"
#include "jko/expression_potential.hpp"
#include "jko/sine_well.hpp"
#include "tests/filter/filter_tester.hpp"
#include "tests/test.hpp"

using namespace jko;

TEST_CASE("Kalman's recursion agrees with conditioning the joint Gaussian at once", "[kalman]") {
  // X0, X1, X2 and y1, y2 in one dimension: dX = -(a X - b) dt + sqrt(2) dW.
  const double a = 0.8, b = 0.3, dt = 0.25, r = 0.25;
  const Model model{std::make_shared<Quadratic>(Matrix::Constant(1, 1, a), Vector::Constant(1, b)), 1.0,
                    GaussianMixture::gaussian(Vector::Constant(1, 0.5), Matrix::Constant(1, 1, 2.0)),
                    std::make_shared<LinearGaussian>(Matrix::Identity(1, 1), Matrix::Constant(1, 1, r))};
  const double F = std::exp(-a * dt), q = (1.0 - F * F) / a, c = b / a * (1.0 - F);
  const double m1 = F * 0.5 + c, m2 = F * m1 + c, p1 = F * F * 2.0 + q, p2 = F * F * p1 + q, p12 = F * p1;
  const Eigen::Matrix2d S = (Eigen::Matrix2d() << p1 + r, p12, p12, p2 + r).finished();
  const Eigen::Vector2d y(0.9, -0.4), innovation = y - Eigen::Vector2d(m1, m2), cross(p12, p2);
  KalmanFilter filter(model);
  filter.predict(dt);
  double evidence = filter.update(y.head<1>()).log_evidence_increment;
  filter.predict(2.0 * dt);
  evidence += filter.update(y.tail<1>()).log_evidence_increment;
  CHECK(filter.mean()(0) == Approx(m2 + cross.dot(S.inverse() * innovation)));
  CHECK(filter.covariance()(0, 0) == Approx(p2 - cross.dot(S.inverse() * cross)));
  CHECK(evidence ==
        Approx(-0.5 * innovation.dot(S.inverse() * innovation) - 0.5 * std::log(4.0 * M_PI * M_PI * S.determinant())));
}

TEST_CASE("Kalman with a missing entry agrees with conditioning in three dimensions, one of them without a drift",
          "[kalman]") {
  // A has the eigenvalues 0, 0.7 and 2 along axes that couple all coordinates: a Brownian motion beside two OU modes.
  const Index d = 3;
  const double dt = 0.4, beta = 1.5;
  const Matrix U = Eigen::HouseholderQR<Matrix>(random_points(d, d, 5)).householderQ();
  const Vector rates = (Vector(d) << 0.0, 0.7, 2.0).finished(), b = random_points(d, 1, 6);
  const Matrix A = U * rates.asDiagonal() * U.transpose(), H = random_points(2, d, 7);
  const Matrix R = (Matrix(2, 2) << 0.3, 0.1, 0.1, 0.5).finished();
  const Model model{std::make_shared<Quadratic>(0.5 * (A + A.transpose()), b), beta,
                    GaussianMixture::gaussian(random_points(d, 1, 8), Matrix::Identity(d, d)),
                    std::make_shared<LinearGaussian>(H, R)};
  // Moments of X(dt), mode by mode.
  Vector decay(d), push(d), spread(d);
  for (Index k = 0; k < d; ++k) {
    decay(k) = std::exp(-rates(k) * dt);
    push(k) = rates(k) > 0.0 ? (1.0 - decay(k)) / rates(k) : dt;
    spread(k) = 2.0 / beta * (rates(k) > 0.0 ? (1.0 - decay(k) * decay(k)) / (2.0 * rates(k)) : dt);
  }
  const Matrix F = U * decay.asDiagonal() * U.transpose();
  const Vector m = F * random_points(d, 1, 8) + U * push.asDiagonal() * U.transpose() * b;
  const Matrix P = F * F.transpose() + U * spread.asDiagonal() * U.transpose();
  KalmanFilter filter(model);
  filter.predict(dt);
  CHECK((filter.mean() - m).norm() < 1e-10);
  CHECK((filter.covariance() - P).norm() < 1e-10);

  const double y = 0.7;  // the second entry; the first is missing
  const UpdateSummary seen = filter.update((Vector(2) << std::nan(""), y).finished());
  const Vector h = H.row(1).transpose(), gain = P * h;
  const double s = h.dot(gain) + R(1, 1), innovation = y - h.dot(m);
  CHECK((filter.mean() - (m + gain * innovation / s)).norm() < 1e-10);
  CHECK((filter.covariance() - (P - gain * gain.transpose() / s)).norm() < 1e-10);
  CHECK(seen.log_evidence_increment == Approx(-0.5 * innovation * innovation / s - 0.5 * std::log(2.0 * M_PI * s)));
}

TEST_CASE("Kalman refuses a model that is not linear and Gaussian, and says which part", "[kalman]") {
  Model model = ou_model(1);
  model.potential = std::make_shared<SineWell>(1);
  try {
    KalmanFilter filter(model);
    FAIL("accepted");
  } catch (const std::invalid_argument& error) {
    CHECK(std::string(error.what()).find("quadratic potential") != std::string::npos);
  }
}

TEST_CASE("The grid filter agrees with Kalman", "[grid]") {
  for (const Index d : {1, 2}) {
    CAPTURE(d);
    const Model model = ou_model(d);
    GridOptions options;
    options.horizon = 5.0;
    GridFilter grid(model, options);
    const AgainstKalman result = compare_with_kalman(model, grid, d == 1 ? 20 : 8);
    CHECK(result.mean_error < (d == 1 ? 2e-3 : 5e-3));
    CHECK(result.symmetric_kl < (d == 1 ? 1e-6 : 1e-4));
    CHECK(std::abs(result.log_evidence_error) < 5e-3);
  }
}

TEST_CASE("exp(-beta Phi) is stationary on the grid to rounding", "[grid]") {
  const double h = 0.01;
  const Vector x = Vector::LinSpaced(1001, -5.0, 5.0);
  const Vector potential = (2.0 * M_PI * x.array()).sin() / M_PI + x.array().square() / 4.0;
  ChangCooper line(potential.transpose(), 1.0 / (h * h));
  Matrix density = (-potential.transpose().array()).exp();
  const Matrix before = density;
  for (int k = 0; k < 200; ++k) line.advance(density, 1e-2);
  CHECK((density - before).cwiseAbs().maxCoeff() < 1e-9 * before.maxCoeff());
}

TEST_CASE("The grid is converged: half the spacing and half the step change the law by less than 1e-6",
          "[grid][accuracy]") {
  const Model model{std::make_shared<SineWell>(1), 1.0, GaussianMixture::standard(1),
                    std::make_shared<LinearGaussian>(Matrix::Identity(1, 1), Matrix::Identity(1, 1))};
  GridOptions options;
  options.domain = {{-9.0, 9.0}};
  options.step = 2e-3;
  options.cells = 2000;
  GridFilter coarse(model, options);
  options.step = 1e-3;
  options.cells = 4000;
  GridFilter fine(model, options);
  for (Filter* filter : {static_cast<Filter*>(&coarse), static_cast<Filter*>(&fine)}) {
    filter->predict(0.5);
    filter->update(Vector::Constant(1, 1.3));
    filter->predict(1.0);
  }
  CHECK(symmetric_kl(coarse, fine) < 1e-6);
}

TEST_CASE("The grid filter keeps the stationary law", "[grid][accuracy]") {
  // After a long prediction the law is exp(-Φ) up to a constant, whatever it was before.
  const Model model{std::make_shared<SineWell>(1), 1.0, GaussianMixture::standard(1),
                    std::make_shared<LinearGaussian>(Matrix::Identity(1, 1), Matrix::Identity(1, 1))};
  GridOptions options;
  options.domain = {{-9.0, 9.0}};
  options.step = 0.02;
  GridFilter grid(model, options);
  grid.predict(60.0);
  const Points x = Vector::LinSpaced(400, -4.0, 4.0);
  const Vector relative =
      grid.log_density(x).array() + (2.0 * M_PI * x.array()).sin() / M_PI + x.array().square() / 4.0;
  CHECK(relative.maxCoeff() - relative.minCoeff() < 1e-4);
}

TEST_CASE("The grid filter follows a well that moves", "[grid]") {
  // Φ = (x - t)² / 2: the mean is t - 1 + (m0 + 1) exp(-t), the variance that of a well at rest.
  const Model model{std::make_shared<ExpressionPotential>("(x0 - t)**2 / 2", 1), 2.0,
                    GaussianMixture::gaussian(Vector::Constant(1, 0.4), Matrix::Constant(1, 1, 0.3)),
                    std::make_shared<LinearGaussian>(Matrix::Identity(1, 1), Matrix::Identity(1, 1))};
  GridOptions options;
  options.domain = {{-5.0, 7.0}};
  options.step = 1e-2;
  options.cells = 800;
  GridFilter grid(model, options);
  grid.predict(1.5);
  CHECK(grid.mean()(0) == Approx(1.5 - 1.0 + 1.4 * std::exp(-1.5)).margin(1e-4));
  CHECK(grid.covariance()(0, 0) == Approx(0.5 + (0.3 - 0.5) * std::exp(-3.0)).margin(1e-4));
}

TEST_CASE("The grid's own box stays small where the drift grows faster than linearly", "[grid]") {
  const Model model{std::make_shared<ExpressionPotential>("x0**4", 1), 1.0,
                    GaussianMixture::gaussian(Vector::Zero(1), Matrix::Constant(1, 1, 9.0)),
                    std::make_shared<LinearGaussian>(Matrix::Identity(1, 1), Matrix::Identity(1, 1))};
  const GridFilter grid(model, GridOptions{});
  CHECK(grid.domain()[0].second - grid.domain()[0].first < 200.0);
}

TEST_CASE("Missing observations change nothing and impossible ones say so, on the grid and with particles",
          "[grid][bootstrap]") {
  Model model = ou_model(1);
  // Not defined, and so impossible, for states below y.
  model.observation = std::make_shared<ExpressionLikelihood>("log(x0 - y0)", 1, 1);
  GridOptions grid_options;
  grid_options.horizon = 5.0;
  GridFilter grid(model, grid_options);
  ParticleFilter particles(model, ParticleOptions{});
  for (Filter* filter : {static_cast<Filter*>(&grid), static_cast<Filter*>(&particles)}) {
    CAPTURE(filter->method());
    filter->predict(0.5);
    const double before = filter->mean()(0);
    CHECK(filter->update(Vector::Constant(1, std::nan(""))).log_evidence_increment == 0.0);
    CHECK(filter->mean()(0) == Approx(before));
    CHECK_FALSE(filter->update(Vector::Constant(1, 1e3)).possible());
    CHECK(filter->mean()(0) == Approx(before));
    filter->predict(1.0);
    CHECK(std::isfinite(filter->mean()(0)));
    CHECK(filter->update(Vector::Constant(1, 0.1)).possible());
    CHECK(filter->quantiles({0.001})(0, 0) > 0.05);
  }
}

TEST_CASE("The bootstrap filter agrees with Kalman within its own noise", "[bootstrap]") {
  for (const Index d : {1, 3}) {
    CAPTURE(d);
    const Model model = ou_model(d);
    ParticleOptions options;
    options.particles = 20000;
    options.step = 0.01;
    options.seed = 1;
    ParticleFilter particles(model, options);
    const AgainstKalman result = compare_with_kalman(model, particles, 10);
    CHECK(result.mean_error < 0.05);
    CHECK(result.symmetric_kl < 0.01);
    CHECK(std::abs(result.log_evidence_error) < 0.2);
  }
}

TEST_CASE("The bootstrap filter's kernel density is close to Kalman's", "[bootstrap]") {
  for (const Index d : {1, 2}) {
    const Model model = ou_model(d);
    ParticleOptions options;
    options.particles = 40000;
    options.step = 0.01;
    ParticleFilter particles(model, options);
    KalmanFilter kalman(model);
    particles.predict(0.5);
    kalman.predict(0.5);
    CHECK(symmetric_kl(particles, kalman) < (d == 1 ? 0.01 : 0.1));
  }
}

namespace {

/// Another potential, in double precision only.
class DoubleOnly final : public Potential {
 public:
  explicit DoubleOnly(std::shared_ptr<const Potential> other) : other_(std::move(other)) {}
  Index dimension() const override { return other_->dimension(); }
  void evaluate(PointsView x, double t, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const override {
    other_->evaluate(x, t, value, gradient);
  }
  std::string formula() const override { return other_->formula(); }

 private:
  std::shared_ptr<const Potential> other_;
};

}  // namespace

TEST_CASE("Particles move in single precision as they do in double, with far less difference than noise",
          "[bootstrap]") {
  const auto well = std::make_shared<SineWell>(2);
  for (const Integrator integrator : {Integrator::euler_maruyama, Integrator::heun}) {
    const Points start = GaussianMixture::standard(2).sample(20000, 1, 0);
    Points single = start, exact = start;
    LangevinSteps{*well, 1.0, integrator}.advance(single, 0.0, 2e-3, 500, 4, 5);
    LangevinSteps{DoubleOnly(well), 1.0, integrator}.advance(exact, 0.0, 2e-3, 500, 4, 5);
    CHECK((single - exact).cwiseAbs().maxCoeff() < 1e-2);  // between two wells small differences grow
    CHECK((single - exact).colwise().mean().cwiseAbs().maxCoeff() < 1e-6);
    CHECK((single - exact).norm() < 1e-5 * exact.norm());
  }
}

TEST_CASE("Heun's steps have a bias of the second order, Euler's of the first", "[bootstrap]") {
  // The stationary variance of the steps themselves, for Φ = x²/2 and steps of h.
  const double h = 0.2;
  const Quadratic bowl(Matrix::Identity(1, 1), Vector::Zero(1));
  const double keeps = 1.0 - h + 0.5 * h * h;
  const double heun = 2.0 * h * std::pow(1.0 - 0.5 * h, 2) / (1.0 - keeps * keeps), euler = 1.0 / (1.0 - 0.5 * h);
  for (const auto& [integrator, expected] :
       {std::pair{Integrator::heun, heun}, std::pair{Integrator::euler_maruyama, euler}}) {
    Points x = GaussianMixture::standard(1).sample(400000, 1, 0);
    LangevinSteps{bowl, 1.0, integrator}.advance(x, 0.0, h, 60, 1, 2);
    CHECK(x.squaredNorm() / double(x.rows()) == Approx(expected).epsilon(5.0 * std::sqrt(2.0 / double(x.rows()))));
  }
  CHECK(std::abs(heun - 1.0) < 0.012);
}

TEST_CASE("The automatic step leaves less bias than 100,000 particles leave noise", "[bootstrap][accuracy]") {
  const Model sine{std::make_shared<SineWell>(1), 1.0, GaussianMixture::standard(1),
                   std::make_shared<LinearGaussian>(Matrix::Identity(1, 1), Matrix::Identity(1, 1))};
  Model wells = sine;
  wells.potential = std::make_shared<DoubleWell>(Vector::Ones(1), Vector::Ones(1));
  wells.beta = 2.0;
  // The law spreads to where the drift is a hundred times as steep.
  Model quartic = sine;
  quartic.potential = std::make_shared<ExpressionPotential>("x0**4", 1);
  quartic.initial = GaussianMixture::gaussian(Vector::Zero(1), Matrix::Constant(1, 1, 0.01));
  for (const Model& model : {ou_model(1), sine, wells, quartic}) {
    CAPTURE(model.potential->formula());
    ParticleOptions options;
    options.particles = 400000;
    ParticleFilter particles(model, options);
    GridOptions grid_options;
    grid_options.domain = {{-9.0, 9.0}};
    grid_options.cells = 4000;
    grid_options.step = 1e-3;
    GridFilter grid(model, grid_options);
    particles.predict(1.0);
    grid.predict(1.0);
    const double variance = grid.covariance()(0, 0), noise = 1.0 / std::sqrt(1e5);
    CHECK(std::abs(particles.mean()(0) - grid.mean()(0)) < 1.5 * noise * std::sqrt(variance));
    CHECK(std::abs(particles.covariance()(0, 0) / variance - 1.0) < 1.5 * std::sqrt(2.0) * noise);
  }
}

TEST_CASE("Particles for which a step is too long stay where they are", "[bootstrap]") {
  for (const std::shared_ptr<const Potential>& potential :
       {std::shared_ptr<const Potential>(std::make_shared<DoubleWell>(Vector::Ones(1), Vector::Ones(1))),
        std::shared_ptr<const Potential>(std::make_shared<ExpressionPotential>("x0**4 + 1/(x0 - 1)", 1))}) {
    for (const Integrator integrator : {Integrator::euler_maruyama, Integrator::heun}) {
      Points x = Vector::LinSpaced(41, -40.0, 40.0);
      LangevinSteps{*potential, 1.0, integrator}.advance(x, 0.0, 0.5, 30, 0, 0);
      CHECK(x.allFinite());
    }
  }
}

TEST_CASE("Systematic resampling takes each particle as often as its weight says, to less than one", "[bootstrap]") {
  const Index n = 50000, count = 70000;
  Matrix uniform(n, 1);
  fill_uniform(3, 4, uniform);
  Vector weights = uniform.col(0).array().pow(8.0);
  weights.segment(100, 9000).setZero();  // more than a block
  weights(7) = 0.1 * weights.sum();
  const std::vector<Index> chosen = systematic_resample(weights, count, 0.3);
  REQUIRE(static_cast<Index>(chosen.size()) == count);
  CHECK(std::is_sorted(chosen.begin(), chosen.end()));
  Vector times = Vector::Zero(n);
  for (const Index i : chosen) times(i) += 1.0;
  CHECK((times - weights * (double(count) / weights.sum())).cwiseAbs().maxCoeff() < 1.0 + 1e-6);
  CHECK(times.segment(100, 9000).isZero(0.0));

  for (const Index only : {Index{0}, Index{20000}, n - 1}) {
    const std::vector<Index> same = systematic_resample(Vector::Unit(n, only), 1000, 0.9);
    CHECK(std::count(same.begin(), same.end(), only) == 1000);
  }
}

TEST_CASE("The bootstrap filter's quantiles are those of its weighted particles", "[bootstrap]") {
  const Model model = ou_model(2);
  ParticleOptions options;
  options.particles = 50000;
  ParticleFilter particles(model, options);
  KalmanFilter kalman(model);
  for (Filter* filter : {static_cast<Filter*>(&particles), static_cast<Filter*>(&kalman)}) {
    filter->predict(0.5);
    filter->update(Vector::Constant(2, 0.5));
  }
  const std::vector<double> levels = {0.01, 0.25, 0.5, 0.95};
  const Matrix apart = particles.quantiles(levels) - kalman.quantiles(levels);
  CHECK(apart.cwiseAbs().maxCoeff() < 0.04);
  CHECK((particles.quantiles({0.0, 1.0}).row(1) - particles.quantiles({0.0, 1.0}).row(0)).minCoeff() > 3.0);
}

TEST_CASE("The kernel density of every bandwidth tends to Kalman's law", "[bootstrap]") {
  for (const Index d : {1, 2}) {
    const Model model = ou_model(d);
    KalmanFilter kalman(model);
    kalman.predict(0.5);
    kalman.update(Vector::Constant(d, 0.5));
    for (const Bandwidth bandwidth : {Bandwidth::silverman, Bandwidth::scott, Bandwidth::cross_validated}) {
      CAPTURE(d, static_cast<int>(bandwidth));
      double before = 1.0;
      for (const Index n : {2000, 200000}) {
        ParticleOptions options;
        options.particles = n;
        options.bandwidth = bandwidth;
        ParticleFilter particles(model, options);
        particles.predict(0.5);
        particles.update(Vector::Constant(d, 0.5));
        const double apart = symmetric_kl(particles, kalman);
        CHECK(apart < 0.2 * before);
        before = apart;
      }
      CHECK(before < (d == 1 ? 1e-3 : 1e-2));
    }
  }
}

TEST_CASE("In many dimensions the kernel density integrates to one and orders points as Kalman's law does",
          "[bootstrap]") {
  for (const Index d : {3, 6}) {
    const Model model = ou_model(d);
    KalmanFilter kalman(model);
    kalman.predict(0.5);
    for (const Bandwidth bandwidth : {Bandwidth::silverman, Bandwidth::scott, Bandwidth::cross_validated}) {
      CAPTURE(d, static_cast<int>(bandwidth));
      ParticleOptions options;
      options.bandwidth = bandwidth;
      ParticleFilter particles(model, options);
      particles.predict(0.5);
      // KL(Kalman | particles) and the integral, by draws from Kalman's law.
      const Points x = kalman.sample(2000, 9);
      const Eigen::ArrayXd log_ratio = particles.log_density(x) - kalman.log_density(x);
      CHECK(-log_ratio.mean() < (d == 3 ? 0.03 : 0.2));
      CHECK(-log_ratio.mean() > 0.0);
      CHECK(log_ratio.exp().mean() == Approx(1.0).epsilon(0.1));
    }
  }
}

TEST_CASE("On a law of two modes the cross-validated bandwidth is far better than Silverman's", "[bootstrap]") {
  for (const Index d : {1, 2}) {
    CAPTURE(d);
    const Model model{std::make_shared<DoubleWell>(Vector::Constant(d, 3.0), Vector::Constant(d, 1.5)), 2.0,
                      GaussianMixture::standard(d),
                      std::make_shared<LinearGaussian>(Matrix::Identity(d, d), 4.0 * Matrix::Identity(d, d))};
    GridOptions grid_options;
    grid_options.domain.assign(d, {-4.0, 4.0});
    GridFilter grid(model, grid_options);
    grid.predict(1.0);
    Vector apart(2);
    for (const Bandwidth bandwidth : {Bandwidth::silverman, Bandwidth::cross_validated}) {
      ParticleOptions options;
      options.particles = 50000;
      options.bandwidth = bandwidth;
      ParticleFilter particles(model, options);
      particles.predict(1.0);
      apart(bandwidth == Bandwidth::cross_validated) = symmetric_kl(particles, grid);
    }
    CHECK(apart(1) < 0.3 * apart(0));
    CHECK(apart(1) < (d == 1 ? 2e-3 : 2e-2));
  }
}

TEST_CASE("Reference filters do not depend on the number of threads", "[grid][bootstrap]") {
  const int threads = omp_get_max_threads();
  std::vector<Vector> means, densities;
  for (const int n : {1, 3}) {
    omp_set_num_threads(n);
    ParticleOptions particle_options;
    particle_options.particles = 30000;
    particle_options.resample_below = 1.0;
    ParticleFilter particles(ou_model(2), particle_options);
    GridOptions grid_options;
    grid_options.cells = 64;
    grid_options.horizon = 1.0;
    GridFilter grid(ou_model(2), grid_options);
    for (Filter* filter : {static_cast<Filter*>(&particles), static_cast<Filter*>(&grid)}) {
      for (const double t : {0.3, 0.6}) {
        filter->predict(t);
        filter->update(Vector::Constant(2, 0.5));
      }
      means.push_back(filter->mean());
      if (filter == &particles) {
        densities.push_back(filter->log_density(filter->sample(100, 1)));
      }
    }
  }
  omp_set_num_threads(threads);
  CHECK(means[0] == means[2]);
  CHECK(means[1] == means[3]);
  CHECK(densities[0] == densities[1]);
}

TEST_CASE("The symmetric divergence is zero for equal laws and that of the closed form for Gaussians", "[divergence]") {
  for (const Index d : {1, 2, 4}) {
    Model p = ou_model(d), q = ou_model(d);
    q.initial = GaussianMixture::gaussian(Vector::Constant(d, 0.3), 1.5 * Matrix::Identity(d, d));
    const KalmanFilter first(p), second(q);
    CHECK(symmetric_kl(first, first) == Approx(0.0).margin(1e-12));
    // ½ d (1.5 + 1/1.5 - 2) + ½ |Δ|² (1 + 1/1.5)
    const double exact = 0.5 * d * (1.5 + 1.0 / 1.5 - 2.0) + 0.5 * 0.09 * d * (1.0 + 1.0 / 1.5);
    CHECK(symmetric_kl(first, second) == Approx(exact).epsilon(1e-4));
    CHECK(symmetric_kl(first, first, first.sample(100, 1)) == Approx(0.0).margin(1e-12));
    CHECK(symmetric_kl(first, second, second.sample(100000, 1)) == Approx(exact).epsilon(0.1));
  }
}

TEST_CASE("Draws of a kernel density are those of its density", "[bootstrap]") {
  for (const Index d : {1, 2, 3}) {
    CAPTURE(d);
    const Index particles = 300, n = 20000;
    const ParticleCloud cloud(random_points(particles, d, 3), Bandwidth::silverman);
    const Points x = cloud.sample_density(n, 1);
    // The mean of p/q over draws of q is one for every p: here for a narrow one.
    const GaussianMixture p = GaussianMixture::gaussian(Vector::Constant(d, 0.3), 0.2 * Matrix::Identity(d, d));
    CHECK((p.log_density(x) - cloud.log_density(x)).array().exp().mean() == Approx(1.0).margin(0.05));
    CHECK(x == cloud.sample_density(n, 1));
    CHECK(x != cloud.sample_density(n, 2));
  }
}
