#pragma once
/// Runs something on a thread of its own while the window shows it.

#include <functional>
#include <iosfwd>

#include "src/view/front_end.hpp"

namespace jko {

/// Calls `run` on another thread, which should return soon after the port has been closed; shows the port on this one.
/// Rethrows what `run` throws, once the window is gone; throws std::runtime_error if a picture was asked for and there
/// is none. A run whose window fails goes on without it.
void watch(FrontEnd& front_end, const WindowOptions& options, std::ostream& err,
           const std::function<void(ViewPort&)>& run);

}  // namespace jko
