#pragma once
/// The filters by name.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "filter/filter.hpp"
#include "src/config.hpp"

namespace jko {

/// The names of --method and --compare.
const std::vector<std::string>& method_names();

/// Throws InputError if the method cannot filter this model (the Kalman filter needs a linear one, a grid at most two
/// dimensions).
std::unique_ptr<Filter> make_filter(const Config& config, const std::string& method, std::uint64_t seed);

}  // namespace jko
