#include "src/experiments/studies.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include <functional>
#include <map>

#include "filter/model/nearest_name.hpp"
#include "src/error.hpp"
#include "src/experiments/filtering_study.hpp"
#include "src/experiments/ornstein_uhlenbeck_study.hpp"
#include "src/experiments/posterior_study.hpp"
#include "src/experiments/stationary_study.hpp"

namespace jko {
namespace {

using StudyMaker = std::unique_ptr<Study> (*)(const StudyOptions&);

template <class S>
std::unique_ptr<Study> made(const StudyOptions& options) {
  return std::make_unique<S>(options);
}

const std::map<std::string, StudyMaker>& study_makers() {
  static const std::map<std::string, StudyMaker> kMakers = {
      {"filtering", made<FilteringStudy>},
      {"ornstein-uhlenbeck", made<OrnsteinUhlenbeckStudy>},
      {"stationary", made<StationaryStudy>},
      {"posterior", made<PosteriorStudy>},
  };
  return kMakers;
}

}  // namespace

const std::vector<std::string>& study_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const auto& entry : study_makers()) names.push_back(entry.first);
    return names;
  }();
  return kNames;
}

std::unique_ptr<Study> make_study(const std::string& name, const StudyOptions& options) {
  const auto found = study_makers().find(name);
  if (found == study_makers().end()) {
    throw InputError("experiment", 0, "",
                     fmt::format("unknown study '{}', expected one of {}", name, fmt::join(study_names(), ", ")),
                     nearest_name(name, study_names()));
  }
  return found->second(options);
}

}  // namespace jko
