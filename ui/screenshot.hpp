#pragma once
/// A run shown off-screen until a picture of it is taken.

#include <string>

#include "src/view/front_end.hpp"

namespace jko::ui {

/// Draws while the run goes on, as a window would, writes options.screenshot and closes the port. "" or what went
/// wrong.
std::string take_screenshot(ViewPort& port, const WindowOptions& options);

}  // namespace jko::ui
