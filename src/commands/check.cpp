#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include <cmath>
#include <ostream>

#include "filter/model/text.hpp"
#include "src/commands/commands.hpp"
#include "src/config.hpp"
#include "src/methods.hpp"

namespace jko {
namespace {

std::string join(const std::vector<std::string>& texts) { return fmt::format("{}", fmt::join(texts, ", ")); }

std::string shown(const GaussianMixture& law) {
  std::vector<std::string> components;
  for (const auto& component : law.components()) {
    const std::string weight = law.components().size() > 1 ? to_text(component.weight) + " " : "";
    const std::string gaussian = law.dimension() == 1
                                     ? to_text(component.mean[0]) + ", " + to_text(component.covariance(0, 0))
                                     : to_text(component.mean) + ", " + to_text(component.covariance);
    components.push_back(weight + "N(" + gaussian + ")");
  }
  return fmt::format("{}", fmt::join(components, " + "));
}

std::string shown(const JkoOptions& jko) {
  std::vector<std::string> widths;
  for (const Index width : jko.widths) widths.push_back(std::to_string(width));
  return fmt::format(
      "{}, tau {}, nodes {}, widths {}, at most {} iterations{} a step, resample below {:.0f} %, chain {}",
      jko.scheme == Scheme::bdf2 ? "bdf2" : "first-order jko", jko.step > 0.0 ? to_text(jko.step) : "auto",
      jko.nodes > 0 ? std::to_string(jko.nodes) : "auto", widths.empty() ? "auto" : join(widths), jko.iterations,
      jko.budget_ms > 0.0 ? " and " + to_text(jko.budget_ms) + " ms" : "", 100.0 * jko.resample_below, jko.chain);
}

}  // namespace

void check(const std::string& file, std::ostream& out) {
  const Config config = load_config(file);
  const Model& model = config.model;
  const Schedule& schedule = config.schedule;
  const auto row = [&](const std::string& name, const std::string& value) {
    out << fmt::format("  {:<14}{}\n", name, value);
  };

  make_filter(config, config.filter.method, /*seed=*/0);  // throws if the method cannot filter this model

  out << fmt::format("{} ({})\n", config.name, config.file);
  row("state", fmt::format("x in {} dimension{}", model.dimension(), model.dimension() == 1 ? "" : "s"));
  row("dynamics", fmt::format("dX = -grad Phi dt + {} dW, beta = {}", to_text(std::sqrt(2.0 * model.temperature())),
                              to_text(model.beta)));
  row("potential", fmt::format("Phi = {}{}", model.potential->formula(),
                               model.potential->time_dependent() ? " (depends on time)" : ""));
  row("initial law", fmt::format("X({}) ~ {}", to_text(model.start_time), shown(model.initial)));
  row("observation", model.observation->formula());
  row("columns", config.columns.empty()
                     ? fmt::format("all but the time, {} in number", model.observation->observation_dimension())
                     : join(config.columns));
  row("time", config.time.name + (config.time.origin ? "; ISO-8601 stamps count from the config's origin"
                                                     : "; ISO-8601 stamps count from the first one"));
  row("schedule",
      fmt::format("{} observations from t = {} every {}, end at {}; path by steps of {}", schedule.count,
                  to_text(schedule.start), to_text(schedule.interval), to_text(schedule.end), to_text(schedule.step)));
  row("method", config.filter.method);
  row("jko", shown(config.filter.jko));
}

}  // namespace jko
