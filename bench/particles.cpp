// How many particle steps a second the bootstrap filter makes: one step moves one particle once in all its coordinates.
//
//   build/bench_particles [--repetitions N]
//
// The best of N predictions of 100 steps. Prints figures and never fails.

#include <omp.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "filter/reference/particle_filter.hpp"
#include "jko/double_well.hpp"
#include "jko/linear_gaussian.hpp"
#include "jko/quadratic.hpp"
#include "jko/sine_well.hpp"

using namespace jko;

namespace {

Model with_potential(std::shared_ptr<const Potential> potential) {
  const Index d = potential->dimension();
  return {std::move(potential), 1.0, GaussianMixture::standard(d),
          std::make_shared<LinearGaussian>(Matrix::Identity(d, d), Matrix::Identity(d, d))};
}

Model ornstein_uhlenbeck(Index d) {
  const Matrix root = GaussianMixture::standard(d).sample(d, 1, 0);
  return with_potential(
      std::make_shared<Quadratic>(root * root.transpose() / d + Matrix::Identity(d, d), Vector::Ones(d)));
}

struct Rates {
  double steps = 0.0;    ///< particle steps a second, while predicting
  double updates = 0.0;  ///< particles a second, through an update and the resampling that it brings
};

Rates measure(const Model& model, Index particles, Integrator integrator, int threads, int repetitions) {
  using Clock = std::chrono::steady_clock;
  const auto seconds = [](Clock::time_point since) {
    return std::chrono::duration<double>(Clock::now() - since).count();
  };
  const double step = 2.5e-3;
  omp_set_num_threads(threads);
  ParticleOptions options;
  options.particles = particles;
  options.step = step;
  options.resample_below = 1.0;
  options.integrator = integrator;
  ParticleFilter filter(model, options);
  // An update and the resampling in the next prediction: what they add to a prediction of one step.
  double plain = 1e9, updating = 1e9, predicting = 1e9, t = model.start_time;
  int steps = 0;
  for (int k = 0; k < repetitions; ++k) {
    Clock::time_point start = Clock::now();
    filter.predict(t += step);
    plain = std::min(plain, seconds(start));
    start = Clock::now();
    filter.update(Vector::Ones(model.dimension()));
    filter.predict(t += step);
    updating = std::min(updating, seconds(start));
    start = Clock::now();
    steps = filter.predict(t += 100 * step).steps;
    predicting = std::min(predicting, seconds(start));
  }
  const auto n = static_cast<double>(particles);
  return {n * steps / predicting, n / std::max(updating - plain, 1e-9)};
}

}  // namespace

int main(int argc, char** argv) {
  int repetitions = 20;
  CLI::App app("Particle steps a second of the bootstrap filter");
  app.add_option("--repetitions", repetitions, "of each measurement, of which the best counts")
      ->check(CLI::Range(1, 1000));
  CLI11_PARSE(app, argc, argv);

  const int all = omp_get_max_threads();
  std::vector<int> threads{1};
  if (all > 1) threads.push_back(all);
  const std::vector<std::pair<std::string, Model>> problems = {
      {"sine well, D = 1", with_potential(std::make_shared<SineWell>(1))},
      {"double well, D = 2", with_potential(std::make_shared<DoubleWell>(Vector::Ones(2), Vector::Ones(2)))},
      {"quadratic, D = 4", ornstein_uhlenbeck(4)},
      {"quadratic, D = 8", ornstein_uhlenbeck(8)},
  };
  std::printf("%-20s %10s %8s %14s %14s %14s\n", "problem", "particles", "threads", "Euler steps/s", "Heun steps/s",
              "updates/s");
  for (const auto& [name, model] : problems) {
    for (const Index particles : {10'000, 100'000, 1'000'000}) {
      for (const int n : threads) {
        const int times = particles < 1'000'000 ? repetitions : (repetitions + 3) / 4;
        const Rates euler = measure(model, particles, Integrator::euler_maruyama, n, times);
        const Rates heun = measure(model, particles, Integrator::heun, n, times);
        std::printf("%-20s %10td %8d %14.3g %14.3g %14.3g\n", name.c_str(), particles, n, euler.steps, heun.steps,
                    std::max(euler.updates, heun.updates));
        std::fflush(stdout);
      }
    }
  }
  return 0;
}
