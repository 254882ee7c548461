#pragma once
/// From the library's JKO steps to the plain arrays of fused_runner.hpp.

#include <string>
#include <vector>

#include "filter/device/fused/fused_runner.hpp"
#include "filter/jko_step.hpp"

namespace jko::fused {

/// Why the fused solver cannot take a problem, in words; empty if it can.
std::string objection(const JkoStepProblem& problem, const Parametrisation& parameters);

/// Throws std::invalid_argument, saying why, if a problem or an option is not supported, or if problems differ in more
/// than numbers.
Batch make_batch(const std::vector<const JkoStepProblem*>& problems,
                 const std::vector<const Parametrisation*>& parameters, const std::vector<Vector>& thetas,
                 const MinimizeOptions& options);

}  // namespace jko::fused
