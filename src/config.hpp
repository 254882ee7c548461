#pragma once
/// A study: the model, how to read its recordings, and the settings of the filters. One config file holds one study.
///
///     Config config = load_config("configs/sine_well.json");
///     auto filter = make_filter(config, config.filter.method, /*seed=*/0);
///
/// Every key is explained in docs/config.md; configs/*.json are examples.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "filter/reference/auxiliary_particle_filter.hpp"
#include "filter/reference/ensemble_kalman_filter.hpp"
#include "filter/reference/gaussian_sum_filter.hpp"
#include "filter/reference/grid_filter.hpp"
#include "filter/reference/particle_filter.hpp"
#include "jko/jko_filter.hpp"
#include "jko/model.hpp"
#include "src/config_reader.hpp"
#include "src/live/live_options.hpp"

namespace jko {

/// How the model's time relates to the clock.
struct TimeUnit {
  std::string name = "seconds";
  double seconds = 1.0;
  std::optional<std::int64_t> origin;  ///< the ISO-8601 stamp that is time zero, in microseconds since 1970
};

/// When `simulate` observes: at start, start + interval, …, `count` times in all.
struct Schedule {
  double start;
  double interval;
  Index count;
  double end;   ///< the path goes on until here, at or after the last observation
  double step;  ///< of Euler-Maruyama, at most

  double time(Index k) const { return start + static_cast<double>(k) * interval; }
};

struct FilterSettings {
  std::string method = "jko";
  JkoOptions jko;
  GridOptions grid;
  ParticleOptions bootstrap;
  AuxiliaryParticleOptions apf;
  EnsembleKalmanOptions enkf;
  GaussianSumOptions gaussian_sum;
};

struct Config {
  std::string file;
  std::string text;  ///< as it was read, without comments: parse_config() makes the same of it
  std::string name;
  Model model;
  std::vector<std::string> columns;  ///< of the recording; empty: all but the time
  TimeUnit time;
  Schedule schedule;
  FilterSettings filter;
  LiveSettings live{};
  std::vector<std::string> gpsd_fields;  ///< of gpsd's reports that are the observation; empty: none chosen
};

/// Throws InputError with file, line and key.
Config load_config(const std::string& file);

/// The same of a text; `file` is what errors call it.
Config parse_config(const std::string& text, const std::string& file);

/// The settings of the JKO filter in a section like `filter`; leaves it to the caller to finish() that.
JkoOptions read_jko(const ConfigReader& section);

}  // namespace jko
