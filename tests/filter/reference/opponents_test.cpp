// The filters that approximate: extended, unscented and ensemble Kalman, Gaussian sum, auxiliary particles.

#include <omp.h>

#include <cmath>
#include <stdexcept>
#include <string>

#include "filter/reference/auxiliary_particle_filter.hpp"
#include "filter/reference/ensemble_kalman_filter.hpp"
#include "filter/reference/extended_kalman_filter.hpp"
#include "filter/reference/grid_filter.hpp"
#include "filter/reference/particle_filter.hpp"
#include "filter/reference/unscented_kalman_filter.hpp"
#include "jko/double_well.hpp"
#include "jko/expression_likelihood.hpp"
#include "jko/expression_potential.hpp"
#include "jko/nonlinear.hpp"
#include "jko/poisson.hpp"
#include "jko/sine_well.hpp"
#include "jko/stochastic_volatility.hpp"
#include "tests/filter/filter_tester.hpp"
#include "tests/filter/test_models.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

std::unique_ptr<Filter> make(const std::string& method, const Model& model) {
  if (method == "ekf") return std::make_unique<ExtendedKalmanFilter>(model);
  if (method == "ukf") return std::make_unique<UnscentedKalmanFilter>(model);
  if (method == "gaussian_sum") return std::make_unique<GaussianSumFilter>(model, GaussianSumOptions{});
  if (method == "enkf") return std::make_unique<EnsembleKalmanFilter>(model, EnsembleKalmanOptions{});
  if (method == "apf") return std::make_unique<AuxiliaryParticleFilter>(model, AuxiliaryParticleOptions{});
  throw std::logic_error(method);
}

const char* const kMethods[] = {"ekf", "ukf", "gaussian_sum", "enkf", "apf"};

/// A diffusion in one dimension, seen with unit noise.
Model seen_on_a_line(std::shared_ptr<const Potential> potential, double noise = 1.0) {
  return {std::move(potential), 1.0, GaussianMixture::standard(1),
          std::make_shared<LinearGaussian>(Matrix::Identity(1, 1), Matrix::Constant(1, 1, noise * noise))};
}

