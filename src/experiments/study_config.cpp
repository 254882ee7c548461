#include "src/experiments/study_config.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include <algorithm>

#include "filter/model/nearest_name.hpp"

namespace jko {
namespace {

constexpr Index kMostRepeats = 100'000;
constexpr std::size_t kMostEntries = 1000;

template <class T>
std::vector<T> each_once(const std::vector<T>& values) {
  std::vector<T> seen;
  for (const T& value : values) {
    if (std::find(seen.begin(), seen.end(), value) == seen.end()) seen.push_back(value);
  }
  return seen;
}

void require_known(const std::string& name, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  throw InputError("--methods", 0, "",
                   fmt::format("unknown method '{}', expected some of {}", name, fmt::join(known, ", ")),
                   nearest_name(name, known));
}

}  // namespace

StudyConfig::StudyConfig(const StudyOptions& options, const std::string& study)
    : options_(options),
      document_(options.config.empty() ? JsonDocument::parse("{}", study) : JsonDocument::load(options.config)),
      root_(document_) {
  root_.choice("study", {study}, study);
}

std::vector<Index> StudyConfig::dimensions(Index low, Index high, const std::vector<Index>& fallback) const {
  std::vector<Index> dimensions = fallback;
  if (root_.has("dimensions")) dimensions = root_.integers("dimensions", low, high, kMostEntries);
  for (const Index d : options_.dimensions) {
    if (d < low || d > high) {
      throw InputError("--dims", 0, "", fmt::format("expected integers from {} to {}, found {}", low, high, d));
    }
  }
  return each_once(options_.dimensions.empty() ? dimensions : options_.dimensions);
}

Index StudyConfig::repeats(Index fallback) const {
  const Index repeats = root_.integer("repeats", 1, kMostRepeats, fallback);
  return options_.repeats.value_or(repeats);
}

std::vector<std::string> StudyConfig::methods(const std::vector<std::string>& known,
                                              const std::vector<std::string>& fallback) const {
  std::vector<std::string> methods = fallback.empty() ? known : fallback;
  if (root_.has("methods")) {
    methods = root_.texts("methods", kMostEntries);
    for (std::size_t i = 0; i < methods.size(); ++i) {
      if (std::find(known.begin(), known.end(), methods[i]) != known.end()) continue;
      root_.fail("methods", fmt::format("unknown method '{}', expected some of {}", methods[i], fmt::join(known, ", ")),
                 nearest_name(methods[i], known));
    }
  }
  for (const std::string& method : options_.methods) require_known(method, known);
  return each_once(options_.methods.empty() ? methods : options_.methods);
}

void StudyConfig::refuse_files() const {
  if (!options_.data.empty()) throw InputError("--data", 0, "", "this study has no data sets");
  if (!options_.save.empty()) throw InputError("--save", 0, "", "this study trains no flow that could be saved");
}

nlohmann::ordered_json settings_of(const JkoOptions& options) {
  const char* solver = options.solver == Solver::newton   ? "newton"
                       : options.solver == Solver::lbfgs  ? "lbfgs"
                       : options.solver == Solver::pooled ? "pooled"
                                                          : "automatic";
  return {{"scheme", options.scheme == Scheme::bdf2 ? "bdf2" : "jko"},
          {"solver", solver},
          {"tau", options.step},
          {"nodes", options.nodes},
          {"widths", options.widths},
          {"iterations", options.iterations},
          {"budget_ms", options.budget_ms},
          {"resample_below", options.resample_below},
          {"chain", options.chain},
          {"tolerance", options.tolerance},
          {"redraw", options.redraw ? "each_step" : "never"}};
}

}  // namespace jko
