#include "jko/jko_filter.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>

#include "filter/belief.hpp"
#include "filter/reference/grid_filter.hpp"
#include "jko/double_well.hpp"
#include "jko/mixture_potential.hpp"
#include "jko/nonlinear.hpp"
#include "jko/quadratic.hpp"
#include "jko/sine_well.hpp"
#include "jko/stochastic_volatility.hpp"
#include "tests/filter/filter_tester.hpp"
#include "tests/filter/random_map.hpp"
#include "tests/filter/test_models.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

Model sine_well() {
  return {std::make_shared<SineWell>(1), 1.0, GaussianMixture::standard(1),
          std::make_shared<LinearGaussian>(Matrix::Identity(1, 1), Matrix::Identity(1, 1))};
}

/// A path of the model by Euler-Maruyama, observed every `interval`.
std::vector<Vector> simulate(const Model& model, double interval, int count, unsigned seed) {
  const Index d = model.dimension();
  const int steps = 500;
  const double dt = interval / steps;
  RandomEngine engine(seed);
  Points x = model.initial.sample(1, seed, 0), force(1, d), noise(1, d);
  std::vector<Vector> observations;
  for (int k = 0; k < count; ++k) {
    for (int s = 0; s < steps; ++s) {
      model.potential->gradient(x, k * interval + s * dt, force);
      fill_standard_normal(seed, 1 + k * steps + s, noise);
      x += -dt * force + std::sqrt(2.0 * dt * model.temperature()) * noise;
    }
    observations.push_back(model.observation->sample(x.row(0).transpose(), (k + 1) * interval, engine));
  }
  return observations;
}

double median_of(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

}  // namespace

TEST_CASE("The JKO filter agrees with Kalman: mean, covariance, evidence", "[jko_filter]") {
  for (const Index d : {1, 2, 4}) {
    CAPTURE(d);
    const Model model = ou_model(d);
    JkoOptions options;
    options.step = 0.125;
    JkoFilter filter(model, options);
    const AgainstKalman result = compare_with_kalman(model, filter, d == 4 ? 4 : 8);
    CHECK(result.fallbacks == 0);
    CHECK(result.mean_error < 0.05);
    CHECK(result.symmetric_kl < (d <= 2 ? 1e-3 : 0.01));
    CHECK(std::abs(result.log_evidence_error) < 0.1);
  }
}

TEST_CASE("20 observations of an Ornstein-Uhlenbeck process in 1, 2, 4 and 8 dimensions", "[jko_filter][accuracy]") {
  for (const Index d : {1, 2, 4, 8}) {
    CAPTURE(d);
    const Model model = ou_model(d);
    JkoOptions options;
    options.step = 0.125;
    JkoFilter filter(model, options);
    const AgainstKalman result = compare_with_kalman(model, filter, 20, false);
    CHECK(result.mean_error < 0.05);
    CHECK(result.symmetric_kl < 0.02);
  }
}

TEST_CASE("Sine well, 15 recordings: the density at t = 5 against the grid", "[jko_filter][accuracy]") {
  std::vector<double> divergence;
  for (unsigned seed = 0; seed < 15; ++seed) {
    const Model model = sine_well();
    JkoOptions options;
    options.step = 0.1;
    JkoFilter filter(model, options);
    GridOptions grid_options;
    grid_options.domain = {{-10.0, 10.0}};
    grid_options.step = 1e-3;
    GridFilter grid(model, grid_options);
    double t = 0.0;
    for (const Vector& y : simulate(model, 0.5, 9, seed)) {
      t += 0.5;
      CHECK_FALSE(filter.predict(t).fallback);
      grid.predict(t);
      filter.update(y);
      grid.update(y);
    }
    filter.predict(5.0);
    grid.predict(5.0);
    divergence.push_back(symmetric_kl(filter, grid));
  }
  CHECK(median_of(divergence) < 1e-3);
  CHECK(*std::max_element(divergence.begin(), divergence.end()) < 5e-3);
}

