#include <omp.h>
#include <spdlog/fmt/fmt.h>

#include <filesystem>
#include <ostream>
#include <stdexcept>

#include "filter/divergence.hpp"
#include "src/commands/commands.hpp"
#include "src/config.hpp"
#include "src/error.hpp"
#include "src/methods.hpp"
#include "src/picture.hpp"
#include "src/progress.hpp"
#include "src/recording.hpp"
#include "src/report.hpp"
#include "src/run_files.hpp"
#include "src/stopwatch.hpp"

namespace jko {
namespace {

namespace fs = std::filesystem;

/// One run of `replay`: the filter, the one it is compared with, and everything that they write.
class Replay {
 public:
  Replay(const ReplayOptions& options, std::ostream& err)
      : options_(options),
        err_(err),
        config_(load_config(options.config)),
        recording_(options.observations, recording_format(config_)),
        method_(options.method.empty() ? config_.filter.method : options.method),
        filter_(make_filter(config_, method_, options.seed)),
        other_(options.compare.empty() ? nullptr : make_filter(config_, options.compare, options.seed)),
        folder_(prepare_folder(config_, options.output,
                               {"posterior.jsonl", "summary.json", "density.csv", "posterior.png"})),
        posteriors_(folder_ / "posterior.jsonl"),
        picture_(config_.model, config_.columns),
        report_({config_.name, options.observations, folder_.string(), method_, options.compare, config_.time.name,
                 options.seed, omp_get_max_threads()}) {
    require_until(config_, options_.until);
    if (options_.density && config_.model.dimension() > 2) {
      throw InputError(config_.file, 0, "state.dimension", "--density needs a state of 1 or 2 dimensions");
    }
  }

  void run() {
    picture_.add_law(*filter_, false);
    try {
      filter_recording();
    } catch (const std::exception& error) {
      finish(error.what());
      throw;
    }
    if (report_.observations() == 0 && !options_.until) {
      throw InputError(recording_.file(), 0, "", "holds no observations");
    }
    if (options_.until) predict_to_the_end(*options_.until);
    if (options_.density) write_density((folder_ / "density.csv").string(), *filter_, *options_.density);
    finish("");
  }

  const RunReport& report() const { return report_; }

 private:
  void filter_recording() {
    Progress progress(err_, options_.quiet);
    for (;;) {
      wall_.start();
      const auto observation = recording_.next();
      wall_.stop();
      if (!observation || (options_.until && observation->time > *options_.until)) return;
      const FilteredObservation seen = filter_one(*observation);
      if (!progress.due()) continue;
      progress.show(recording_.progress(),
                    fmt::format("observation {}  t = {:.6g}  log evidence {:.3f}  {:.3g} ms", seen.index + 1, seen.time,
                                seen.log_evidence, seen.predict_ms + seen.update_ms));
    }
  }

  FilteredObservation filter_one(const Observation& observation) {
    Stopwatch lap;
    wall_.start();
    lap.start();
    const PredictSummary predicted = filter_->predict(observation.time);
    const double predict_ms = lap.stop();
    wall_.stop();
    picture_.add_law(*filter_, true);

    wall_.start();
    lap.start();
    const UpdateSummary updated = filter_->update(observation.value);
    const double update_ms = lap.stop();
    if (!updated.possible()) {
      throw InputError(recording_.file(), observation.line, observed_names(config_),
                       "impossible observation: its likelihood is zero wherever the predicted law has mass");
    }
    FilteredObservation seen{report_.observations(),
                             observation.time,
                             observation.value,
                             report_.log_evidence() + updated.log_evidence_increment,
                             LawSummary(*filter_),
                             predicted,
                             updated,
                             predict_ms,
                             update_ms,
                             std::nullopt};
    wall_.stop();

    if (other_) {
      other_->predict(observation.time);
      other_log_evidence_ += other_->update(observation.value).log_evidence_increment;
      seen.symmetric_kl = symmetric_kl(*filter_, *other_);
    }
    wall_.start();
    posteriors_.write(seen.to_json());
    wall_.stop();
    report_.add(seen);
    if (other_) report_.add_compared(seen, other_->mean(), other_log_evidence_);
    picture_.add_observation(*filter_, observation.value);
    picture_.add_law(*filter_, false);
    return seen;
  }

  void predict_to_the_end(double until) {
    wall_.start();
    filter_->predict(until);
    const LawSummary law(*filter_);
    wall_.stop();
    std::optional<double> divergence;
    if (other_) {
      other_->predict(until);
      divergence = symmetric_kl(*filter_, *other_);
    }
    report_.set_prediction(until, law, divergence);
    picture_.add_law(*filter_, true);
  }

  /// Writes the summary and the picture; `error` says why the recording could not be read to its end.
  void finish(const std::string& error) {
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

  const ReplayOptions& options_;
  std::ostream& err_;
  Config config_;
  RecordingReader recording_;
  std::string method_;
  std::unique_ptr<Filter> filter_, other_;
  fs::path folder_;
  LineFile posteriors_;
  PosteriorPicture picture_;
  RunReport report_;
  Stopwatch wall_;
  double other_log_evidence_ = 0.0;
};

}  // namespace

void replay(const ReplayOptions& options, std::ostream& out, std::ostream& err) {
  if (options.threads > 0) omp_set_num_threads(options.threads);
  Replay run(options, err);
  run.run();
  if (!options.quiet) run.report().print_table(out);
}

}  // namespace jko
