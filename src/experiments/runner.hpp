#pragma once
/// Works a study off, task by task, so that it may be interrupted at any moment and gone on with:
///
///     <folder>/study.json           the study's settings
///     <folder>/results/<key>.json   a task's result, written whole as soon as it is known; {"failed": "why"} if it has
///                                   none
///     <folder>/<table>.md, .csv     made of those files alone, at the end
///     <folder>/<picture>.svg
///     <folder>/report.json          the names of the tables and pictures

#include <filesystem>
#include <iosfwd>

#include "src/experiments/study.hpp"

namespace jko {

struct RunnerOptions {
  /// Takes the results that are there, and does those again that failed or are torn. Otherwise what an earlier run has
  /// left in the folder is removed first.
  bool resume = false;
  bool quiet = false;  ///< no progress, and no tables on `out`
};

/// A task that throws is reported on `err`, and the others go on. Throws InputError if a folder is resumed whose
/// results were made under other settings, and std::runtime_error if a file cannot be written.
void run_study(const Study& study, const std::filesystem::path& folder, const RunnerOptions& options, std::ostream& out,
               std::ostream& err);

}  // namespace jko
