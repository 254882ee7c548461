#pragma once
/// What a run says of itself: a line of posterior.jsonl for each observation, summary.json, and a table for people.

#include <cstdint>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "jko/filter.hpp"
#include "src/live/verdict.hpp"

namespace jko {

/// A number that is not finite becomes null: no NaN ever reaches a file.
nlohmann::ordered_json to_json(const Vector& vector);
nlohmann::ordered_json to_json(const Matrix& matrix);

/// Mean, covariance and quantiles of a filter's current law.
struct LawSummary {
  Vector mean;
  Matrix covariance;
  Matrix quantiles;  ///< (levels, D)

  explicit LawSummary(const Filter& filter);
  void write_to(nlohmann::ordered_json& json) const;
};

/// What a live run says of an observation besides.
struct LiveMark {
  Rung rung = Rung::full;
  bool revised = false;  ///< published before: an observation from before this one has come late
  bool gated = false;    ///< held back: the law is the predicted one
  double arrived = 0.0;  ///< Unix seconds
  std::string source;
};

/// One observation, filtered.
struct FilteredObservation {
  Index index;
  double time;
  Vector observation;
  double log_evidence;  ///< of all observations so far
  LawSummary posterior;
  PredictSummary predict;
  UpdateSummary update;
  double predict_ms, update_ms;
  std::optional<double> symmetric_kl;  ///< to the compared method
  std::optional<LiveMark> live{};      ///< only in a live run

  /// The line of posterior.jsonl.
  nlohmann::ordered_json to_json() const;
};

/// What was run.
struct RunSettings {
  std::string model, recording, output;
  std::string method;
  std::string compared;  ///< empty if none
  std::string time_unit;
  std::uint64_t seed;
  int threads;
};

/// The run as a whole.
class RunReport {
 public:
  explicit RunReport(RunSettings settings) : settings_(std::move(settings)) {}

  void add(const FilteredObservation& observation);
  /// What the compared method found for the observation that was added last.
  void add_compared(const FilteredObservation& observation, const Vector& mean, double log_evidence);

  double log_evidence() const { return log_evidence_; }
  double real_time_factor() const { return wall_seconds_ > 0.0 ? stream_seconds_ / wall_seconds_ : 0.0; }
  Index observations() const { return observations_; }

  /// The law at the end, predicted beyond the last observation.
  void set_prediction(double time, const LawSummary& law, std::optional<double> symmetric_kl);

  /// `wall_seconds`: what reading, filtering and writing took, without the compared method and the picture.
  /// `stream_span`: how long the recording lasts, in the model's unit and in seconds.
  void finish(double wall_seconds, double stream_span, double stream_seconds);

  nlohmann::ordered_json summary() const;
  void print_table(std::ostream& out) const;

 private:
  double root_mean_square(double sum_of_squares) const;

  RunSettings settings_;
  Index observations_ = 0, fallbacks_ = 0;
  double log_evidence_ = 0.0;
  double predict_ms_ = 0.0, update_ms_ = 0.0, slowest_update_ms_ = 0.0;
  double least_ess_ = 0.0, ess_ = 0.0;
  double compared_log_evidence_ = 0.0, squared_error_ = 0.0, squared_relative_error_ = 0.0;
  std::vector<double> symmetric_kl_;
  std::optional<double> final_symmetric_kl_;
  nlohmann::ordered_json prediction_;
  double wall_seconds_ = 0.0, stream_span_ = 0.0, stream_seconds_ = 0.0;
};

}  // namespace jko
