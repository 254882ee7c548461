#pragma once
/// The files of a run: what a recording must hold for a study, and the folder of the results.

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "src/config.hpp"
#include "src/recording.hpp"

namespace jko {

/// What a recording of this study holds.
RecordingFormat recording_format(const Config& config);

/// The observed values' names, for people: "DAX, SMI".
std::string observed_names(const Config& config);

/// Throws InputError if `until` is before the study's beginning.
void require_until(const Config& config, std::optional<double> until);

/// Makes the folder of the results (`output`; if empty, out/<name of the config>) and removes the `stale` files in it
/// that an earlier run may have left.
std::filesystem::path prepare_folder(const Config& config, const std::string& output,
                                     const std::vector<std::string>& stale);

/// A file of whole lines: each is flushed, so what is there can be read whatever happens next. Throws
/// std::runtime_error if it cannot be written.
class LineFile {
 public:
  explicit LineFile(const std::filesystem::path& file);
  void write(const nlohmann::ordered_json& json, int indent = -1);

 private:
  void check();
  std::filesystem::path file_;
  std::ofstream stream_;
};

}  // namespace jko
