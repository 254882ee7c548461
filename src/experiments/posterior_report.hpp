#pragma once
/// What the posterior study's results say: tables and pictures.

#include <string>
#include <vector>

#include "src/experiments/study.hpp"

namespace jko {

struct PosteriorSet {
  std::string name;
  bool comparable;  ///< with published figures: not a stand-in
};

StudyReport posterior_report(const std::vector<PosteriorSet>& sets, const std::vector<std::string>& methods,
                             Index repeats, const std::vector<nlohmann::ordered_json>& results);

}  // namespace jko
