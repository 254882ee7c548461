#pragma once
/// The experiments by their names.

#include <memory>
#include <string>
#include <vector>

#include "src/experiments/study.hpp"

namespace jko {

const std::vector<std::string>& study_names();

/// Throws InputError, with file, line and key, if the config or an option does not suit the study.
std::unique_ptr<Study> make_study(const std::string& name, const StudyOptions& options);

}  // namespace jko
