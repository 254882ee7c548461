#pragma once
/// "Did you mean …?"

#include <string>
#include <vector>

namespace jko {

/// The name nearest to `name` by Damerau's edit distance, or "" if none is close enough to be what was meant.
std::string nearest_name(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace jko