std::string method_refusal(const std::string& method, const Model& model) {
  try {
    make(method, model);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

/// Largest divergence to the grid over eight observations, half a unit of time apart.
double divergence_from_grid(Filter& filter, GridFilter& grid) {
  double largest = 0.0;
  for (int k = 1; k <= 8; ++k) {
    for (Filter* each : {&filter, static_cast<Filter*>(&grid)}) {
      each->predict(0.5 * k);
      each->update(Vector::Constant(1, std::sin(2.0 * k)));
    }
    largest = std::max(largest, symmetric_kl(filter, grid));
  }
  return largest;
}

}  // namespace

TEST_CASE("The filters that approximate agree with Kalman where the model is linear", "[opponents]") {
  struct Bound {
    const char* method;
    double mean_error, symmetric_kl, log_evidence_error;
  };
  const Bound bounds[] = {{"ekf", 1e-6, 1e-11, 1e-6},
                          {"ukf", 1e-6, 1e-11, 1e-6},
                          {"gaussian_sum", 0.03, 3e-3, 0.1},
                          {"enkf", 0.1, 0.05, 0.6},
                          {"apf", 0.06, 0.02, 0.3}};
  for (const Bound& bound : bounds) {
    for (const Index d : {1, 3}) {
      CAPTURE(bound.method, d);
      const Model model = ou_model(d);
      const auto filter = make(bound.method, model);
      CHECK(filter->method() == bound.method);
      const AgainstKalman result = compare_with_kalman(model, *filter, 10);
      CHECK(result.mean_error < bound.mean_error);
      CHECK(result.symmetric_kl < bound.symmetric_kl);
      CHECK(std::abs(result.log_evidence_error) < bound.log_evidence_error);
      CHECK(result.fallbacks == 0);
    }
  }
}

TEST_CASE("A Gaussian sum of one component is Kalman's filter where the model is linear", "[opponents]") {
  for (const Index d : {1, 3}) {
    const Model model = ou_model(d);
    GaussianSumFilter filter(model, GaussianSumOptions{1, 0});
    const AgainstKalman result = compare_with_kalman(model, filter, 10);
    CHECK(result.mean_error < 1e-6);
    CHECK(result.symmetric_kl < 1e-11);
    CHECK(std::abs(result.log_evidence_error) < 1e-6);
  }
}

TEST_CASE("The filters that keep the whole law follow the grid where a single normal law cannot",
          "[opponents][optimised]") {
  struct Well {
    std::shared_ptr<const Potential> potential;
    double near, far;  // what the divergence of the first is below, and that of the second above
  };
  const Well wells[] = {{std::make_shared<SineWell>(1), 0.12, 0.25},
                        {std::make_shared<DoubleWell>(Vector::Constant(1, 3.0), Vector::Ones(1)), 0.3, 1.0}};
  for (const Well& well : wells) {
    const Model model = seen_on_a_line(well.potential);
    CAPTURE(well.potential->formula());
    const auto divergence = [&](const char* method) {
      GridFilter grid(model, GridOptions{});
      return divergence_from_grid(*make(method, model), grid);
    };
    CHECK(divergence("gaussian_sum") < well.near);
    CHECK(divergence("apf") < well.near);
    CHECK(divergence("ukf") > well.far);
    CHECK(divergence("ekf") > well.far);
  }
}

TEST_CASE("The unscented filter's moments of a square are exact, the extended one's are its tangent's", "[opponents]") {
  // y = x² + N(0, r), x ~ N(m, s²): E y = m² + s², Var y = 4 m² s² + 2 s⁴ + r, Cov(x, y) = 2 m s².
  const double m = 0.7, s2 = 0.4, r = 0.3, y = 1.9;
  const Model model{std::make_shared<SineWell>(1), 1.0,
                    GaussianMixture::gaussian(Vector::Constant(1, m), Matrix::Constant(1, 1, s2)),
                    std::make_shared<NonlinearObservation>(std::vector<std::string>{"x0**2"}, 1,
                                                           Noise::gaussian(Vector::Constant(1, std::sqrt(r))))};
  const auto check = [&](const char* method, double expected, double variance) {
    const double cross = 2.0 * m * s2, innovation = y - expected;
    const auto filter = make(method, model);
    const UpdateSummary seen = filter->update(Vector::Constant(1, y));
    CHECK(seen.log_evidence_increment ==
          Approx(-0.5 * innovation * innovation / variance - 0.5 * std::log(2.0 * M_PI * variance)));
    CHECK(filter->mean()(0) == Approx(m + cross / variance * innovation));
    CHECK(filter->covariance()(0, 0) == Approx(s2 - cross * cross / variance));
  };
  check("ukf", m * m + s2, 4.0 * m * m * s2 + 2.0 * s2 * s2 + r);
  check("ekf", m * m, 4.0 * m * m * s2 + r);
}

TEST_CASE("The Kalman family crosses a step in which its moments would not be those of a law", "[opponents]") {
  // Wide, correlated and on the top between four wells: one step to the end would make a variance negative.
  const Matrix covariance = (Matrix(2, 2) << 0.255, -0.172, -0.172, 0.308).finished();
  const Model model{std::make_shared<DoubleWell>(Vector::Ones(2), Vector::Ones(2)), 1.5,
                    GaussianMixture::gaussian(Eigen::Vector2d(0.035, 0.263), covariance),
                    std::make_shared<LinearGaussian>(Matrix::Identity(2, 2), Matrix::Identity(2, 2))};
  for (const char* method : {"ekf", "ukf"}) {
    CAPTURE(method);
    const auto filter = make(method, model);
    CHECK_FALSE(filter->predict(0.25).fallback);
    CHECK(filter->mean()(1) < 0.9);
    CHECK(filter->covariance()(1, 1) > 0.31);
  }
}

TEST_CASE("The filters that approximate follow a well that moves", "[opponents]") {
  // Φ = (x - t)² / 2: the mean is t - 1 + (m0 + 1) exp(-t), the variance stays 1 where it begins so.
  for (const char* method : kMethods) {
    CAPTURE(method);
    const auto filter = make(method, seen_on_a_line(std::make_shared<ExpressionPotential>("(x0 - t)**2 / 2", 1)));
    filter->predict(0.7);
    filter->predict(1.5);
    const bool random = std::string(method) == "enkf" || std::string(method) == "apf";
    CHECK(filter->mean()(0) == Approx(0.5 + std::exp(-1.5)).margin(random ? 0.1 : 1e-6));
    CHECK(filter->covariance()(0, 0) == Approx(1.0).margin(random ? 0.15 : 1e-6));
  }
}

TEST_CASE("The variance of counts is averaged over the law", "[opponents]") {
  // y ~ Poisson(x²): Var y = E x² + Var x².
  const double m = 2.0, s2 = 0.1, y = 6.0;
  const Model model{std::make_shared<SineWell>(1), 1.0,
                    GaussianMixture::gaussian(Vector::Constant(1, m), Matrix::Constant(1, 1, s2)),
                    std::make_shared<PoissonObservation>(std::vector<std::string>{"x0**2"}, 1)};
  const double rate = m * m + s2, variance = rate + 4.0 * m * m * s2 + 2.0 * s2 * s2;
  UnscentedKalmanFilter filter(model);
  filter.update(Vector::Constant(1, y));
  CHECK(filter.mean()(0) == Approx(m + 2.0 * m * s2 / variance * (y - rate)));
}

TEST_CASE("What is missing changes nothing and what is impossible says so, for every filter", "[opponents]") {
  const double nan = std::nan("");
  struct Case {
    const char* what;
    std::shared_ptr<const ObservationModel> observation;
    Vector impossible, possible;
  };
  const std::vector<std::string> rates = {"exp(x0)", "exp(x1)"};
  const Case cases[] = {
      {"linear", std::make_shared<LinearGaussian>(Matrix::Identity(2, 2), Matrix::Identity(2, 2)),
       Eigen::Vector2d(INFINITY, 0.0), Eigen::Vector2d(nan, 0.3)},
      {"counts", std::make_shared<PoissonObservation>(rates, 2), Eigen::Vector2d(-1.0, 2.0), Eigen::Vector2d(2.0, nan)},
  };
  for (const Case& c : cases) {
    for (const char* method : kMethods) {
      CAPTURE(c.what, method);
      Model model = ou_model(2);
      model.observation = c.observation;
      const auto filter = make(method, model);
      filter->predict(0.5);
      const Vector mean = filter->mean();
      const Matrix covariance = filter->covariance();
      CHECK(filter->update(Vector::Constant(2, nan)).log_evidence_increment == 0.0);
      CHECK(filter->mean() == mean);
      const UpdateSummary impossible = filter->update(c.impossible);
      CHECK_FALSE(impossible.possible());
      CHECK_FALSE(std::isnan(impossible.log_evidence_increment));
      CHECK(filter->mean() == mean);
      CHECK(filter->covariance() == covariance);
      filter->predict(1.0);
      const UpdateSummary possible = filter->update(c.possible);
      CHECK(std::isfinite(possible.log_evidence_increment));
      CHECK(possible.effective_sample_size >= 1.0);
      CHECK(filter->mean().allFinite());
      CHECK(filter->quantiles({0.05, 0.95}).allFinite());
      CHECK((filter->quantiles({0.95}) - filter->quantiles({0.05})).minCoeff() > 0.0);
      CHECK(filter->log_density(filter->mean().transpose()).allFinite());
      CHECK(filter->covariance().llt().info() == Eigen::Success);
    }
  }
}

TEST_CASE("A potential that is undefined leaves the law finite, and the Kalman family says that it stood still",
          "[opponents]") {
  for (const char* method : kMethods) {
    CAPTURE(method);
    const auto filter = make(method, seen_on_a_line(std::make_shared<BrokenPotential>(1)));
    const PredictSummary summary = filter->predict(1.0);
    CHECK(filter->time() == 1.0);
    CHECK(filter->mean()(0) == Approx(0.0).margin(0.1));
    CHECK(filter->update(Vector::Constant(1, 0.5)).possible());
    if (std::string(method) != "enkf" && std::string(method) != "apf") CHECK(summary.fallback);
  }
}

TEST_CASE("A filter that cannot filter a model says why", "[opponents]") {
  Model model = ou_model(1);
  model.observation = std::make_shared<ExpressionLikelihood>("-(y0 - x0)**2", 1, 1);
  for (const char* method : {"ekf", "ukf", "gaussian_sum"}) {
    CHECK(method_refusal(method, model) ==
          std::string("the filter ") + method +
              " needs an observation model whose mean and variance given the state are known");
  }
  CHECK(method_refusal("enkf", model) == "the ensemble Kalman filter needs an observation model that can be sampled");
  CHECK(method_refusal("apf", model).empty());

  const Noise cauchy = Noise::student_t(Vector::Ones(1), 1.0);
  model.observation = std::make_shared<NonlinearObservation>(std::vector<std::string>{"x0"}, 1, cauchy);
  CHECK_FALSE(method_refusal("ukf", model).empty());
  CHECK(method_refusal("enkf", model).empty());

  model = ou_model(1);
  CHECK_THROWS_AS(GaussianSumFilter(model, GaussianSumOptions{0, 0}), std::invalid_argument);
  CHECK_THROWS_AS(EnsembleKalmanFilter(model, EnsembleKalmanOptions{2}), std::invalid_argument);
  CHECK_THROWS_AS(AuxiliaryParticleFilter(model, AuxiliaryParticleOptions{1}), std::invalid_argument);
  CHECK_THROWS_AS(AuxiliaryParticleFilter(model, AuxiliaryParticleOptions{100, -1.0}), std::invalid_argument);
}

TEST_CASE("The Kalman family learns nothing from volatility, the auxiliary filter does", "[opponents]") {
  Model model = ou_model(1);
  model.observation = std::make_shared<StochasticVolatility>(1);
  for (const char* method : {"ekf", "ukf", "apf"}) {
    CAPTURE(method);
    const auto filter = make(method, model);
    filter->predict(0.5);
    const double before = filter->mean()(0);
    filter->update(Vector::Constant(1, 4.0));
    const bool learnt = std::abs(filter->mean()(0) - before) > 0.3;
    CHECK(learnt == (std::string(method) == "apf"));
  }
}

TEST_CASE("The auxiliary filter beats as many bootstrap particles where an observation is unlikely", "[opponents]") {
  // Seen with little noise and far from where the particles are: few of them come near.
  const Model model = seen_on_a_line(std::make_shared<Bowl>(1, 1.0), 0.05);
  double auxiliary = 0.0, bootstrap = 0.0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    AuxiliaryParticleFilter first(model, AuxiliaryParticleOptions{2000, 0.01, Bandwidth::silverman, seed});
    ParticleOptions options;
    options.particles = 2000;
    options.step = 0.01;
    options.seed = seed;
    ParticleFilter second(model, options);
    for (Filter* filter : {static_cast<Filter*>(&first), static_cast<Filter*>(&second)}) {
      filter->predict(0.02);
      const double size = filter->update(Vector::Constant(1, 3.0)).effective_sample_size;
      (filter == &first ? auxiliary : bootstrap) += size;
    }
  }
  CHECK(auxiliary > 3.0 * bootstrap);
}

