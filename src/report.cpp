#include "src/report.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>

#include "filter/step_engine.hpp"
#include "src/device.hpp"
#include "src/figures.hpp"
#include "src/version.hpp"

namespace jko {
namespace {

using nlohmann::ordered_json;

struct QuantileLevel {
  double level;
  const char* name;
};
constexpr QuantileLevel kQuantiles[] = {{0.05, "0.05"}, {0.5, "0.5"}, {0.95, "0.95"}};

std::vector<double> quantile_levels() {
  std::vector<double> levels;
  for (const auto& quantile : kQuantiles) levels.push_back(quantile.level);
  return levels;
}

}  // namespace

ordered_json to_json(const Vector& vector) { return std::vector<double>(vector.begin(), vector.end()); }

ordered_json to_json(const Matrix& matrix) {
  ordered_json rows = ordered_json::array();
  for (Index i = 0; i < matrix.rows(); ++i) rows.push_back(to_json(Vector(matrix.row(i))));
  return rows;
}

LawSummary::LawSummary(const Filter& filter)
    : mean(filter.mean()), covariance(filter.covariance()), quantiles(filter.quantiles(quantile_levels())) {}

void LawSummary::write_to(ordered_json& json) const {
  json["mean"] = jko::to_json(mean);
  json["covariance"] = jko::to_json(covariance);
  ordered_json by_level;
  for (Index i = 0; i < quantiles.rows(); ++i) by_level[kQuantiles[i].name] = jko::to_json(Vector(quantiles.row(i)));
  json["quantiles"] = by_level;
}

ordered_json FilteredObservation::to_json() const {
  ordered_json json;
  json["type"] = "posterior";
  json["index"] = index;
  json["time"] = time;
  json["observation"] = jko::to_json(observation);
  json["log_evidence_increment"] = update.log_evidence_increment;
  json["log_evidence"] = log_evidence;
  posterior.write_to(json);
  json["ess"] = update.effective_sample_size;
  json["jko_steps"] = predict.steps;
  json["iterations"] = predict.iterations;
  json["predict_ms"] = predict_ms;
  json["update_ms"] = update_ms;
  json["fallback"] = predict.fallback;
  if (symmetric_kl) json["sym_kl"] = *symmetric_kl;
  if (live) {
    json["rung"] = name_of(live->rung);
    json["revised"] = live->revised;
    json["gated"] = live->gated;
    json["arrived"] = live->arrived;
    json["source"] = live->source;
  }
  return json;
}

void RunReport::add(const FilteredObservation& observation) {
  const double ess = observation.update.effective_sample_size;
  least_ess_ = observations_ == 0 ? ess : std::min(least_ess_, ess);
  ess_ += ess;
  ++observations_;
  log_evidence_ = observation.log_evidence;
  fallbacks_ += observation.predict.fallback ? 1 : 0;
  predict_ms_ += observation.predict_ms;
  update_ms_ += observation.update_ms;
  slowest_update_ms_ = std::max(slowest_update_ms_, observation.update_ms);
}

void RunReport::add_compared(const FilteredObservation& observation, const Vector& mean, double log_evidence) {
  const Vector error = observation.posterior.mean - mean;
  const Vector variance = observation.posterior.covariance.diagonal();
  squared_error_ += error.squaredNorm() / static_cast<double>(error.size());
  squared_relative_error_ += (error.array().square() / variance.array()).mean();
  compared_log_evidence_ = log_evidence;
  symmetric_kl_.push_back(*observation.symmetric_kl);
  final_symmetric_kl_ = observation.symmetric_kl;
}

void RunReport::set_prediction(double time, const LawSummary& law, std::optional<double> symmetric_kl) {
  prediction_ = {{"time", time}};
  law.write_to(prediction_);
  if (symmetric_kl) {
    prediction_["sym_kl"] = *symmetric_kl;
    final_symmetric_kl_ = symmetric_kl;
  }
}

void RunReport::finish(double wall_seconds, double stream_span, double stream_seconds) {
  wall_seconds_ = wall_seconds;
  stream_span_ = stream_span;
  stream_seconds_ = stream_seconds;
}

double RunReport::root_mean_square(double sum_of_squares) const {
  return std::sqrt(sum_of_squares / static_cast<double>(observations_));
}

ordered_json RunReport::summary() const {
  ordered_json json;
  json["observations"] = observations_;
  json["log_evidence"] = log_evidence_;
  json["wall_seconds"] = wall_seconds_;
  json["stream_seconds"] = stream_seconds_;
  json["real_time_factor"] = real_time_factor();
  json["method"] = settings_.method;
  json["seed"] = settings_.seed;
  json["threads"] = settings_.threads;
  json["device"] = engine_in_use()->name();
  json["version"] = version();
  json["fallbacks"] = fallbacks_;
  json["sym_kl"] = nullptr;
  if (!settings_.compared.empty()) {
    json["sym_kl"] = {{"final", nullptr}, {"median", median(symmetric_kl_)}, {"max", maximum(symmetric_kl_)}};
    if (final_symmetric_kl_) json["sym_kl"]["final"] = *final_symmetric_kl_;
    json["compared"] = {{"method", settings_.compared},
                        {"log_evidence", compared_log_evidence_},
                        {"mean_error", root_mean_square(squared_error_)},
                        {"mean_error_in_sd", root_mean_square(squared_relative_error_)}};
  }
  if (!prediction_.is_null()) json["prediction"] = prediction_;
  return json;
}

void RunReport::print_table(std::ostream& out) const {
  const auto row = [&](const char* name, const std::string& value, const std::string& note = "") {
    out << (note.empty() ? fmt::format("  {:<22}{}\n", name, value)
                         : fmt::format("  {:<22}{:<12}  {}\n", name, value, note));
  };
  const bool compared = !settings_.compared.empty();
  out << fmt::format("\n{}: {} filtered by {}\n\n", settings_.model, settings_.recording, settings_.method);
  row("observations", with_commas(observations_), fmt::format("over {:.6g} {}", stream_span_, settings_.time_unit));
  row("log evidence", fmt::format("{:.3f}", log_evidence_),
      compared ? fmt::format("{}: {:.3f}", settings_.compared, compared_log_evidence_) : "");
  if (compared && observations_ > 0) {
    row("mean error", fmt::format("{:.2g}", root_mean_square(squared_error_)),
        fmt::format("RMS against {}; {:.2g} posterior standard deviations", settings_.compared,
                    root_mean_square(squared_relative_error_)));
    row("SymKL", fmt::format("{:.2g}", median(symmetric_kl_)),
        fmt::format("median against {}; largest {:.2g}, last {:.2g}", settings_.compared, maximum(symmetric_kl_),
                    final_symmetric_kl_.value_or(std::numeric_limits<double>::quiet_NaN())));
  }
  if (observations_ > 0) {
    const double count = static_cast<double>(observations_);
    row("effective samples", fmt::format("{:.0f}", ess_ / count), fmt::format("mean; least {:.0f}", least_ess_));
    row("time per observation", duration((predict_ms_ + update_ms_) / count),
        fmt::format("predict {}, update {} (slowest {})", duration(predict_ms_ / count), duration(update_ms_ / count),
                    duration(slowest_update_ms_)));
  }
  row("real-time factor", factor(real_time_factor()),
      fmt::format("{:.6g} {} of recording in {}", stream_span_, settings_.time_unit, duration(1000.0 * wall_seconds_)));
  row("fallback steps", fallbacks_ == 0 ? "none" : fmt::format("at {} observations", with_commas(fallbacks_)));
  row("written to", settings_.output);
}

}  // namespace jko