TEST_CASE("Sine well: one recording, both schemes, BDF2 the more accurate one", "[jko_filter]") {
  const Model model = sine_well();
  const std::vector<Vector> observations = simulate(model, 0.5, 2, 4);
  double error[2];
  for (const Scheme scheme : {Scheme::jko, Scheme::bdf2}) {
    JkoOptions options;
    options.step = 0.1;
    options.scheme = scheme;
    JkoFilter filter(model, options);
    GridOptions grid_options;
    grid_options.domain = {{-10.0, 10.0}};
    GridFilter grid(model, grid_options);
    for (int k = 0; k < 2; ++k) {
      for (Filter* f : {static_cast<Filter*>(&filter), static_cast<Filter*>(&grid)}) {
        f->predict(0.5 * (k + 1));
        f->update(observations[k]);
      }
    }
    error[scheme == Scheme::bdf2] = symmetric_kl(filter, grid);
  }
  CHECK(error[0] < 1e-2);
  CHECK(error[1] < 5e-4);
  CHECK(error[1] < 0.5 * error[0]);
}

TEST_CASE("Stochastic volatility: evidence and mean follow the grid's", "[jko_filter]") {
  const double sigma = 0.215;
  const Model model{std::make_shared<Quadratic>(Matrix::Constant(1, 1, 0.04), Vector::Constant(1, -0.04 * 0.24)),
                    2.0 / (sigma * sigma),
                    GaussianMixture::gaussian(Vector::Constant(1, -0.24), Matrix::Constant(1, 1, sigma * sigma / 0.08)),
                    std::make_shared<StochasticVolatility>(1)};
  JkoFilter filter(model, JkoOptions{});
  GridOptions grid_options;
  grid_options.horizon = 100.0;
  GridFilter grid(model, grid_options);
  double evidence = 0.0, square = 0.0;
  int k = 0;
  for (const Vector& y : simulate(model, 1.0, 40, 2)) {
    ++k;
    for (Filter* f : {static_cast<Filter*>(&filter), static_cast<Filter*>(&grid)}) f->predict(k);
    evidence += filter.update(y).log_evidence_increment - grid.update(y).log_evidence_increment;
    square += std::pow(filter.mean()(0) - grid.mean()(0), 2);
  }
  CHECK(std::abs(evidence) < 0.02);
  CHECK(std::sqrt(square / k) < 0.01);
}

TEST_CASE("A double well in the plane seen by its distance from a beacon, against the grid", "[jko_filter][accuracy]") {
  const Model model{std::make_shared<DoubleWell>(Vector::Ones(2), Vector::Ones(2)), 2.0, GaussianMixture::standard(2),
                    std::make_shared<NonlinearObservation>(std::vector<std::string>{"sqrt((x0 - 2)**2 + (x1 + 1)**2)"},
                                                           2, Noise::gaussian(Vector::Constant(1, 0.2)))};
  JkoFilter filter(model, JkoOptions{});
  GridOptions grid_options;
  grid_options.horizon = 10.0;
  GridFilter grid(model, grid_options);
  std::vector<double> divergence;
  double t = 0.0;
  for (const Vector& y : simulate(model, 0.5, 20, 1)) {
    t += 0.5;
    for (Filter* f : {static_cast<Filter*>(&filter), static_cast<Filter*>(&grid)}) {
      f->predict(t);
      f->update(y);
    }
    divergence.push_back(symmetric_kl(filter, grid));
  }
  CHECK(median_of(divergence) < 0.05);
}

TEST_CASE("The law of a double well spreads as on a grid, also where the flow pulls the nodes apart",
          "[jko_filter][accuracy]") {
  const Model model{std::make_shared<DoubleWell>(Vector::Ones(2), Vector::Ones(2)), 2.0, GaussianMixture::standard(2),
                    std::make_shared<LinearGaussian>(Matrix::Identity(2, 2), Matrix::Identity(2, 2))};
  JkoOptions options;
  options.step = 0.05;
  JkoFilter filter(model, options);
  GridOptions grid_options;
  grid_options.horizon = 4.0;
  GridFilter grid(model, grid_options);
  filter.predict(0.5);
  grid.predict(0.5);
  CHECK(symmetric_kl(filter, grid) < 1e-4);
}

