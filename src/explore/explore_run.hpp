#pragma once
/// The thread of `jkofilter explore`: takes the window's commands, makes steps at the pace asked for, publishes a
/// snapshot after each change.
///
///     std::thread run([&] { explore_run(port, settings); });    // until port.close()

#include "src/explore/explore_settings.hpp"
#include "src/view/view_port.hpp"

namespace jko {

struct ExploreRunOptions {
  bool playing = false;  ///< from the beginning
  double speed = 1.0;    ///< units of the model's time a second; infinity: as fast as it goes
};

/// Returns when the port is closed. Throws InputError, before anything else, if there is no flow with these settings.
void explore_run(ViewPort& port, const ExploreSettings& settings, const ExploreRunOptions& options = {});

}  // namespace jko
