#include "src/config.hpp"

#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <filesystem>

#include "src/config_model.hpp"
#include "src/config_reader.hpp"
#include "src/methods.hpp"
#include "src/timestamp.hpp"

namespace jko {
namespace {

double read_beta(const ConfigReader& root) {
  if (!root.has("diffusion")) return root.number("beta", Range::positive());
  if (root.has("beta")) root.fail("diffusion", "expected beta or diffusion, not both");
  const double diffusion = root.number("diffusion", Range::between(1e-6, 1e6));
  return 2.0 / (diffusion * diffusion);
}

Model read_model(const ConfigReader& root, const std::vector<std::string>& columns) {
  const ConfigReader state = root.section("state");
  const Index dimension = state.integer("dimension", 1, kLargestDimension);
  state.finish();

  auto potential = read_potential(root.section("potential"), dimension);
  const double beta = read_beta(root);
  const ConfigReader initial = root.section("initial");
  const double start_time = initial.number("time", Range::any(), 0.0);
  GaussianMixture law = read_initial(initial, dimension);
  auto observation = read_observation(root.section("observation"), dimension, columns);
  return Model{std::move(potential), beta, std::move(law), std::move(observation), start_time};
}

TimeUnit read_time(const ConfigReader& section) {
  TimeUnit time;
  time.name = section.choice("unit", {"seconds", "minutes", "hours", "days"}, time.name);
  time.seconds = time.name == "minutes" ? 60.0 : time.name == "hours" ? 3600.0 : time.name == "days" ? 86400.0 : 1.0;
  if (section.has("origin")) {
    time.origin = parse_iso8601(section.text("origin"));
    if (!time.origin) section.fail("origin", "expected an ISO-8601 time such as '1991-07-01T09:00Z'");
  }
  section.finish();
  return time;
}

Schedule read_schedule(const ConfigReader& section, double start_time) {
  constexpr double kMostSteps = 1e9;  // of Euler-Maruyama: minutes
  Schedule schedule;
  schedule.interval = section.number("interval", Range::positive(), 1.0);
  schedule.start = section.number("start", Range::any(), start_time + schedule.interval);
  schedule.count = section.integer("count", 1, 10'000'000, 20);
  const double last = schedule.time(schedule.count - 1);
  schedule.end = section.number("end", Range::any(), last);
  schedule.step = section.number("step", Range::positive(), schedule.interval / 1000.0);
  section.finish();

  if (schedule.start < start_time) section.fail("start", "expected a time not before the initial law's");
  if (schedule.end < last) section.fail("end", "expected a time not before the last observation's");
  if ((schedule.end - start_time) / schedule.step > kMostSteps) {
    section.fail("step", "is too small for such a long path");
  }
  return schedule;
}

}  // namespace

JkoOptions read_jko(const ConfigReader& section) {
  JkoOptions options;
  options.scheme = section.choice("scheme", {"bdf2", "jko"}, "bdf2") == "jko" ? Scheme::jko : Scheme::bdf2;
  const std::string solver = section.choice("solver", {"automatic", "newton", "lbfgs", "pooled"}, "automatic");
  options.solver = solver == "newton"   ? Solver::newton
                   : solver == "lbfgs"  ? Solver::lbfgs
                   : solver == "pooled" ? Solver::pooled
                                        : Solver::automatic;
  options.step = section.number("tau", Range::positive(), options.step);
  options.nodes = section.integer("nodes", 32, 1'000'000, options.nodes);
  if (section.has("widths")) options.widths = section.integers("widths", 1, 512, 8);
  options.iterations = static_cast<int>(section.integer("iterations", 1, 100'000, options.iterations));
  options.budget_ms = section.number("budget_ms", Range::positive(), options.budget_ms);
  options.resample_below = section.number("resample_below", Range::between(0.0, 1.0), options.resample_below);
  options.chain = static_cast<int>(section.integer("chain", 0, 10'000, options.chain));
  options.tolerance = section.number("tolerance", Range::between(0.0, 1.0), options.tolerance);
  options.redraw = section.choice("redraw", {"never", "each_step"}, "never") == "each_step";
  return options;
}

namespace {

GridOptions read_grid(const ConfigReader& section, Index dimension) {
  GridOptions options;
  options.cells = section.integer("cells", 16, dimension == 1 ? 1'000'000 : 4000, options.cells);
  options.step = section.number("step", Range::positive(), options.step);
  options.horizon = section.number("horizon", Range::positive(), options.horizon);
  if (section.has("domain")) {
    const Matrix bounds = section.matrix("domain", dimension, 2);
    for (Index i = 0; i < dimension; ++i) {
      if (!(bounds(i, 0) < bounds(i, 1))) section.fail("domain", "expected rows [low, high] with low < high");
      options.domain.emplace_back(bounds(i, 0), bounds(i, 1));
    }
  }
  section.finish();
  return options;
}

Bandwidth read_bandwidth(const ConfigReader& section) {
  const std::string name = section.choice("bandwidth", {"silverman", "scott", "cross_validated"}, "cross_validated");
  return name == "silverman" ? Bandwidth::silverman : name == "scott" ? Bandwidth::scott : Bandwidth::cross_validated;
}

ParticleOptions read_bootstrap(const ConfigReader& section) {
  ParticleOptions options;
  options.particles = section.integer("particles", 16, 100'000'000, options.particles);
  options.step = section.number("step", Range::positive(), options.step);
  options.resample_below = section.number("resample_below", Range::between(0.0, 1.0), options.resample_below);
  options.bandwidth = read_bandwidth(section);
  section.finish();
  return options;
}

AuxiliaryParticleOptions read_apf(const ConfigReader& section) {
  AuxiliaryParticleOptions options;
  options.particles = section.integer("particles", 16, 100'000'000, options.particles);
  options.step = section.number("step", Range::positive(), options.step);
  options.bandwidth = read_bandwidth(section);
  section.finish();
  return options;
}

EnsembleKalmanOptions read_enkf(const ConfigReader& section) {
  EnsembleKalmanOptions options;
  options.members = section.integer("members", 3, 10'000'000, options.members);
  options.step = section.number("step", Range::positive(), options.step);
  section.finish();
  return options;
}

GaussianSumOptions read_gaussian_sum(const ConfigReader& section) {
  GaussianSumOptions options;
  options.components = section.integer("components", 1, 100'000, options.components);
  section.finish();
  return options;
}

FilterSettings read_filter(const ConfigReader& section, Index dimension) {
  FilterSettings settings;
  settings.method = section.choice("method", method_names(), settings.method);
  settings.jko = read_jko(section);
  settings.grid = read_grid(section.section_or_empty("grid"), dimension);
  settings.bootstrap = read_bootstrap(section.section_or_empty("bootstrap"));
  settings.apf = read_apf(section.section_or_empty("apf"));
  settings.enkf = read_enkf(section.section_or_empty("enkf"));
  settings.gaussian_sum = read_gaussian_sum(section.section_or_empty("gaussian_sum"));
  section.finish();
  return settings;
}

LiveSettings read_live(const ConfigReader& section) {
  LiveSettings settings;
  settings.budget_ms = section.number("budget_ms", Range::positive(), settings.budget_ms);
  if (section.has("gate")) settings.gate = section.number("gate", Range::positive());
  return settings;
}

std::vector<std::string> read_gpsd_fields(const ConfigReader& section, Index observed) {
  std::vector<std::string> fields;
  if (section.has("fields")) {
    fields = section.texts("fields", kLargestDimension);
    if (static_cast<Index>(fields.size()) != observed) {
      section.fail("fields",
                   fmt::format("expected {}, one for each observed value, found {}", observed, fields.size()));
    }
  }
  section.finish();
  return fields;
}

Config read_config(const JsonDocument& document) {
  const std::string& file = document.file();
  const ConfigReader root(document);
  const std::string name = root.text("name", std::filesystem::path(file).stem().string());
  if (std::filesystem::path(name).filename() != name) root.fail("name", "expected a name that a folder can have");

  // Columns tell how many values an observation has where the likelihood itself does not.
  std::vector<std::string> columns;
  const ConfigReader observation = root.section("observation");
  if (observation.has("columns")) columns = observation.texts("columns", kLargestDimension);

  Model model = read_model(root, columns);
  const double start_time = model.start_time;
  const Index dimension = model.dimension();
  const ConfigReader live = root.section_or_empty("live");
  const ConfigReader gpsd = live.section_or_empty("gpsd");
  const Index observed = model.observation->observation_dimension();
  Config config{file,
                document.root().dump(),
                name,
                std::move(model),
                std::move(columns),
                read_time(root.section_or_empty("time")),
                read_schedule(root.section_or_empty("schedule"), start_time),
                read_filter(root.section_or_empty("filter"), dimension),
                read_live(live),
                read_gpsd_fields(gpsd, observed)};
  live.finish();
  root.finish();
  return config;
}

}  // namespace

Config load_config(const std::string& file) { return read_config(JsonDocument::load(file)); }

Config parse_config(const std::string& text, const std::string& file) {
  return read_config(JsonDocument::parse(text, file));
}

}  // namespace jko
