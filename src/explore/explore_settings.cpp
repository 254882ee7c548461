#include "src/explore/explore_settings.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <stdexcept>

#include "src/timestamp.hpp"

namespace jko {
namespace {

using Json = nlohmann::json;

constexpr Index kMostHeaps = 200;  // of a drawn law: evaluating it should not cost more than a step

Json identity(Index dimension, double scale) {
  Json rows = Json::array();
  for (Index i = 0; i < dimension; ++i) {
    Json row = Json::array();
    for (Index j = 0; j < dimension; ++j) row.push_back(i == j ? scale : 0.0);
    rows.push_back(row);
  }
  return rows;
}

/// A point of the line, or of the plane.
Json place(Index dimension, double x, double y) { return dimension == 1 ? Json{x} : Json{x, y}; }

Json heap(Index dimension, double weight, double x, double y, double deviation) {
  return {
      {"weight", weight}, {"mean", place(dimension, x, y)}, {"covariance", identity(dimension, deviation * deviation)}};
}

Json heaps(Json components) { return {{"type", "mixture"}, {"components", std::move(components)}}; }

Json gaussian(Index d, double x, double y, double deviation) {
  return {{"type", "gaussian"}, {"mean", place(d, x, y)}, {"covariance", identity(d, deviation * deviation)}};
}

Json ring(Index d) {
  constexpr int kHeaps = 24;
  Json components = Json::array();
  for (int k = 0; k < kHeaps; ++k) {
    const double angle = 2.0 * EIGEN_PI * k / kHeaps;
    components.push_back(heap(d, 1.0, 1.5 * std::cos(angle), 1.5 * std::sin(angle), 0.25));
  }
  return heaps(components);
}

const char* example_formula(Index dimension) {
  return dimension == 1 ? "x0**4/4 - x0**2/2 + x0/5" : "(x0**2 + x1**2 - 1)**2 + x0/2";
}

std::string formula_of(const ExploreSettings& settings) {
  return settings.formula.empty() ? example_formula(settings.dimension) : settings.formula;
}

using Section = std::function<Json(const ExploreSettings&)>;

struct Preset {
  std::string name;
  Section section;
};

// To add a preset: a line here.
const std::vector<Preset>& potentials() {
  static const std::vector<Preset> kPotentials = {
      {"quadratic",
       [](const auto& s) {
         return Json{{"type", "quadratic"}, {"A", identity(s.dimension, 1.0)}};
       }},
      {"sine_well",
       [](const auto&) {
         return Json{{"type", "sine_well"}};
       }},
      {"double_well",
       [](const auto&) {
         return Json{{"type", "double_well"}};
       }},
      {"mixture",
       [](const auto& s) {
         const Index d = s.dimension;
         return heaps({heap(d, 0.5, -1.5, -0.5, 0.5), heap(d, 0.3, 0.5, 1.2, 0.4), heap(d, 0.2, 2.0, -1.0, 0.5)});
       }},
      {"formula",
       [](const auto& s) {
         return Json{{"type", "expression"}, {"formula", formula_of(s)}};
       }},
      {"study", [](const auto& s) { return Json::parse(s.own_potential); }},
  };
  return kPotentials;
}

const std::vector<Preset>& initial_laws() {
  static const std::vector<Preset> kLaws = {
      {"narrow", [](const auto& s) { return gaussian(s.dimension, 0.3, 0.2, 0.25); }},
      {"wide", [](const auto& s) { return gaussian(s.dimension, 0.0, 0.0, 1.5); }},
      {"two_heaps",
       [](const auto& s) {
         return heaps({heap(s.dimension, 0.6, -1.5, -1.0, 0.3), heap(s.dimension, 0.4, 1.5, 1.0, 0.3)});
       }},
      {"three_heaps",
       [](const auto& s) {
         const double aside = s.dimension == 1 ? 2.0 : 1.3;
         return heaps({heap(s.dimension, 1.0, 0.0, 1.5, 0.3), heap(s.dimension, 1.0, -aside, -0.8, 0.3),
                       heap(s.dimension, 1.0, aside, -0.8, 0.3)});
       }},
      {"ring", [](const auto& s) { return ring(s.dimension); }},
      {"drawn", [](const auto& s) { return Json::parse(s.own_initial); }},
      {"study", [](const auto& s) { return Json::parse(s.own_initial); }},
  };
  return kLaws;
}

Json section(const std::vector<Preset>& presets, const std::string& name, const ExploreSettings& settings) {
  for (const Preset& preset : presets) {
    if (preset.name == name) return preset.section(settings);
  }
  throw std::invalid_argument(fmt::format("unknown preset '{}'", name));
}

/// What can be chosen by name: what is the user's own only where it is there already.
std::vector<std::string> choices(const std::vector<Preset>& presets, const std::string& present, Index dimension) {
  std::vector<std::string> names;
  for (const Preset& preset : presets) {
    const bool own = preset.name == "drawn" || preset.name == "study";
    const bool possible = own ? preset.name == present : preset.name != "ring" || dimension == 2;
    if (possible) names.push_back(preset.name);
  }
  return names;
}

void require_choice(const std::vector<std::string>& names, const std::string& text) {
  if (std::find(names.begin(), names.end(), text) == names.end()) {
    throw std::invalid_argument(fmt::format("expected {}, found '{}'", fmt::join(names, ", "), text));
  }
}

double number(const std::string& text, double low, double high) {
  const auto value = parse_number(text);
  if (!value || !(*value >= low && *value <= high)) {
    throw std::invalid_argument(fmt::format("expected a number from {} to {}, found '{}'", low, high, text));
  }
  return *value;
}

Index whole_number(const std::string& text, Index low, Index high) {
  const double value = number(text, static_cast<double>(low), static_cast<double>(high));
  if (value != std::floor(value)) throw std::invalid_argument(fmt::format("expected a whole number, found '{}'", text));
  return static_cast<Index>(value);
}

void set_dimension(ExploreSettings& settings, Index dimension) {
  if (dimension == settings.dimension) return;
  settings.dimension = dimension;
  // What belongs to the other space is left behind.
  const std::vector<std::string> laws = choices(initial_laws(), "", dimension);
  if (std::find(laws.begin(), laws.end(), settings.initial) == laws.end()) settings.initial = "narrow";
  if (settings.potential == "study") settings.potential = "double_well";
}

}  // namespace

std::string config_text(const ExploreSettings& settings) {
  Json root;
  root["name"] = settings.name;
  root["state"]["dimension"] = settings.dimension;
  root["potential"] = section(potentials(), settings.potential, settings);
  root["beta"] = settings.beta;
  root["initial"] = section(initial_laws(), settings.initial, settings);
  root["observation"] = {{"type", "linear"}, {"R", identity(settings.dimension, 1.0)}};
  root["filter"] = {{"tau", settings.tau}, {"scheme", settings.scheme}};
  if (settings.particles > 0) root["filter"]["bootstrap"]["particles"] = settings.particles;
  return root.dump(2) + "\n";
}

std::vector<Field> explore_fields(const ExploreSettings& settings) {
  std::vector<Field> fields;
  const auto add = [&](std::string key, std::string label, std::string value, std::string help,
                       std::vector<std::string> choices = {}) {
    Field field;
    field.key = std::move(key);
    field.label = std::move(label);
    field.value = std::move(value);
    field.choices = std::move(choices);
    field.help = std::move(help);
    fields.push_back(std::move(field));
  };
  const Index d = settings.dimension;
  add("dimension", "dimension", std::to_string(d), "a law on a line, or in the plane", {"1", "2"});
  add("potential", "potential", settings.potential, "Φ: the drift is -∇Φ",
      choices(potentials(), settings.own_potential.empty() ? "" : "study", d));
  add("formula", "Φ =", formula_of(settings),
      d == 1 ? "in x0 and t, such as x0**2/2 + sin(3*x0)" : "in x0, x1 and t, such as x0**2 + cos(3*x1) + x1**2/2");
  add("initial", "initial law", settings.initial, "at t = 0; it can also be drawn",
      choices(initial_laws(), settings.initial, d));
  add("beta", "β", fmt::format("{:.10g}", settings.beta), "inverse temperature: high is cold");
  add("filter.tau", "τ", fmt::format("{:.10g}", settings.tau), "length of a JKO step");
  add("filter.scheme", "scheme", settings.scheme, "second order (bdf2) or first (jko)", {"bdf2", "jko"});
  add("grid", "grid", settings.grid ? "on" : "off", "the Fokker-Planck equation on a grid, beside it", {"on", "off"});
  add("particles", "particles", std::to_string(settings.particles), "Langevin paths beside it; 0: none");
  add("seed", "seed", std::to_string(settings.seed), "of the random numbers");
  return fields;
}

ExploreSettings with_setting(const ExploreSettings& settings, const std::string& key, const std::string& text) {
  ExploreSettings changed = settings;
  const std::map<std::string, std::function<void()>> setters = {
      {"dimension", [&] { set_dimension(changed, whole_number(text, 1, 2)); }},
      {"potential",
       [&] {
         require_choice(choices(potentials(), settings.own_potential.empty() ? "" : "study", settings.dimension), text);
         changed.potential = text;
       }},
      {"formula", [&] { changed.potential = "formula", changed.formula = text; }},
      {"initial",
       [&] {
         if (text == "ring" && settings.dimension == 1) throw std::invalid_argument("a ring needs two dimensions");
         require_choice(choices(initial_laws(), settings.initial, settings.dimension), text);
         changed.initial = text;
       }},
      {"beta", [&] { changed.beta = number(text, 1e-3, 1e4); }},
      {"filter.tau", [&] { changed.tau = number(text, 1e-4, 10.0); }},
      {"filter.scheme",
       [&] {
         require_choice({"bdf2", "jko"}, text), changed.scheme = text;
       }},
      {"grid",
       [&] {
         require_choice({"on", "off"}, text), changed.grid = text == "on";
       }},
      {"particles",
       [&] {
         changed.particles = whole_number(text, 0, 2'000'000);
         if (changed.particles > 0) changed.particles = std::max<Index>(changed.particles, 16);
       }},
      {"seed", [&] { changed.seed = static_cast<std::uint64_t>(whole_number(text, 0, 1'000'000'000)); }},
  };
  const auto setter = setters.find(key);
  if (setter == setters.end()) throw std::invalid_argument(fmt::format("there is no field '{}'", key));
  setter->second();
  return changed;
}

ExploreSettings with_drawn_law(const ExploreSettings& settings, const DrawLaw& law) {
  const Index d = settings.dimension;
  if (law.at.cols() != d || law.mass.size() != law.at.rows()) {
    throw std::invalid_argument("the drawn law is not one of this space");
  }
  if (!(law.width > 0.0) || !std::isfinite(law.width)) throw std::invalid_argument("drawn heaps need a width");
  std::vector<Index> rows;
  for (Index i = 0; i < law.at.rows(); ++i) {
    if (law.mass(i) > 0.0 && std::isfinite(law.mass(i)) && law.at.row(i).allFinite()) rows.push_back(i);
  }
  if (rows.empty()) throw std::invalid_argument("nothing was drawn");
  // Neighbours on the stroke are made one heap where there are too many: of the same mass, mean and covariance.
  const auto count = static_cast<Index>(rows.size());
  const Index groups = std::min(count, kMostHeaps);
  Json components = Json::array();
  for (Index g = 0; g < groups; ++g) {
    const Index begin = g * count / groups, end = (g + 1) * count / groups;
    const std::vector<Index> group(rows.begin() + begin, rows.begin() + end);
    const Points x = law.at(group, Eigen::all);
    const Vector share = law.mass(group) / law.mass(group).sum();
    const Vector mean = x.transpose() * share;
    const Points centred = x.rowwise() - mean.transpose();
    Matrix covariance = centred.transpose() * share.asDiagonal() * centred;
    covariance.diagonal().array() += law.width * law.width;
    Json matrix = Json::array();
    for (Index i = 0; i < d; ++i) {
      Json row = Json::array();
      for (Index j = 0; j < d; ++j) row.push_back(covariance(std::max(i, j), std::min(i, j)));
      matrix.push_back(row);
    }
    components.push_back({{"weight", law.mass(group).sum()},
                          {"mean", place(d, mean(0), mean(d - 1))},
                          {"covariance", std::move(matrix)}});
  }
  ExploreSettings changed = settings;
  changed.initial = "drawn";
  changed.own_initial = heaps(components).dump();
  return changed;
}

ExploreSettings with_study(const ExploreSettings& settings, const Config& config) {
  const Json root = Json::parse(config.text);
  ExploreSettings changed = settings;
  changed.dimension = config.model.dimension();
  if (changed.dimension > 2) {
    throw std::invalid_argument(
        fmt::format("'{}' has {} dimensions; a flow is shown in one or two", config.name, changed.dimension));
  }
  changed.name = config.name;
  changed.beta = config.model.beta;
  changed.potential = "study";
  changed.own_potential = root.at("potential").dump();
  if (root.at("potential").value("type", "") == "expression") {
    changed.potential = "formula";
    changed.formula = root.at("potential").at("formula").get<std::string>();
  }
  changed.initial = "study";
  changed.own_initial = root.at("initial").dump();
  if (config.filter.jko.step > 0.0) changed.tau = std::clamp(config.filter.jko.step, 1e-4, 10.0);
  changed.scheme = config.filter.jko.scheme == Scheme::jko ? "jko" : "bdf2";
  return changed;
}

std::string bare_complaint(const std::string& text) {
  static const std::regex kPrefix(R"(^[^:]*(:\d+)?: ([a-z_0-9.\[\]]+: )?)");
  return std::regex_replace(text, kPrefix, "", std::regex_constants::format_first_only);
}

}  // namespace jko
