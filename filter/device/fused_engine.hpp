#pragma once
/// The fused solver (fused_step.hpp) as an engine, with another one for what it cannot take.

#include <memory>

#include "filter/device/fused_step.hpp"
#include "filter/step_engine.hpp"

namespace jko {

/// `otherwise` also solves what `solver` has no room for, and evaluates maps.
std::shared_ptr<StepEngine> fused_engine(FusedSolver solver, std::shared_ptr<StepEngine> otherwise);

}  // namespace jko
