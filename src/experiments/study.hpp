#pragma once
/// An experiment: tasks that are worked off one after another, each with a result file of its own, and what all of them
/// together say.
///
///     std::unique_ptr<Study> study = make_study("stationary", options);     // throws InputError
///     run_study(*study, folder, settings, out, err);                        // runner.hpp
///
/// To add one: derive from Study in a file of this folder, and register its name in studies.cpp.

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "jko/types.hpp"

namespace jko {

/// A repeat of a method on a problem.
struct StudyTask {
  std::string key;    ///< of its result file, results/<key>.json: "d12-r03-jko"
  std::string label;  ///< for people: "D = 12, repeat 3, jko"
  double cost = 1.0;  ///< relative to the others', for the time left
  /// The result; what is in it must not depend on what other tasks have done. Throws std::runtime_error if there is
  /// none.
  std::function<nlohmann::ordered_json()> run;
};

/// Rows of text, already rounded; as Markdown and as CSV.
struct StudyTable {
  std::string name;     ///< of its files: <name>.md and <name>.csv
  std::string caption;  ///< a sentence: what is compared, in which unit, over how many repeats
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  ///< as many entries as columns; "" where there is none
};

/// A picture that gnuplot draws.
struct StudyPicture {
  std::string name;    ///< of its file: <name>.svg
  std::string script;  ///< what follows the page's set-up (gnuplot.hpp): data blocks and plot commands
  int width = 900, height = 540;
};

struct StudyReport {
  std::vector<StudyTable> tables;
  std::vector<StudyPicture> pictures;
};

class Study {
 public:
  virtual ~Study() = default;

  /// All settings that results depend on: a folder's results are resumed only under the same ones.
  virtual nlohmann::ordered_json settings() const = 0;
  virtual std::vector<StudyTask> tasks() const = 0;
  /// `results[i]` is that of tasks()[i]; null where it failed.
  virtual StudyReport report(const std::vector<nlohmann::ordered_json>& results) const = 0;
};

/// What the command line says; what it leaves out is the config's.
struct StudyOptions {
  std::string config;                ///< file; empty: the study's own defaults (its quick profile)
  std::vector<Index> dimensions;     ///< empty: the config's
  std::optional<Index> repeats;      ///< empty: the config's
  std::vector<std::string> methods;  ///< empty: the config's
  std::string data;                  ///< folder of data sets; empty: none
  std::string save;                  ///< file for the flow that was trained last (flow_file.hpp); empty: none
  std::uint64_t seed = 0;
};

}  // namespace jko
