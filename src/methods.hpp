#pragma once
/// The filters by name.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "jko/filter.hpp"
#include "src/config.hpp"

namespace jko {

/// The names of --method, --methods and --compare.
const std::vector<std::string>& method_names();

/// A filter, or one sentence that says why the method cannot filter the model.
struct MadeFilter {
  std::unique_ptr<Filter> filter;
  std::string refusal;
};
MadeFilter try_make_filter(const Config& config, const std::string& method, std::uint64_t seed);

/// Throws InputError if the method cannot filter this model (the Kalman filter needs a linear one, a grid at most two
/// dimensions).
std::unique_ptr<Filter> make_filter(const Config& config, const std::string& method, std::uint64_t seed);

}  // namespace jko
