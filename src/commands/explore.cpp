#include <omp.h>

#include <stdexcept>

#include "src/commands/commands.hpp"
#include "src/error.hpp"
#include "src/explore/explore_run.hpp"

namespace jko {

void watched_explore(const ExploreOptions& options, ViewPort& port) {
  if (options.threads > 0) omp_set_num_threads(options.threads);
  ExploreSettings settings;
  settings.seed = options.seed;
  if (!options.config.empty()) {
    const Config config = load_config(options.config);
    try {
      settings = with_study(settings, config);
    } catch (const std::invalid_argument& error) {
      throw InputError(options.config, 0, "", error.what());
    }
  }
  ExploreRunOptions run;
  run.playing = options.play;
  explore_run(port, settings, run);
}

}  // namespace jko
