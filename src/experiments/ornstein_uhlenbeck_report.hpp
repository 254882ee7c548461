#pragma once
/// Tables and pictures of the Ornstein-Uhlenbeck study.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/experiments/study.hpp"

namespace jko {

/// The times 0.1, 0.2, … of a result.
constexpr int kOrnsteinUhlenbeckTimes = 10;

/// `results` may be null.
StudyReport ornstein_uhlenbeck_report(const std::vector<Index>& dimensions, const std::vector<std::string>& methods,
                                      Index repeats, const std::vector<nlohmann::ordered_json>& results);

}  // namespace jko
