#include "src/run_files.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include <stdexcept>

#include "src/error.hpp"

namespace jko {

namespace fs = std::filesystem;

RecordingFormat recording_format(const Config& config) {
  RecordingFormat format;
  format.columns = config.columns;
  format.dimension = config.model.observation->observation_dimension();
  format.time_axis = TimeAxis(config.time.seconds, config.time.origin);
  format.earliest = config.model.start_time;
  return format;
}

std::string observed_names(const Config& config) {
  return config.columns.empty() ? "y" : fmt::format("{}", fmt::join(config.columns, ", "));
}

void require_until(const Config& config, std::optional<double> until) {
  if (!until || *until >= config.model.start_time) return;
  throw InputError(config.file, 0, "initial.time",
                   fmt::format("is {}, but --until {} is before it", config.model.start_time, *until));
}

fs::path prepare_folder(const Config& config, const std::string& output, const std::vector<std::string>& stale) {
  fs::path folder = output.empty() ? fs::path("out") / config.name : fs::path(output);
  fs::create_directories(folder);
  for (const std::string& file : stale) fs::remove(folder / file);
  return folder;
}

LineFile::LineFile(const fs::path& file) : file_(file), stream_(file) { check(); }

void LineFile::write(const nlohmann::ordered_json& json, int indent) {
  stream_ << json.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
  check();
}

void LineFile::check() {
  if (!stream_) throw std::runtime_error("cannot write " + file_.string());
}

}  // namespace jko