TEST_CASE("Quantiles, density and samples of a Gaussian sum are those of its mixture", "[opponents]") {
  Model model = seen_on_a_line(std::make_shared<Bowl>(1, 1.0));
  const Matrix narrow = Matrix::Constant(1, 1, 0.04);
  model.initial = GaussianMixture({{3.0, Vector::Constant(1, -1.0), narrow}, {1.0, Vector::Constant(1, 2.0), narrow}});
  const GaussianSumFilter filter(model, GaussianSumOptions{});
  CHECK(filter.quantiles({0.375})(0, 0) == Approx(-1.0).margin(1e-6));  // the median of the first
  CHECK(filter.quantiles({0.875})(0, 0) == Approx(2.0).margin(1e-6));
  CHECK(filter.mean()(0) == Approx(-0.25));
  CHECK(filter.log_density(Points::Constant(1, 1, 2.0))(0) == Approx(std::log(0.25 / std::sqrt(2.0 * M_PI * 0.04))));
  CHECK(filter.sample(20000, 1).mean() == Approx(-0.25).margin(0.05));
}

TEST_CASE("The filters that approximate do not depend on the number of threads", "[opponents]") {
  const int threads = omp_get_max_threads();
  for (const char* method : kMethods) {
    CAPTURE(method);
    std::vector<Vector> means;
    for (const int n : {1, 3}) {
      omp_set_num_threads(n);
      const auto filter = make(method, ou_model(2));
      filter->predict(0.3);
      filter->update(Vector::Constant(2, 0.5));
      means.push_back(filter->mean());
    }
    CHECK(means[0] == means[1]);
  }
  omp_set_num_threads(threads);
}
