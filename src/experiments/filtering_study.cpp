#include "src/experiments/filtering_study.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <map>

#include "filter/random.hpp"
#include "filter/reference/particle_filter.hpp"
#include "jko/divergence.hpp"
#include "jko/linear_gaussian.hpp"
#include "jko/sine_well.hpp"
#include "src/config.hpp"
#include "src/device.hpp"
#include "src/experiments/filtering_pictures.hpp"
#include "src/experiments/published.hpp"
#include "src/experiments/seed.hpp"
#include "src/experiments/spread.hpp"
#include "src/experiments/study_config.hpp"
#include "src/stopwatch.hpp"

namespace jko {
namespace {

using nlohmann::ordered_json;

constexpr double kInterval = 0.5, kEnd = 5.0;
constexpr int kObservations = 9;
constexpr const char* kBootstrap = "bootstrap_";

const std::vector<std::string>& known_filtering_methods() {
  static const std::vector<std::string> kMethods = {"jko", "bootstrap_100", "bootstrap_1000", "bootstrap_10000",
                                                    "bootstrap_50000"};
  return kMethods;
}

/// Particles of a bootstrap filter; 0 of another method.
Index particles_of(const std::string& method) {
  const std::string prefix = kBootstrap;
  return method.compare(0, prefix.size(), prefix) == 0 ? std::stoll(method.substr(prefix.size())) : 0;
}

/// Filters the recording to the end; the seconds that took.
double filter_all(Filter& filter, const std::vector<Vector>& recording, int& fallbacks) {
  Stopwatch watch;
  watch.start();
  for (std::size_t k = 0; k < recording.size(); ++k) {
    fallbacks += filter.predict(static_cast<double>(k + 1) * kInterval).fallback;
    filter.update(recording[k]);
  }
  fallbacks += filter.predict(kEnd).fallback;
  watch.stop();
  return watch.total_seconds();
}

std::vector<double> density_of(const Filter& filter) {
  Points x(kDensityPoints, 1);
  x.col(0) = Vector::LinSpaced(kDensityPoints, -kDensityReach, kDensityReach);
  const Vector density = filter.log_density(x).array().exp();
  return {density.begin(), density.end()};
}

}  // namespace

Model filtering_task() {
  return {std::make_shared<SineWell>(1), 1.0, GaussianMixture::standard(1),
          std::make_shared<LinearGaussian>(Matrix::Identity(1, 1), Matrix::Identity(1, 1))};
}

std::vector<Vector> simulate_filtering_task(std::uint64_t seed) {
  constexpr int kSteps = 1000;  // between observations
  const Model model = filtering_task();
  const LangevinSteps steps{*model.potential, model.temperature(), Integrator::euler_maruyama};
  Points x = model.initial.sample(1, seed, 0);
  RandomEngine engine(seed);
  std::vector<Vector> recording;
  for (int k = 0; k < kObservations; ++k) {
    const double t = k * kInterval;
    steps.advance(x, t, kInterval / kSteps, kSteps, seed, static_cast<std::uint64_t>(k) + 1);
    recording.push_back(model.observation->sample(x.row(0).transpose(), t + kInterval, engine));
  }
  return recording;
}

FilteringStudy::FilteringStudy(const StudyOptions& options) : seed_(options.seed) {
  const StudyConfig config(options, "filtering");
  config.dimensions(1, 1, {1});
  repeats_ = config.repeats(5);
  methods_ = config.methods(known_filtering_methods());
  const ConfigReader jko = config.root().section_or_empty("filter");
  jko_ = jko.build("", [&] {
    JkoOptions read = read_jko(jko);
    read.engine = engine_in_use();
    const JkoFilter trial(filtering_task(), read);  // throws if an option is out of range
    return read;
  });
  jko.finish();
  const ConfigReader grid = config.root().section_or_empty("grid");
  grid_.cells = grid.integer("cells", 16, 1'000'000, 4000);
  grid_.step = grid.number("step", Range::positive(), 1e-3);
  grid_.domain = {{-10.0, 10.0}};
  grid.finish();
  euler_step_ = config.root().number("euler_step", Range::between(1e-6, 0.5), 1e-3);
  config.refuse_files();
  config.finish();
}

ordered_json FilteringStudy::settings() const {
  return {{"study", "filtering"},
          {"seed", seed_},
          {"filter", settings_of(jko_)},
          {"grid", {{"cells", grid_.cells}, {"step", grid_.step}}},
          {"euler_step", euler_step_}};
}

std::vector<FilteringStudy::Entry> FilteringStudy::entries() const {
  std::vector<Entry> entries;
  for (Index repeat = 0; repeat < repeats_; ++repeat) {
    for (const std::string& method : methods_) entries.push_back({repeat, method});
  }
  return entries;
}

std::vector<StudyTask> FilteringStudy::tasks() const {
  std::vector<StudyTask> tasks;
  for (const Entry& entry : entries()) {
    // The grid's own time, and that of the method; measured once, in units of the grid's.
    const double cost = 1.0 + (entry.method == "jko" ? 1.0 : 4e-5 * static_cast<double>(particles_of(entry.method)));
    tasks.push_back({fmt::format("r{:02}-{}", entry.repeat, entry.method),
                     fmt::format("repeat {}, {}", entry.repeat + 1, entry.method), cost,
                     [this, entry] { return run(entry); }});
  }
  return tasks;
}

std::unique_ptr<Filter> FilteringStudy::make_filter(const std::string& method, Index repeat) const {
  const std::uint64_t seed = seed_for(seed_, {repeat, 1});
  const Index particles = particles_of(method);
  if (particles == 0) {
    JkoOptions options = jko_;
    options.seed = seed;
    options.engine = engine_in_use();
    return std::make_unique<JkoFilter>(filtering_task(), options);
  }
  ParticleOptions options;
  options.particles = particles;
  options.step = euler_step_;
  options.integrator = Integrator::euler_maruyama;
  options.seed = seed;
  return std::make_unique<ParticleFilter>(filtering_task(), options);
}

ordered_json FilteringStudy::run(const Entry& entry) const {
  const std::vector<Vector> recording = simulate_filtering_task(seed_for(seed_, {entry.repeat, 0}));
  const auto filter = make_filter(entry.method, entry.repeat);
  GridFilter grid(filtering_task(), grid_);
  int fallbacks = 0, ignored = 0;
  const double seconds = filter_all(*filter, recording, fallbacks);
  const double grid_seconds = filter_all(grid, recording, ignored);
  return {{"repeat", entry.repeat},
          {"method", entry.method},
          {"sym_kl", symmetric_kl(*filter, grid)},
          {"seconds", seconds},
          {"fallbacks", fallbacks},
          {"grid_seconds", grid_seconds},
          {"density", density_of(*filter)},
          {"grid_density", density_of(grid)}};
}

StudyReport FilteringStudy::report(const std::vector<ordered_json>& results) const {
  std::map<std::string, std::vector<double>> symmetric_kl, seconds;
  std::vector<double> grid_seconds;
  const std::vector<Entry> all = entries();
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i].is_null()) continue;
    symmetric_kl[all[i].method].push_back(number_of(results[i], "sym_kl"));
    seconds[all[i].method].push_back(number_of(results[i], "seconds"));
    grid_seconds.push_back(number_of(results[i], "grid_seconds"));
  }

  StudyTable table;
  table.name = "filtering";
  table.caption = fmt::format(
      "SymKL = KL(p|q) + KL(q|p) to the grid's density at t = {:g} over {} recordings, and seconds to filter one "
      "(median); beside it what was published for the method's counterpart.",
      kEnd, repeats_);
  table.columns = {"method",     "median",        "quartiles",   "maximum",     "seconds",         "published",
                   "its median", "its quartiles", "its maximum", "its seconds", "ratio of medians"};
  std::vector<FilteringBox> boxes;
  const auto quartiles = [](const Spread& s) {
    return figure(s.median).empty() ? "" : fmt::format("{} to {}", figure(s.lower_quartile), figure(s.upper_quartile));
  };
  const auto add = [&](const std::string& method, const std::string& counterpart) {
    const Spread ours = spread_of(symmetric_kl[method]);
    const auto theirs = [&](const char* column) {
      return published_figure("filtering_sine_well", column, {{"method", counterpart}});
    };
    const auto median = theirs("median");
    if (!figure(ours.median).empty()) boxes.push_back({method, ours, false});
    std::string their_quartiles;
    if (median) {
      const Spread published{*theirs("minimum"), *theirs("lower_quartile"), *median, *theirs("upper_quartile"),
                             *theirs("maximum")};
      boxes.push_back({counterpart, published, true});
      their_quartiles = quartiles(published);
    }
    table.rows.push_back({method, figure(ours.median), quartiles(ours), figure(ours.maximum),
                          figure(spread_of(seconds[method]).median), counterpart, figure(median), their_quartiles,
                          figure(theirs("maximum")), figure(theirs("seconds")), ratio(ours.median, median)});
  };
  for (const std::string& method : methods_) {
    const Index particles = particles_of(method);
    add(method, particles > 0 ? fmt::format("bbf_{}", particles) : "ICNN_jko");
  }
  add("", "dual_jko");
  table.rows.push_back(
      {"grid (the truth)", "", "", "", figure(spread_of(grid_seconds).median), "", "", "", "", "", ""});

  StudyReport report{{table}, {box_picture(boxes)}};
  std::vector<FilteringCurves> curves;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i].is_null()) continue;
    if (curves.empty() || curves.back().repeat != all[i].repeat) {
      curves.push_back({all[i].repeat, results[i].at("grid_density").get<std::vector<double>>(), {}});
    }
    curves.back().methods.emplace_back(all[i].method, results[i].at("density").get<std::vector<double>>());
  }
  if (!curves.empty()) report.pictures.push_back(density_picture(curves));
  return report;
}

}  // namespace jko