TEST_CASE("A law that an unexpected range has bent around its beacon relaxes as on a grid", "[jko_filter][accuracy]") {
  const Model model{std::make_shared<DoubleWell>(Vector::Ones(2), Vector::Ones(2)), 2.0, GaussianMixture::standard(2),
                    std::make_shared<NonlinearObservation>(std::vector<std::string>{"sqrt((x0 - 2)**2 + (x1 + 1)**2)"},
                                                           2, Noise::gaussian(Vector::Constant(1, 0.2)))};
  JkoOptions options;
  options.step = 0.05;
  options.widths = {216};
  options.nodes = 3600;
  JkoFilter filter(model, options);
  GridOptions grid_options;
  grid_options.horizon = 4.0;
  GridFilter grid(model, grid_options);
  for (Filter* f : {static_cast<Filter*>(&filter), static_cast<Filter*>(&grid)}) {
    f->update(Vector::Constant(1, 3.0));  // the middle of the law is 2.2 from the beacon
    f->predict(0.5);
  }
  CHECK(symmetric_kl(filter, grid) < 2e-3);
}

TEST_CASE("New nodes in the middle of a prediction leave second-order steps unbroken", "[jko_filter]") {
  JkoOptions options;
  options.step = 0.05;
  options.chain = 24;
  JkoFilter one_chain(ou_model(1), options);
  options.chain = 2;
  JkoFilter many_chains(ou_model(1), options);
  one_chain.predict(1.0);
  many_chains.predict(1.0);
  // Steps that start again, short and of first order, would differ by 5e-6.
  CHECK(symmetric_kl(one_chain.mean(), one_chain.covariance(), many_chains.mean(), many_chains.covariance()) < 1e-9);
}

TEST_CASE("Cost and memory of an observation do not grow with their number", "[jko_filter][optimised]") {
  const Model model = sine_well();
  JkoOptions options;
  options.step = 0.5;
  options.nodes = 128;
  options.widths = {24};
  JkoFilter filter(model, options);
  RandomEngine engine(1);
  int early = 0, late = 0;
  for (int k = 1; k <= 2000; ++k) {
    const int work = filter.predict(0.5 * k).iterations;
    filter.update(Vector::Constant(1, std::sin(0.1 * k)));
    if (k > 20 && k <= 120) early += work;
    if (k > 1900) late += work;
    CHECK(filter.belief().chain_length() <= 4);
    CHECK(filter.belief().nodes().x.rows() <= 160);
  }
  CHECK(late < 1.2 * early);
}

TEST_CASE("The chain stays bounded without observations too", "[jko_filter]") {
  for (const Index d : {1, 3}) {
    JkoOptions options;
    options.step = 0.25;
    options.chain = 6;
    options.nodes = 512;
    JkoFilter filter(ou_model(d), options);
    KalmanFilter kalman(ou_model(d));
    filter.predict(5.0);
    kalman.predict(5.0);
    CHECK(filter.belief().maps() <= 10);
    CHECK(symmetric_kl(filter.mean(), filter.covariance(), kalman.mean(), kalman.covariance()) <
          (d == 1 ? 1e-3 : 0.02));
  }
}

TEST_CASE("A missing observation changes nothing but the log", "[jko_filter]") {
  for (const Index d : {1, 2, 3}) {
    JkoOptions options;
    options.nodes = d == 1 ? 512 : 1024;
    JkoFilter filter(ou_model(d), options);
    filter.predict(0.2);
    const Vector mean = filter.mean();
    const UpdateSummary seen = filter.update(Vector::Constant(d, std::nan("")));
    CHECK(seen.log_evidence_increment == Approx(0.0).margin(1e-4));
    CHECK((filter.mean() - mean).norm() < 2e-3);
  }
}

TEST_CASE("A potential that cannot be evaluated is flagged, and the law stays finite", "[jko_filter]") {
  Model model = ou_model(1);
  model.potential = std::make_shared<BrokenPotential>(1);
  JkoOptions options;
  options.step = 0.1;
  JkoFilter filter(model, options);
  CHECK(filter.predict(0.3).fallback);
  CHECK(filter.update(Vector::Zero(1)).possible());
  CHECK(filter.mean().allFinite());
  CHECK(filter.log_density(filter.sample(10, 1)).allFinite());
}

