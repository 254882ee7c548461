#pragma once
/// "Did you mean …?"

#include <string>
#include <vector>

namespace jko {

/// The name closest to `name` by Levenshtein's edit distance, or "" if none is close enough to be what was meant.
std::string nearest_name(const std::string& name, const std::vector<std::string>& names);

/// "a, b or c", for messages.
std::string enumerate(const std::vector<std::string>& names);

}  // namespace jko
