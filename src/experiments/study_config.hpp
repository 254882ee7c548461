#pragma once
/// The config of a study, and what the command line says instead of it. All studies have the keys `study`,
/// `dimensions`, `repeats` and `methods`.
///
///     const StudyConfig config(options, "ornstein-uhlenbeck");
///     dimensions_ = config.dimensions(1, 64, {2, 4});
///     methods_ = config.methods({"jko", "particles_1000"});
///     jko_ = read_jko(config.root().section_or_empty("jko"));
///     config.finish();
///
/// Every complaint is an InputError, with file, line and key where it is the config's.

#include <string>
#include <vector>

#include "jko/jko_filter.hpp"
#include "src/config_reader.hpp"
#include "src/experiments/study.hpp"

namespace jko {

class StudyConfig {
 public:
  /// Reads the options' config, or an empty one if they name none. It must be one of this `study`, if it says of which
  /// it is. `options` must outlive the reader.
  StudyConfig(const StudyOptions& options, const std::string& study);
  StudyConfig(const StudyConfig&) = delete;
  StudyConfig& operator=(const StudyConfig&) = delete;

  /// Each once, in the order given.
  std::vector<Index> dimensions(Index low, Index high, const std::vector<Index>& fallback) const;
  Index repeats(Index fallback) const;
  /// Some of `known`, in the order given; by default `fallback`, or all of them if that is empty.
  std::vector<std::string> methods(const std::vector<std::string>& known,
                                   const std::vector<std::string>& fallback = {}) const;

  /// For a study that neither has data sets nor trains a flow to save: throws if the options name a file of these.
  void refuse_files() const;

  /// For the keys that only this study has.
  const ConfigReader& root() const { return root_; }
  /// Throws if a key is left that nobody asked for.
  void finish() const { root_.finish(); }

 private:
  const StudyOptions& options_;
  JsonDocument document_;
  ConfigReader root_;
};

/// The filter's settings under the keys that read_jko() (config.hpp) reads, for Study::settings().
nlohmann::ordered_json settings_of(const JkoOptions& options);

}  // namespace jko
