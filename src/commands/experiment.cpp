#include <omp.h>

#include <filesystem>

#include "src/commands/commands.hpp"
#include "src/experiments/runner.hpp"
#include "src/experiments/studies.hpp"

namespace jko {

void experiment(const ExperimentOptions& options, std::ostream& out, std::ostream& err) {
  if (options.threads > 0) omp_set_num_threads(options.threads);
  const std::unique_ptr<Study> study = make_study(options.name, options.study);
  const std::filesystem::path folder =
      options.output.empty() ? std::filesystem::path("out") / options.name : std::filesystem::path(options.output);
  run_study(*study, folder, {options.resume, options.quiet}, out, err);
}

}  // namespace jko
