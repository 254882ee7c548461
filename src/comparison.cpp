#include "src/comparison.hpp"

#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <ostream>

#include "jko/divergence.hpp"
#include "src/figures.hpp"

namespace jko {
nlohmann::ordered_json MethodFigures::to_json() const {
  nlohmann::ordered_json json;
  json["method"] = method;
  json["truth"] = is_truth;
  if (!refusal.empty()) {
    json["refusal"] = refusal;
    return json;
  }
  json["log_evidence"] = log_evidence;
  if (error) {
    json["log_evidence_error"] = error->log_evidence;
    json["mean_error_in_sd"] = error->mean_in_sd;
    json["sym_kl"] = {{"median", error->median_kl}, {"max", error->largest_kl}};
  }
  json["seconds"] = seconds;
  json["ms_per_observation"] = {{"p50", median_ms}, {"p99", slow_ms}};
  json["real_time_factor"] = real_time_factor;
  json["fallbacks"] = fallbacks;
  return json;
}

Contestant::Contestant(std::string method, MadeFilter made)
    : method_(std::move(method)), refusal_(std::move(made.refusal)), filter_(std::move(made.filter)) {}

void Contestant::filter_one(const Observation& observation) {
  if (!running()) return;
  watch_.start();
  const PredictSummary predicted = filter_->predict(observation.time);
  const UpdateSummary updated = filter_->update(observation.value);
  ms_.push_back(watch_.stop());
  fallbacks_ += predicted.fallback ? 1 : 0;
  log_evidence_ += updated.log_evidence_increment;
  if (!updated.possible()) {
    refusal_ = fmt::format("the observation at t = {:.6g} is impossible under its prediction", observation.time);
  }
}

void Contestant::predict_to(double until) {
  if (!running()) return;
  watch_.start();
  fallbacks_ += filter_->predict(until).fallback ? 1 : 0;
  watch_.stop();
}

void Contestant::compare_with(const Contestant& truth, bool with_divergence) {
  if (!running() || !truth.running()) return;
  const Vector error = filter_->mean() - truth.filter_->mean();
  squared_error_ += (error.array().square() / truth.filter_->covariance().diagonal().array()).mean();
  ++compared_;
  if (!with_divergence) return;
  symmetric_kl_.push_back(symmetric_kl(*filter_, *truth.filter_));
  track_.push_back({filter_->time(), log_evidence_, symmetric_kl_.back()});
}

void Contestant::mark() {
  if (running()) track_.push_back({filter_->time(), log_evidence_, kNaN});
}

MethodFigures Contestant::figures(double stream_seconds, const Contestant* truth) const {
  MethodFigures figures;
  figures.method = method_;
  figures.refusal = refusal_;
  figures.is_truth = this == truth;
  figures.log_evidence = log_evidence_;
  figures.seconds = watch_.total_seconds();
  figures.real_time_factor = figures.seconds > 0.0 ? stream_seconds / figures.seconds : 0.0;
  figures.median_ms = percentile(ms_, 0.5);
  figures.slow_ms = percentile(ms_, 0.99);
  figures.fallbacks = fallbacks_;
  figures.track = track_;
  if (truth && truth != this && truth->running() && compared_ > 0) {
    figures.error = MethodFigures::Error{log_evidence_ - truth->log_evidence_,
                                         std::sqrt(squared_error_ / static_cast<double>(compared_)),
                                         median(symmetric_kl_), maximum(symmetric_kl_)};
  }
  return figures;
}

void print_table(const std::vector<MethodFigures>& methods, std::ostream& out) {
  const auto row = [&](const auto&... cells) {
    out << fmt::format("  {:<13}{:>13}{:>11}{:>11}{:>11}{:>11}{:>10}{:>10}{:>10}{:>16}\n", cells...);
  };
  row("", "log", "evidence", "mean error", "SymKL", "SymKL", "", "ms an", "ms an", "real-time");
  row("method", "evidence", "error", "in sd", "median", "max", "seconds", "obs. p50", "p99", "factor");
  for (const MethodFigures& m : methods) {
    if (!m.refusal.empty()) {
      out << fmt::format("  {:<13}  {}\n", m.method, m.refusal);
      continue;
    }
    const auto cell = [&](const char* format, double value) {
      if (m.is_truth) return std::string("truth");
      return m.error && std::isfinite(value) ? fmt::format(fmt::runtime(format), value) : std::string("-");
    };
    const MethodFigures::Error error = m.error.value_or(MethodFigures::Error{kNaN, kNaN, kNaN, kNaN});
    row(m.method, fmt::format("{:.3f}", m.log_evidence), cell("{:+.2g}", error.log_evidence),
        cell("{:.2g}", error.mean_in_sd), cell("{:.2g}", error.median_kl), cell("{:.2g}", error.largest_kl),
        fmt::format("{:.3g}", m.seconds), fmt::format("{:.3g}", m.median_ms), fmt::format("{:.3g}", m.slow_ms),
        factor(m.real_time_factor));
  }
  for (const MethodFigures& m : methods) {
    if (m.fallbacks > 0 && m.refusal.empty()) {
      out << fmt::format("  {}: a plain step stood in at {} observations\n", m.method, with_commas(m.fallbacks));
    }
  }
}

}  // namespace jko
