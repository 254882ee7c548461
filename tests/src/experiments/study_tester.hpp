#pragma once
/// Studies with configs of their own, and what their tasks come to.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/experiments/study.hpp"
#include "tests/src/temporary_folder.hpp"

namespace jko::test {

/// Options that name a file `config.json` with this text.
inline StudyOptions options_with(const TemporaryFolder& folder, const std::string& config) {
  StudyOptions options;
  options.config = folder.file("config.json", config);
  return options;
}

/// The results of all tasks.
inline std::vector<nlohmann::ordered_json> results_of(const Study& study) {
  std::vector<nlohmann::ordered_json> results;
  for (const StudyTask& task : study.tasks()) results.push_back(task.run());
  return results;
}

}  // namespace jko::test
