// How accurate and how fast: the JKO filter and the methods that it is compared with, side by side in one run.
//
//   build/bench_filtering [--seeds N]
//
// Every row is a method on a problem; the truth is a fine grid, or the Kalman filter where it is exact. Prints figures
// and never fails.

#include <CLI/CLI.hpp>
#include <Eigen/QR>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>

#include "filter/divergence.hpp"
#include "filter/jko_filter.hpp"
#include "filter/model/double_well.hpp"
#include "filter/model/nonlinear.hpp"
#include "filter/model/sine_well.hpp"
#include "filter/reference/grid_filter.hpp"
#include "filter/reference/kalman_filter.hpp"
#include "filter/reference/particle_filter.hpp"

using namespace jko;

namespace {

struct Problem {
  std::string name;
  Model model;
  double interval;
  int observations;
  double until;  ///< end of the recording; the law there is what is compared
};

struct Row {
  std::vector<double> symmetric_kl, seconds, evidence_error;
  int fallbacks = 0;
};

std::vector<Vector> simulate(const Problem& p, unsigned seed) {
  const Index d = p.model.dimension();
  const int steps = 1000;
  const double dt = p.interval / steps;
  RandomEngine engine(seed);
  Points x = p.model.initial.sample(1, seed, 0), force(1, d), noise(1, d);
  std::vector<Vector> observations;
  for (int k = 0; k < p.observations; ++k) {
    for (int s = 0; s < steps; ++s) {
      p.model.potential->gradient(x, 0.0, force);
      fill_standard_normal(seed, 1 + k * steps + s, noise);
      x += -dt * force + std::sqrt(2.0 * dt * p.model.temperature()) * noise;
    }
    observations.push_back(p.model.observation->sample(x.row(0).transpose(), (k + 1) * p.interval, engine));
  }
  return observations;
}

struct Result {
  double log_evidence = 0.0, seconds = 0.0;
  int fallbacks = 0;
};

Result run(Filter& filter, const Problem& p, const std::vector<Vector>& observations) {
  Result result;
  const auto start = std::chrono::steady_clock::now();
  for (int k = 0; k < p.observations; ++k) {
    result.fallbacks += filter.predict((k + 1) * p.interval).fallback;
    result.log_evidence += filter.update(observations[k]).log_evidence_increment;
  }
  result.fallbacks += filter.predict(p.until).fallback;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

double median(std::vector<double> v) {
  std::nth_element(v.begin(), v.begin() + v.size() / 2, v.end());
  return v[v.size() / 2];
}

using MakeFilter = std::function<std::unique_ptr<Filter>(const Model&)>;

std::string only;  // problems whose name holds this

void benchmark(const Problem& p, int seeds, const MakeFilter& truth,
               const std::vector<std::pair<std::string, MakeFilter>>& methods) {
  if (p.name.find(only) == std::string::npos) return;
  std::vector<Row> rows(methods.size());
  for (int seed = 0; seed < seeds; ++seed) {
    const std::vector<Vector> observations = simulate(p, seed);
    const auto exact = truth(p.model);
    const Result reference = run(*exact, p, observations);
    for (std::size_t m = 0; m < methods.size(); ++m) {
      const auto filter = methods[m].second(p.model);
      const Result result = run(*filter, p, observations);
      rows[m].symmetric_kl.push_back(symmetric_kl(*filter, *exact));
      rows[m].seconds.push_back(result.seconds);
      rows[m].evidence_error.push_back(std::abs(result.log_evidence - reference.log_evidence));
      rows[m].fallbacks += result.fallbacks;
    }
  }
  for (std::size_t m = 0; m < methods.size(); ++m) {
    const Row& row = rows[m];
    std::printf("%-22s %-20s %5d %10.2e %10.2e %10.1e %9.3f %9.1f %6d\n", p.name.c_str(), methods[m].first.c_str(),
                seeds, median(row.symmetric_kl), *std::max_element(row.symmetric_kl.begin(), row.symmetric_kl.end()),
                median(row.evidence_error), median(row.seconds), p.until / median(row.seconds), row.fallbacks);
    std::fflush(stdout);
  }
}

MakeFilter jko_filter(Scheme scheme, double step) {
  return [=](const Model& model) {
    JkoOptions options;
    options.scheme = scheme;
    options.step = step;
    return std::make_unique<JkoFilter>(model, options);
  };
}

MakeFilter bootstrap_filter(Index particles, double step) {
  return [=](const Model& model) {
    ParticleOptions options;
    options.particles = particles;
    options.step = step;
    return std::make_unique<ParticleFilter>(model, options);
  };
}

MakeFilter grid_filter(double half_width) {
  return [=](const Model& model) {
    GridOptions options;
    options.domain.assign(model.dimension(), {-half_width, half_width});
    if (model.dimension() == 1) options.step = 1e-3;
    return std::make_unique<GridFilter>(model, options);
  };
}

Model ornstein_uhlenbeck(Index d) {
  // Rates from 0.5 to 2 along random orthogonal axes.
  const Matrix U = Eigen::HouseholderQR<Matrix>(GaussianMixture::standard(d).sample(d, 1, 0)).householderQ();
  const Matrix A = U * Vector::LinSpaced(d, 0.5, 2.0).asDiagonal() * U.transpose();
  return {std::make_shared<Quadratic>(0.5 * (A + A.transpose()), Vector::Ones(d)), 1.0, GaussianMixture::standard(d),
          std::make_shared<LinearGaussian>(Matrix::Identity(d, d), 0.25 * Matrix::Identity(d, d))};
}

}  // namespace

int main(int argc, char** argv) {
  int seeds = 15;
  CLI::App app("How accurate and how fast: all methods, side by side");
  app.add_option("--seeds", seeds, "simulated recordings of the sine well (others: a fifth of them)")
      ->check(CLI::Range(1, 1000));
  app.add_option("--only", only, "only the problems whose name holds this");
  CLI11_PARSE(app, argc, argv);
  const int few = std::max(1, seeds / 5);

  std::printf("%-22s %-20s %5s %10s %10s %10s %9s %9s %6s\n", "problem", "method", "seeds", "SymKL", "worst",
              "evidence", "seconds", "realtime", "plain");
  const Model sine{std::make_shared<SineWell>(1), 1.0, GaussianMixture::standard(1),
                   std::make_shared<LinearGaussian>(Matrix::Identity(1, 1), Matrix::Identity(1, 1))};
  benchmark({"sine well, t = 5", sine, 0.5, 9, 5.0}, seeds, grid_filter(10.0),
            {{"jko BDF2 0.1", jko_filter(Scheme::bdf2, 0.1)},
             {"jko BDF2 0.25", jko_filter(Scheme::bdf2, 0.25)},
             {"jko first order 0.1", jko_filter(Scheme::jko, 0.1)},
             {"bootstrap 10,000", bootstrap_filter(10000, 1e-2)},
             {"bootstrap 100,000", bootstrap_filter(100000, 1e-2)}});
  for (const Index d : {1, 2, 4, 8}) {
    benchmark(
        {"OU, D = " + std::to_string(d), ornstein_uhlenbeck(d), 0.25, 20, 5.0}, few,
        [](const Model& model) { return std::make_unique<KalmanFilter>(model); },
        {{"jko BDF2 0.125", jko_filter(Scheme::bdf2, 0.125)}, {"bootstrap 100,000", bootstrap_filter(100000, 1e-2)}});
  }
  for (const Index d : {1, 2, 4, 8, 12}) {
    benchmark({"OU law, D = " + std::to_string(d), ornstein_uhlenbeck(d), 0.25, 0, 0.9}, few,
              [](const Model& model) { return std::make_unique<KalmanFilter>(model); },
              {{"jko BDF2 0.05", jko_filter(Scheme::bdf2, 0.05)}, {"jko BDF2 0.1", jko_filter(Scheme::bdf2, 0.1)}});
  }
  const Model wells{std::make_shared<DoubleWell>(Vector::Ones(2), Vector::Ones(2)), 2.0, GaussianMixture::standard(2),
                    std::make_shared<NonlinearObservation>(std::vector<std::string>{"sqrt((x0 - 2)**2 + (x1 + 1)**2)"},
                                                           2, Noise::gaussian(Vector::Constant(1, 0.2)))};
  benchmark({"double well, D = 2", wells, 0.5, 20, 10.0}, few, grid_filter(4.0),
            {{"jko BDF2 0.1", jko_filter(Scheme::bdf2, 0.1)}, {"bootstrap 100,000", bootstrap_filter(100000, 1e-3)}});
  return 0;
}
