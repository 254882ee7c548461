#include "src/experiments/stationary_study.hpp"

#include <spdlog/fmt/fmt.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "filter/random.hpp"
#include "jko/energy_distance.hpp"
#include "jko/mixture_potential.hpp"
#include "src/config.hpp"
#include "src/device.hpp"
#include "src/experiments/published.hpp"
#include "src/experiments/seed.hpp"
#include "src/experiments/spread.hpp"
#include "src/experiments/stationary_pictures.hpp"
#include "src/experiments/study_config.hpp"
#include "src/flow_file.hpp"
#include "src/stopwatch.hpp"

namespace jko {
namespace {

using nlohmann::ordered_json;

constexpr double kInitialVariance = 16.0;
constexpr Index kMostCompared = 12;  // dimensions; in more there is a picture
constexpr Index kPicturePoints = 1000;
constexpr double kFloor = -700.0;  // of log densities, lest one draw where there is none decide alone
constexpr const char* kParticles = "particles_";
constexpr const char* kProximal = "prox_";
constexpr const char* kExact = "exact";

enum StationaryPurpose : std::int64_t { kLaw, kSolve, kDraw, kTruth };

const std::vector<std::string>& known_stationary_methods() {
  static const std::vector<std::string> kMethods = {
      "jko", "particles_1000", "particles_10000", "particles_50000", "prox_1000", kExact};
  return kMethods;
}

/// The number behind a prefix; 0 of another method.
Index count_of(const std::string& method, const std::string& prefix) {
  return method.compare(0, prefix.size(), prefix) == 0 ? std::stoll(method.substr(prefix.size())) : 0;
}

std::string counterpart(const std::string& method) {
  if (method == "jko") return "ICNN_jko";
  if (const Index n = count_of(method, kParticles)) return fmt::format("EM_sim_{}", n);
  if (const Index n = count_of(method, kProximal)) return fmt::format("EM_ProxRec_{}", n);
  return "";
}

/// A law that was found: its density, and draws of it.
struct Found {
  std::function<Vector(PointsView)> log_density;
  Points draws;
};

Vector floored(const Vector& log_density) {
  return log_density.unaryExpr([](double v) { return v > kFloor ? v : kFloor; });
}

/// KL(ρ|π) and KL(π|ρ), from draws of both.
struct Divergences {
  double forward, reverse;
};
Divergences divergences(const Found& found, const GaussianMixture& law, std::uint64_t seed) {
  const Points y = law.sample(found.draws.rows(), seed, 0);
  return {(floored(found.log_density(found.draws)) - floored(law.log_density(found.draws))).mean(),
          (floored(law.log_density(y)) - floored(found.log_density(y))).mean()};
}

GaussianMixture reweighted(const GaussianMixture& law, const Vector& shares) {
  std::vector<GaussianMixture::Component> components = law.components();
  for (std::size_t k = 0; k < components.size(); ++k) {
    components[k].weight = std::max(shares(static_cast<Index>(k)), 1e-300);
  }
  return GaussianMixture(std::move(components));
}

/// The rows of `x` on the first two principal components of `reference`.
PlanePoints projected(const Points& x, const Points& reference) {
  const Vector mean = reference.colwise().mean();
  const Points centred = reference.rowwise() - mean.transpose();
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(centred.transpose() * centred);
  const Points z = (x.rowwise() - mean.transpose()) * eigen.eigenvectors().rightCols(2);
  PlanePoints points;
  for (Index i = 0; i < std::min(z.rows(), kPicturePoints); ++i) points.push_back({z(i, 1), z(i, 0)});
  return points;
}

/// What suits many wells; a config that has `filter` starts from the filter's own defaults instead.
JkoOptions default_options() {
  JkoOptions options;
  options.scheme = Scheme::jko;
  options.step = 0.1;
  options.solver = Solver::pooled;
  options.widths = {32};
  options.nodes = 4096;
  options.chain = 200;  // all steps
  options.redraw = true;
  return options;
}

}  // namespace

GaussianMixture stationary_task_law(Index dimension, Index repeat, std::uint64_t seed) {
  const Index count = std::clamp<Index>(dimension / 2 + 4, 5, 10);
  const double span = dimension >= 32 ? 3.0 : 5.0;
  Points means(count, dimension);
  fill_uniform(seed_for(seed, {kLaw, dimension, repeat}), 0, means);
  means = (2.0 * means.array() - 1.0) * span;
  std::vector<GaussianMixture::Component> components;
  for (Index k = 0; k < count; ++k) {
    components.push_back({1.0, means.row(k).transpose(), Matrix::Identity(dimension, dimension)});
  }
  return GaussianMixture(std::move(components));
}

Model stationary_task(const GaussianMixture& law) {
  const Index d = law.dimension();
  return {std::make_shared<MixturePotential>(law), 1.0,
          GaussianMixture::gaussian(Vector::Zero(d), kInitialVariance * Matrix::Identity(d, d)), nullptr};
}

Vector mode_shares(const GaussianMixture& law, PointsView x) {
  Vector shares(static_cast<Index>(law.components().size()));
  const Vector whole = law.log_density(x);
  for (Index k = 0; k < shares.size(); ++k) {
    const auto& c = law.components()[static_cast<std::size_t>(k)];
    const Vector part = GaussianMixture::gaussian(c.mean, c.covariance).log_density(x);
    shares(k) = c.weight * (part - whole).array().exp().mean();
  }
  return shares;
}

double symmetric_kl_floor(const Vector& shares, Index count) {
  const double equal = 1.0 / static_cast<double>(shares.size());
  const Eigen::ArrayXd p = shares.array().max(1.0 / static_cast<double>(count));
  return ((p - equal) * (p / equal).log()).sum();
}

StationaryStudy::StationaryStudy(const StudyOptions& options) : seed_(options.seed), save_(options.save) {
  const StudyConfig config(options, "stationary");
  dimensions_ = config.dimensions(2, 64, {2, 4});
  repeats_ = config.repeats(2);
  methods_ = config.methods(known_stationary_methods());
  end_ = config.root().number("end", Range::between(0.01, 1000.0), 4.0);
  draws_ = config.root().integer("draws", 100, 1'000'000, 8192);
  const ConfigReader jko = config.root().section_or_empty("filter");
  jko_ = jko.build("", [&] {
    JkoOptions read = config.root().has("filter") ? read_jko(jko) : default_options();
    read.engine = engine_in_use();
    // Throws if an option is out of range.
    const JkoFilter probe(stationary_task(stationary_task_law(dimensions_.front(), 0, seed_)), read);
    return read;
  });
  jko.finish();
  const ConfigReader particles = config.root().section_or_empty("particles");
  particles_.step = particles.number("step", Range::between(1e-6, 0.5), 1e-3);
  particles_.integrator = Integrator::euler_maruyama;
  particles.finish();
  const ConfigReader proximal = config.root().section_or_empty("proximal");
  proximal_.step = proximal.number("step", Range::between(1e-6, 0.5), proximal_.step);
  proximal_.regularisation = proximal.number("regularisation", Range::positive(), proximal_.regularisation);
  proximal_.tolerance = proximal.number("tolerance", Range::positive(), proximal_.tolerance);
  proximal_.iterations = static_cast<int>(proximal.integer("iterations", 1, 1'000'000, proximal_.iterations));
  proximal.finish();
  const ConfigReader exact = config.root().section_or_empty("exact");
  exact_particles_ = exact.integer("particles", 100, 10'000'000, 200'000);
  exact_step_ = exact.number("step", Range::between(1e-6, 0.5), 0.01);
  exact.finish();
  config.finish();
}

ordered_json StationaryStudy::settings() const {
  return {{"study", "stationary"},
          {"seed", seed_},
          {"end", end_},
          {"draws", draws_},
          {"filter", settings_of(jko_)},
          {"particles", {{"step", particles_.step}}},
          {"proximal",
           {{"step", proximal_.step},
            {"regularisation", proximal_.regularisation},
            {"tolerance", proximal_.tolerance},
            {"iterations", proximal_.iterations}}},
          {"exact", {{"particles", exact_particles_}, {"step", exact_step_}}}};
}

std::vector<StationaryStudy::Entry> StationaryStudy::entries() const {
  std::vector<Entry> entries;
  for (const Index d : dimensions_) {
    for (Index repeat = 0; repeat < (d > kMostCompared ? 1 : repeats_); ++repeat) {
      for (const std::string& method : methods_) {
        if (d <= kMostCompared || method == "jko" || method == kExact) entries.push_back({d, repeat, method});
      }
    }
  }
  return entries;
}

std::vector<StudyTask> StationaryStudy::tasks() const {
  std::vector<StudyTask> tasks;
  for (const Entry& entry : entries()) {
    // Steps of all particles, the cost of each of which goes with the size of π; for the others, as if they had these.
    const Index n = count_of(entry.method, kParticles);
    const double steps = entry.method == kExact ? static_cast<double>(exact_particles_) * end_ / exact_step_
                         : n > 0                ? static_cast<double>(n) * end_ / particles_.step
                                                : 5e7;
    const auto d = static_cast<double>(entry.dimension);
    tasks.push_back({fmt::format("d{:02}-r{:02}-{}", entry.dimension, entry.repeat, entry.method),
                     fmt::format("D = {}, repeat {}, {}", entry.dimension, entry.repeat + 1, entry.method),
                     steps * d * 1e-8,
                     [this, entry] { return entry.method == kExact ? run_exact(entry) : run(entry); }});
  }
  return tasks;
}

ordered_json StationaryStudy::run(const Entry& entry) const {
  const auto seed = [&](StationaryPurpose purpose) {
    return seed_for(seed_, {purpose, entry.dimension, entry.repeat});
  };
  const GaussianMixture law = stationary_task_law(entry.dimension, entry.repeat, seed_);
  const Model model = stationary_task(law);
  Found found;
  PredictSummary summary;
  std::unique_ptr<Filter> filter;
  Stopwatch watch;
  watch.start();
  const auto take_cloud = [&](const ParticleCloud& cloud) {
    found.log_density = [&cloud](PointsView x) { return cloud.log_density(x); };
    found.draws = cloud.sample_density(draws_, seed(kDraw));
  };
  if (const Index n = count_of(entry.method, kParticles)) {
    ParticleOptions options = particles_;
    options.particles = n;
    options.seed = seed(kSolve);
    auto particles = std::make_unique<ParticleFilter>(model, options);
    summary = particles->predict(end_);
    take_cloud(particles->law());
    filter = std::move(particles);
  } else if (const Index m = count_of(entry.method, kProximal)) {
    ProximalOptions options = proximal_;
    options.particles = m;
    options.seed = seed(kSolve);
    auto recursion = std::make_unique<ProximalRecursion>(model, options);
    summary = recursion->predict(end_);
    take_cloud(recursion->law());
    filter = std::move(recursion);
  } else {
    JkoOptions options = jko_;
    options.seed = seed(kSolve);
    if (entry.dimension == 2 && options.solver == Solver::pooled) {
      // A lattice and fixed features over it follow any law there, wells or not.
      options = {};
      options.scheme = jko_.scheme;
      options.step = jko_.step;
      options.nodes = std::min<Index>(jko_.nodes, 4800);  // more no longer help
      options.widths = {std::max<Index>(options.nodes * 3 / 50, 1)};
    }
    options.engine = engine_in_use();
    auto jko = std::make_unique<JkoFilter>(model, options);
    summary = jko->predict(end_);
    found.log_density = [&jko = *jko](PointsView x) { return jko.log_density(x); };
    found.draws = jko->sample(draws_, seed(kDraw));
    if (!save_.empty()) save_flow(save_, *jko, model);
    filter = std::move(jko);
  }
  watch.stop();

  const Divergences kl = divergences(found, law, seed(kTruth));
  const Points truth = law.sample(draws_, seed(kTruth), 1);
  const Vector shares = mode_shares(law, found.draws);
  const Divergences within = divergences(found, reweighted(law, shares), seed(kTruth));
  ordered_json result{{"dimension", entry.dimension},
                      {"repeat", entry.repeat},
                      {"method", entry.method},
                      {"sym_kl", kl.forward + kl.reverse},
                      {"kl_forward", kl.forward},
                      {"kl_reverse", kl.reverse},
                      {"sym_kl_within", within.forward + within.reverse},
                      {"energy_distance", energy_distance(found.draws, truth)},
                      {"mode_shares", std::vector<double>(shares.begin(), shares.end())},
                      {"seconds", watch.total_seconds()},
                      {"fallback", summary.fallback}};
  if (entry.dimension > kMostCompared) {
    result["picture"] = projected(found.draws, truth);
    result["picture_of_truth"] = projected(truth, truth);
  }
  return result;
}

ordered_json StationaryStudy::run_exact(const Entry& entry) const {
  const GaussianMixture law = stationary_task_law(entry.dimension, entry.repeat, seed_);
  ParticleOptions options;
  options.particles = exact_particles_;
  options.step = exact_step_;
  options.seed = seed_for(seed_, {kSolve, entry.dimension, entry.repeat});
  Stopwatch watch;
  watch.start();
  ParticleFilter particles(stationary_task(law), options);
  particles.predict(end_);
  watch.stop();
  const Vector shares = mode_shares(law, particles.law().particles());
  return {{"dimension", entry.dimension},
          {"repeat", entry.repeat},
          {"method", entry.method},
          {"mode_shares", std::vector<double>(shares.begin(), shares.end())},
          {"floor", symmetric_kl_floor(shares, exact_particles_)},
          {"seconds", watch.total_seconds()}};
}

StudyReport StationaryStudy::report(const std::vector<ordered_json>& results) const {
  using Key = std::pair<Index, std::string>;  // dimension and method
  using Figures = std::map<std::string, std::vector<double>>;
  const std::vector<Entry> all = entries();
  std::map<std::pair<Index, Index>, const ordered_json*> exact;  // by dimension and repeat
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (all[i].method == kExact && !results[i].is_null()) exact[{all[i].dimension, all[i].repeat}] = &results[i];
  }
  std::map<Key, Figures> figures;
  std::map<Index, std::vector<double>> floors;
  StudyReport report;
  std::vector<StudyPicture> scatters;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const ordered_json& result = results[i];
    const Entry& entry = all[i];
    if (result.is_null()) continue;
    if (entry.method == kExact) {
      floors[entry.dimension].push_back(number_of(result, "floor"));
      figures[{entry.dimension, entry.method}]["seconds"].push_back(number_of(result, "seconds"));
      continue;
    }
    Figures& of = figures[{entry.dimension, entry.method}];
    for (const char* key : {"sym_kl", "sym_kl_within", "energy_distance", "seconds"}) {
      of[key].push_back(number_of(result, key));
    }
    if (result.contains("picture")) {
      scatters.push_back(stationary_scatter(entry.dimension, result["picture"].get<PlanePoints>(),
                                            result["picture_of_truth"].get<PlanePoints>()));
    }
    const auto found = exact.find({entry.dimension, entry.repeat});
    if (found == exact.end()) continue;
    of["excess"].push_back(number_of(result, "sym_kl") - number_of(*found->second, "floor"));
    double largest = 0.0;
    for (std::size_t k = 0; k < result["mode_shares"].size(); ++k) {
      largest = std::max(largest,
                         std::abs(number_of(result, "mode_shares", k) - number_of(*found->second, "mode_shares", k)));
    }
    of["shares"].push_back(largest);
  }

