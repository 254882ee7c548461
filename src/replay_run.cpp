#include "src/replay_run.hpp"

#include <omp.h>
#include <spdlog/fmt/fmt.h>

#include <ostream>

#include "jko/divergence.hpp"
#include "src/error.hpp"
#include "src/methods.hpp"

namespace jko {

ReplayRun::ReplayRun(const ReplayOptions& options, Config config, std::ostream& err)
    : options_(options),
      err_(err),
      config_(std::move(config)),
      recording_(options_.observations, recording_format(config_)),
      method_(options_.method.empty() ? config_.filter.method : options_.method),
      filter_(make_filter(config_, method_, options_.seed)),
      other_(options_.compare.empty() ? nullptr : make_filter(config_, options_.compare, options_.seed)),
      folder_((require_until(config_, options_.until),
               prepare_folder(config_, options_.output,
                              {"posterior.jsonl", "summary.json", "density.csv", "posterior.png"}))),
      posteriors_(folder_ / "posterior.jsonl"),
      picture_(config_.model, config_.columns),
      report_({config_.name, options_.observations, folder_.string(), method_, options_.compare, config_.time.name,
               options_.seed, omp_get_max_threads()}) {
  if (options_.density && config_.model.dimension() > 2) {
    throw InputError(config_.file, 0, "state.dimension", "--density needs a state of 1 or 2 dimensions");
  }
  picture_.add_law(*filter_, false);
}

bool ReplayRun::read() {
  if (at_the_end_) return false;
  predicted_ = false;
  plan_.reset();
  prediction_ = {};
  predict_ms_ = 0.0;
  wall_.start();
  observation_ = recording_.next();
  wall_.stop();
  if (observation_ && options_.until && observation_->time > *options_.until) observation_.reset();
  if (observation_) {
    target_ = observation_->time;
    return true;
  }
  at_the_end_ = true;
  if (!options_.until) return false;
  target_ = *options_.until;
  return true;
}

bool ReplayRun::predict_step() {
  if (predicted_) return false;
  Stopwatch lap;
  wall_.start();
  lap.start();
  bool moved = true;
  if (auto* jko = dynamic_cast<JkoFilter*>(filter_.get())) {
    if (!plan_) plan_ = jko->plan(target_);
    moved = !plan_->finished();
    if (moved) {
      const StepReport report = jko->step(*plan_, {});
      prediction_.steps += 1;
      prediction_.iterations += report.iterations;
      prediction_.fallback = prediction_.fallback || report.fallback;
    }
    predicted_ = plan_->finished();
  } else {
    prediction_ = filter_->predict(target_);
    predicted_ = true;
  }
  predict_ms_ += lap.stop();
  wall_.stop();
  if (predicted_) picture_.add_law(*filter_, true);
  return moved;
}

std::optional<FilteredObservation> ReplayRun::update() {
  if (!observation_) {
    wall_.start();
    const LawSummary law(*filter_);
    wall_.stop();
    std::optional<double> divergence;
    if (other_) {
      other_->predict(target_);
      divergence = symmetric_kl(*filter_, *other_);
    }
    report_.set_prediction(target_, law, divergence);
    return std::nullopt;
  }
  Stopwatch lap;
  wall_.start();
  lap.start();
  const UpdateSummary updated = filter_->update(observation_->value);
  const double update_ms = lap.stop();
  if (!updated.possible()) {
    throw InputError(recording_.file(), observation_->line, observed_names(config_),
                     "impossible observation: its likelihood is zero wherever the predicted law has mass");
  }
  FilteredObservation seen{report_.observations(),
                           observation_->time,
                           observation_->value,
                           report_.log_evidence() + updated.log_evidence_increment,
                           LawSummary(*filter_),
                           prediction_,
                           updated,
                           predict_ms_,
                           update_ms,
                           std::nullopt};
  wall_.stop();

  if (other_) {
    other_->predict(observation_->time);
    other_log_evidence_ += other_->update(observation_->value).log_evidence_increment;
    seen.symmetric_kl = symmetric_kl(*filter_, *other_);
  }
  wall_.start();
  posteriors_.write(seen.to_json());
  wall_.stop();
  report_.add(seen);
  if (other_) report_.add_compared(seen, other_->mean(), other_log_evidence_);
  picture_.add_observation(*filter_, observation_->value);
  picture_.add_law(*filter_, false);
  return seen;
}

void ReplayRun::require_observations() const {
  if (report_.observations() == 0 && !options_.until) {
    throw InputError(recording_.file(), 0, "", "holds no observations");
  }
}

void ReplayRun::finish(const std::string& error) {
  if (options_.density && error.empty()) {
    write_density((folder_ / "density.csv").string(), *filter_, *options_.density);
  }
  const double span = filter_->time() - config_.model.start_time;
  report_.finish(wall_.total_seconds(), span, span * config_.time.seconds);
  nlohmann::ordered_json summary = report_.summary();
  if (!error.empty()) summary["error"] = error;
  LineFile(folder_ / "summary.json").write(summary, 2);
  if (filter_->time() <= config_.model.start_time) return;  // nothing has happened that could be drawn
  const std::string title = fmt::format("{}: {}, log evidence {:.2f}", config_.name, method_, report_.log_evidence());
  if (!picture_.write((folder_ / "posterior.png").string(), *filter_, {title, config_.time.name})) {
    err_ << "jkofilter: no picture, because gnuplot is missing or failed (Debian package gnuplot-nox)\n";
  }
}

}  // namespace jko
