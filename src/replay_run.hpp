#pragma once
/// One run over a recording: the filter, the one that it is compared with, and everything that they write. It goes a
/// step at a time, so that somebody may look on, or hold it up.
///
///     ReplayRun run(options, load_config(options.config), std::cerr);
///     while (run.read()) {
///       while (run.predict_step()) {}     // a JKO step; of other methods the whole prediction
///       run.update();
///     }
///     run.finish();
///
/// Where a recording ends with `until`, read() gives a last round without an observation: predictions only.

#include <filesystem>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

#include "jko/jko_filter.hpp"
#include "src/commands/commands.hpp"
#include "src/config.hpp"
#include "src/picture.hpp"
#include "src/recording.hpp"
#include "src/report.hpp"
#include "src/run_files.hpp"
#include "src/stopwatch.hpp"

namespace jko {

class ReplayRun {
 public:
  /// Opens everything, and removes what an earlier run left. Throws InputError before anything has been written.
  ReplayRun(const ReplayOptions& options, Config config, std::ostream& err);

  /// The next observation, or the time to predict to at the end. False when there is nothing left; throws InputError at
  /// a bad line.
  bool read();
  /// When the round in hand is: its observation's time, or `until`.
  double target() const { return target_; }
  /// Whether the round in hand ends with an observation.
  bool has_observation() const { return observation_.has_value(); }

  /// Towards target(). False if it has been reached.
  bool predict_step();
  bool predicted() const { return predicted_; }
  /// Bayes' rule for the observation in hand, or the end of a round without one: then nothing is returned.
  std::optional<FilteredObservation> update();

  /// Writes the summary and the picture; `error` says why the recording could not be filtered to its end.
  void finish(const std::string& error = "");
  /// Throws InputError if the recording held nothing at all.
  void require_observations() const;

  const Config& config() const { return config_; }
  const std::string& method() const { return method_; }
  const Filter& filter() const { return *filter_; }
  /// The method that this one is compared with; null if there is none. It is at target() after update().
  const Filter* other() const { return other_.get(); }
  const RunReport& report() const { return report_; }
  Index observations() const { return report_.observations(); }
  const std::filesystem::path& folder() const { return folder_; }
  double progress() const { return recording_.progress(); }

 private:
  const ReplayOptions options_;
  std::ostream& err_;
  Config config_;
  RecordingReader recording_;
  std::string method_;
  std::unique_ptr<Filter> filter_, other_;
  std::filesystem::path folder_;
  LineFile posteriors_;
  PosteriorPicture picture_;
  RunReport report_;
  Stopwatch wall_;

  // The round in hand.
  std::optional<Observation> observation_;
  double target_ = 0.0;
  bool at_the_end_ = false;       ///< the last round has been begun
  std::optional<StepPlan> plan_;  ///< of JKO steps; none before the first one
  bool predicted_ = false;
  PredictSummary prediction_;
  double predict_ms_ = 0.0;
  double other_log_evidence_ = 0.0;
};

}  // namespace jko