  StudyTable table;
  table.name = "stationary";
  table.caption = fmt::format(
      "SymKL = KL(ρ|π) + KL(π|ρ) at t = {:g}, by {} draws of each; medians and quartiles of {} repeats (one in more "
      "than "
      "{} dimensions). Floor: what an exact solution has at least, since modes keep their shares; excess: over it. "
      "Within "
      "modes: SymKL to the mixture that has ρ's own shares. Shares: largest difference to the exact ones.",
      end_, draws_, repeats_, kMostCompared);
  table.columns = {"D",
                   "method",
                   "SymKL",
                   "published",
                   "ratio",
                   "floor",
                   "excess",
                   "within modes",
                   "shares",
                   "energy distance",
                   "published energy distance",
                   "seconds",
                   "published seconds"};
  std::vector<StationaryCurve> curves;
  for (const std::string& method : methods_) {
    if (method != kExact) curves.push_back({method, {}, {}});
  }
  std::vector<std::pair<Index, double>> floor_line;
  for (const Index d : dimensions_) {
    const double floor = spread_of(floors[d]).median;
    if (std::isfinite(floor) && d <= kMostCompared) floor_line.emplace_back(d, floor);
    for (const std::string& method : methods_) {
      Figures& of = figures[{d, method}];
      const auto theirs = [&](const char* column) {
        return published_figure("mixture_stationary", column,
                                {{"method", counterpart(method)}, {"dimension", std::to_string(d)}});
      };
      const auto median_of = [&](const char* key) { return figure(spread_of(of[key]).median); };
      if (of["seconds"].empty()) continue;
      const Spread ours = spread_of(of["sym_kl"]);
      table.rows.push_back({std::to_string(d), method, with_quartiles(ours), figure(theirs("sym_kl")),
                            method == kExact ? "" : ratio(ours.median, theirs("sym_kl")), figure(floor),
                            with_quartiles(spread_of(of["excess"])), with_quartiles(spread_of(of["sym_kl_within"])),
                            median_of("shares"), median_of("energy_distance"), figure(theirs("energy_distance")),
                            median_of("seconds"), figure(theirs("seconds"))});
      const auto curve = std::find_if(curves.begin(), curves.end(), [&](const auto& c) { return c.method == method; });
      if (curve == curves.end() || d > kMostCompared) continue;
      if (std::isfinite(ours.median)) curve->ours.emplace_back(d, ours);
      if (const auto value = theirs("sym_kl")) curve->published.emplace_back(d, *value);
    }
  }
  report.tables.push_back(std::move(table));
  StudyPicture curve_picture = stationary_curves(curves, floor_line);
  if (!curve_picture.script.empty()) report.pictures.push_back(std::move(curve_picture));
  for (StudyPicture& picture : scatters) report.pictures.push_back(std::move(picture));
  return report;
}

}  // namespace jko
