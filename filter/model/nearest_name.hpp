#pragma once
/// "did you mean 'sin'?"

#include <string>
#include <vector>

namespace jko {

/// The candidate that differs from `name` in the fewest inserted, deleted or changed letters (Levenshtein), or "" if
/// none is near enough to be what was meant.
std::string nearest_name(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace jko