TEST_CASE("Same seed, same law, bit for bit, on any number of threads", "[jko_filter]") {
  const int threads = omp_get_max_threads();
  for (const Index d : {1, 2, 3}) {
    std::vector<Vector> results;
    for (const int n : {1, 2, 2}) {
      omp_set_num_threads(n);
      JkoOptions options;
      options.step = 0.2;
      options.nodes = 600;
      JkoFilter filter(ou_model(d), options);
      filter.predict(0.4);
      filter.update(Vector::Constant(d, 0.3));
      filter.predict(0.6);
      results.push_back(filter.mean());
    }
    CHECK(results[0] == results[1]);
    CHECK(results[1] == results[2]);
  }
  omp_set_num_threads(threads);
}

TEST_CASE("Quantiles of a Gaussian law are those of the normal distribution", "[jko_filter]") {
  JkoFilter filter(ou_model(2), JkoOptions{});
  const Matrix q = filter.quantiles({0.05, 0.5, 0.95});
  for (Index k = 0; k < 2; ++k) {
    CHECK(q(0, k) == Approx(-1.6449).margin(0.02));
    CHECK(q(1, k) == Approx(0.0).margin(0.02));
    CHECK(q(2, k) == Approx(1.6449).margin(0.02));
  }
}

TEST_CASE("Nodes that are drawn anew for each step carry the density that the maps give them", "[jko_filter]") {
  JkoOptions options;
  options.step = 0.1;
  options.nodes = 512;
  options.redraw = true;
  options.solver = Solver::pooled;
  const Model model = ou_model(3);
  JkoFilter filter(model, options);
  const Points first = filter.belief().nodes().x;
  filter.predict(0.3);
  const Nodes& nodes = filter.belief().nodes();
  CHECK((filter.log_density(nodes.x) - nodes.log_density).cwiseAbs().maxCoeff() < 1e-6);
  CHECK(nodes.effective_sample_size() == Approx(512.0));
  // They are others than those of the beginning, moved along.
  JkoOptions once = options;
  once.redraw = false;
  JkoFilter kept(model, once);
  kept.predict(0.3);
  CHECK((kept.belief().nodes().origin - first).norm() == 0.0);
  CHECK((nodes.x - kept.belief().nodes().x).norm() > 1.0);
}

TEST_CASE("Nodes carry the score of the law until something is observed", "[jko_filter]") {
  const Index d = 3;
  for (const bool redraw : {false, true}) {
    JkoOptions options;
    options.step = 0.1;
    options.nodes = 256;
    options.redraw = redraw;
    const Model model = ou_model(d);
    JkoFilter filter(model, options);
    filter.predict(0.3);
    const Nodes& nodes = filter.belief().nodes();
    for (Index k = 0; k < d; ++k) {
      Points up = nodes.x, down = nodes.x;
      up.col(k).array() += 1e-3;
      down.col(k).array() -= 1e-3;
      const Vector slope = (filter.log_density(up) - filter.log_density(down)) / 2e-3;
      CHECK((slope - nodes.score.col(k)).norm() < 1e-3 * slope.norm());
    }
    JkoFilter restored(model, options);
    restored.restore(filter.state());
    CHECK(restored.belief().nodes().score == nodes.score);
    filter.update(Vector::Zero(model.observation->observation_dimension()));
    CHECK(filter.belief().nodes().score.size() == 0);
  }
}

// Four wells further apart than diffusion reaches: each keeps the mass that flowed into it, and is a normal law in the
// end.
TEST_CASE("A law that is pushed forward by a map has the density that the Jacobian gives it", "[jko_filter]") {
  for (const Index d : {1, 2, 4}) {
    CAPTURE(d);
    JkoOptions options;
    options.step = 0.1;
    JkoFilter filter(ou_model(d), options);
    filter.predict(0.2);
    const JkoFilter before = filter;
    const ConvexMap map = random_map(d, {3}, 40);
    filter.push_forward(map);
    CHECK(filter.time() == before.time());
    const Points x = before.sample(200, 1);
    const MapValue moved = apply(map, x);
    const Vector expected = before.log_density(x) - moved.log_det;
    CHECK((filter.log_density(moved.image) - expected).cwiseAbs().maxCoeff() < 1e-7);
    const MapValue nodes = apply(map, before.belief().nodes().x);
    CHECK((filter.mean() - nodes.image.transpose() * before.belief().nodes().weights).norm() < 1e-12);
    CHECK(filter.sample(200, 1).isApprox(moved.image, 1e-12));
    CHECK_THROWS_AS(filter.push_forward(random_map(d + 1, {}, 40)), std::invalid_argument);
  }
}

