#include <omp.h>
#include <spdlog/fmt/fmt.h>

#include <ostream>
#include <stdexcept>

#include "src/commands/commands.hpp"
#include "src/progress.hpp"
#include "src/replay_run.hpp"

namespace jko {
namespace {

void filter_recording(ReplayRun& run, Progress& progress) {
  while (run.read()) {
    while (run.predict_step()) {
    }
    const auto seen = run.update();
    if (!seen || !progress.due()) continue;
    progress.show(run.progress(),
                  fmt::format("observation {}  t = {:.6g}  log evidence {:.3f}  {:.3g} ms", seen->index + 1, seen->time,
                              seen->log_evidence, seen->predict_ms + seen->update_ms));
  }
}

}  // namespace

void replay(const ReplayOptions& options, std::ostream& out, std::ostream& err) {
  if (options.threads > 0) omp_set_num_threads(options.threads);
  ReplayRun run(options, load_config(options.config), err);
  try {
    Progress progress(err, options.quiet);
    filter_recording(run, progress);
  } catch (const std::exception& error) {
    run.finish(error.what());
    throw;
  }
  run.require_observations();
  run.finish();
  if (!options.quiet) run.report().print_table(out);
}

}  // namespace jko
