#pragma once
/// "did you mean 'sin'?"

#include <string>
#include <vector>

namespace jko {

/// The candidate that differs from `name` by the fewest slips (a letter inserted, deleted or changed, or two neighbours
/// swapped), or "" if none is near enough to be what was meant.
std::string nearest_name(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace jko