TEST_CASE("Without nodes that are held out, a long step finds a normal law as exactly as its nodes are one",
          "[jko_filter]") {
  const Index d = 5;
  const Matrix root = random_points(d, d, 8) + 3.0 * Matrix::Identity(d, d), precision = root * root.transpose() / 9.0;
  const Vector mean = 0.3 * random_points(d, 1, 9);
  const Matrix unit = Matrix::Identity(d, d);
  const Model model{std::make_shared<Quadratic>(precision, precision * mean), 1.0, GaussianMixture::standard(d),
                    std::make_shared<LinearGaussian>(unit, unit)};
  const auto error = [&](bool hold_out) {
    JkoOptions options;
    options.scheme = Scheme::jko;
    options.solver = Solver::lbfgs;
    options.widths = {2};
    options.nodes = 256;
    options.tolerance = 1e-6;
    options.iterations = 300;
    options.hold_out = hold_out;
    JkoFilter filter(model, options);
    StepPlan plan = filter.plan(1e4, 1);
    CHECK((!filter.step(plan, {}).fallback || hold_out));
    return (filter.mean() - mean).norm() + (filter.covariance() * precision - unit).norm();
  };
  const double all = error(false), held_out = error(true);
  CHECK(all < 0.05);
  CHECK(all < 0.5 * held_out);
}

TEST_CASE("A pooled map parts a law among many wells, with the right density in each", "[jko_filter][accuracy]") {
  const Index d = 3;
  std::vector<GaussianMixture::Component> wells;
  for (const auto& at : {Vector{{4.0, 0.0, 1.0}}, Vector{{-3.0, 3.0, -2.0}}, Vector{{-2.0, -4.0, 0.0}}}) {
    wells.push_back({1.0, at, Matrix::Identity(d, d)});
  }
  const GaussianMixture law(wells);
  const Model model{std::make_shared<MixturePotential>(law), 1.0,
                    GaussianMixture::gaussian(Vector::Zero(d), 9.0 * Matrix::Identity(d, d)), nullptr};
  JkoOptions options;
  options.scheme = Scheme::jko;
  options.step = 0.1;
  options.nodes = 2048;
  options.redraw = true;
  options.chain = 100;
  options.solver = Solver::pooled;
  JkoFilter filter(model, options);
  CHECK_FALSE(filter.predict(4.0).fallback);
  // The share of each well, by which of them is nearest to a draw.
  const Points draws = filter.sample(8000, 1);
  std::vector<GaussianMixture::Component> reached = wells;
  for (std::size_t k = 0; k < wells.size(); ++k) {
    double share = 0.0;
    for (Index i = 0; i < draws.rows(); ++i) {
      const auto distance = [&](std::size_t j) { return (draws.row(i).transpose() - wells[j].mean).norm(); };
      share += distance(k) <= distance(0) && distance(k) <= distance(1) && distance(k) <= distance(2);
    }
    reached[k].weight = share;
    CHECK(share > 1000.0);
  }
  const GaussianMixture relaxed(reached);
  const Points truth = relaxed.sample(8000, 2, 0);
  const double forward = (filter.log_density(draws) - relaxed.log_density(draws)).mean();
  const double backward = (relaxed.log_density(truth) - filter.log_density(truth)).mean();
  CHECK(forward + backward < 0.06);
}

TEST_CASE("Options out of range are refused", "[jko_filter]") {
  JkoOptions options;
  options.step = -1.0;
  CHECK_THROWS_AS(JkoFilter(ou_model(1), options), std::invalid_argument);
  options = {};
  options.nodes = 3;
  CHECK_THROWS_AS(JkoFilter(ou_model(1), options), std::invalid_argument);
  options = {};
  options.solver = Solver::newton;
  options.widths = {8, 8};
  CHECK_THROWS_AS(JkoFilter(ou_model(1), options), std::invalid_argument);
  options.solver = Solver::pooled;
  CHECK_THROWS_AS(JkoFilter(ou_model(1), options), std::invalid_argument);
  options.widths = {1};
  CHECK_THROWS_AS(JkoFilter(ou_model(1), options), std::invalid_argument);
  options = {};
  options.tolerance = -1.0;
  CHECK_THROWS_AS(JkoFilter(ou_model(1), options), std::invalid_argument);
}
