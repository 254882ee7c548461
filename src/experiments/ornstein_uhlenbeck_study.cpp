#include "src/experiments/ornstein_uhlenbeck_study.hpp"

#include <spdlog/fmt/fmt.h>

#include <Eigen/Cholesky>
#include <Eigen/QR>
#include <algorithm>

#include "filter/random.hpp"
#include "filter/reference/kalman_filter.hpp"
#include "jko/divergence.hpp"
#include "jko/energy_distance.hpp"
#include "jko/linear_gaussian.hpp"
#include "jko/quadratic.hpp"
#include "src/config.hpp"
#include "src/device.hpp"
#include "src/experiments/ornstein_uhlenbeck_methods.hpp"
#include "src/experiments/ornstein_uhlenbeck_report.hpp"
#include "src/experiments/seed.hpp"
#include "src/experiments/study_config.hpp"
#include "src/stopwatch.hpp"

namespace jko {
namespace {

using nlohmann::ordered_json;

std::vector<std::string> known_process_methods() {
  std::vector<std::string> names;
  for (const EvolvingMethod& method : evolving_methods()) names.push_back(method.name);
  return names;
}

/// Uniformly distributed: the factor Q of a Gaussian matrix, with the signs that make the other factor's diagonal
/// positive (Mezzadri 2007).
Matrix random_rotation(Index d, std::uint64_t seed) {
  Matrix gaussian(d, d);
  fill_standard_normal(seed, 0, gaussian);
  const Eigen::HouseholderQR<Matrix> qr(gaussian);
  const Vector signs = qr.matrixQR().diagonal().unaryExpr([](double r) { return r < 0.0 ? -1.0 : 1.0; });
  return Matrix(qr.householderQ()) * signs.asDiagonal();
}

/// How far the law that has `draws` is from a normal one with `mean` and `covariance`.
double variance_unexplained_by(const Points& draws, const Vector& mean, const Matrix& covariance) {
  const Vector own_mean = draws.colwise().mean().transpose();
  const Points apart = draws.rowwise() - own_mean.transpose();
  const Matrix own_covariance = apart.transpose() * apart / static_cast<double>(draws.rows() - 1);
  return unexplained_variance(own_mean, own_covariance, mean, covariance);
}

}  // namespace

Model ornstein_uhlenbeck_process(Index dimension, std::uint64_t seed) {
  const Matrix Q = random_rotation(dimension, seed);
  Matrix u(dimension, 1), b(dimension, 1);
  fill_uniform(seed, 1, u);
  fill_standard_normal(seed, 2, b);
  const Vector rates = (1.0 + u.array()).inverse();
  const Matrix A = Q * rates.asDiagonal() * Q.transpose();
  const Matrix symmetric = 0.5 * (A + A.transpose());
  const Matrix unit = Matrix::Identity(dimension, dimension);
  // Nothing is observed; the Kalman filter, exact here, wants an observation that could be.
  return {std::make_shared<Quadratic>(symmetric, symmetric * b), 1.0, GaussianMixture::standard(dimension),
          std::make_shared<LinearGaussian>(unit, unit)};
}

OrnsteinUhlenbeckStudy::OrnsteinUhlenbeckStudy(const StudyOptions& options) : seed_(options.seed) {
  const StudyConfig config(options, "ornstein-uhlenbeck");
  dimensions_ = config.dimensions(1, 64, {1, 2, 4, 8});
  repeats_ = config.repeats(3);
  methods_ = config.methods(known_process_methods(), {"jko", "particles_1000", "particles_10000"});
  const ConfigReader jko = config.root().section_or_empty("filter");
  jko_ = jko.build("", [&] {
    JkoOptions read = read_jko(jko);
    read.engine = engine_in_use();
    const JkoFilter trial(ornstein_uhlenbeck_process(1, 0), read);  // throws if an option is out of range
    return read;
  });
  jko.finish();
  euler_step_ = config.root().number("euler_step", Range::between(1e-6, 0.1), 1e-3);
  draws_ = config.root().integer("draws", 256, 1'000'000, 4096);
  config.refuse_files();
  config.finish();
}

ordered_json OrnsteinUhlenbeckStudy::settings() const {
  return {{"study", "ornstein-uhlenbeck"},
          {"seed", seed_},
          {"filter", settings_of(jko_)},
          {"euler_step", euler_step_},
          {"draws", draws_}};
}

std::vector<StudyTask> OrnsteinUhlenbeckStudy::tasks() const {
  std::vector<StudyTask> tasks;
  for (const Index d : dimensions_) {
    for (Index repeat = 0; repeat < repeats_; ++repeat) {
      for (const std::string& method : methods_) {
        const Entry entry{d, repeat, method};
        tasks.push_back({fmt::format("d{:02}-r{:02}-{}", d, repeat, method),
                         fmt::format("D = {}, repeat {}, {}", d, repeat + 1, method), evolving_method(method).cost(d),
                         [this, entry] { return run(entry); }});
      }
    }
  }
  return tasks;
}

// SymKL is by quadrature where there is one, else the balanced mean over draws of both laws, for all methods alike
// (divergence.hpp). The mean over the exact law's draws alone would do for a density as close as the JKO filter's, but
// in twelve dimensions the kernels' one is so far that a few draws decide it, if any; the textbook's difference of two
// means
// (`sym_kl_two_sided`, what the published figures are) would do for the kernels, but has more noise than the JKO filter
// has error.
//
// A law of particles has no density: SymKL is that of its kernel density, while BW₂²-UVP and energy distance are those
// of the particles, which kernels would only widen.
ordered_json OrnsteinUhlenbeckStudy::run(const Entry& entry) const {
  const auto seed = [&](std::int64_t purpose) { return seed_for(seed_, {entry.dimension, entry.repeat, purpose}); };
  const Model model = ornstein_uhlenbeck_process(entry.dimension, seed(0));
  const auto law = evolving_method(entry.method).make(model, jko_, euler_step_, seed(1));
  Filter& filter = law->filter();
  KalmanFilter exact(model);
  ordered_json times, sym_kl, two_sided, uvp, uvp_of_draws, energy, energy_of_draws, seconds;
  int fallbacks = 0;
  Stopwatch watch;
  for (int k = 1; k <= kOrnsteinUhlenbeckTimes; ++k) {
    const double t = 0.1 * k;
    watch.start();
    fallbacks += filter.predict(t).fallback;
    watch.stop();
    exact.predict(t);
    const Points own = filter.sample(draws_, seed(10 * k)), truth = exact.sample(draws_, seed(10 * k + 1));
    const Points again = exact.sample(draws_, seed(10 * k + 2));
    const DrawnDivergence drawn = symmetric_kl(filter, exact, law->density_draws(own, seed(10 * k + 3)), truth);
    times.push_back(t);
    sym_kl.push_back(entry.dimension <= 2 ? symmetric_kl(filter, exact) : drawn.balanced);
    two_sided.push_back(drawn.two_sided);
    uvp.push_back(variance_unexplained_by(own, exact.mean(), exact.covariance()));
    uvp_of_draws.push_back(variance_unexplained_by(again, exact.mean(), exact.covariance()));
    energy.push_back(energy_distance(own, truth));
    energy_of_draws.push_back(energy_distance(again, truth));
    seconds.push_back(watch.total_seconds());
  }
  return {{"dimension", entry.dimension},
          {"repeat", entry.repeat},
          {"method", entry.method},
          {"t", times},
          {"sym_kl", sym_kl},
          {"sym_kl_two_sided", two_sided},
          {"bw_uvp", uvp},
          {"bw_uvp_of_draws", uvp_of_draws},
          {"energy_distance", energy},
          {"energy_distance_of_draws", energy_of_draws},
          {"seconds", seconds},
          {"fallbacks", fallbacks}};
}

StudyReport OrnsteinUhlenbeckStudy::report(const std::vector<ordered_json>& results) const {
  return ornstein_uhlenbeck_report(dimensions_, methods_, repeats_, results);
}

}  // namespace jko
