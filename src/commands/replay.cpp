#include <omp.h>
#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "filter/divergence.hpp"
#include "src/commands/commands.hpp"
#include "src/config.hpp"
#include "src/error.hpp"
#include "src/methods.hpp"
#include "src/picture.hpp"
#include "src/recording.hpp"
#include "src/report.hpp"

namespace jko {
namespace {

namespace fs = std::filesystem;

/// Adds up the time between start() and stop().
class Stopwatch {
 public:
  void start() { begin_ = Clock::now(); }
  /// Milliseconds since start().
  double stop() {
    const double lap = std::chrono::duration<double, std::milli>(Clock::now() - begin_).count();
    total_ms_ += lap;
    return lap;
  }
  double total_seconds() const { return 1e-3 * total_ms_; }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_;
  double total_ms_ = 0.0;
};

/// A file of whole lines: each is flushed, so what is there can be read whatever happens next.
class LineFile {
 public:
  explicit LineFile(const fs::path& file) : file_(file), stream_(file) { check(); }
  void write(const nlohmann::ordered_json& json, int indent = -1) {
    stream_ << json.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
    check();
  }

 private:
  void check() {
    if (!stream_) throw std::runtime_error("cannot write " + file_.string());
  }
  fs::path file_;
  std::ofstream stream_;
};

/// A line on the terminal that is written over, a few times a second.
class Progress {
 public:
  Progress(std::ostream& err, bool quiet) : err_(err), shown_(!quiet && &err == &std::cerr && isatty(STDERR_FILENO)) {}
  ~Progress() {
    if (shown_ && drawn_) err_ << "\r\033[K" << std::flush;
  }
  void show(double share, const FilteredObservation& seen) {
    const auto now = std::chrono::steady_clock::now();
    if (!shown_ || (drawn_ && now - last_ < std::chrono::milliseconds(100))) return;
    last_ = now;
    drawn_ = true;
    err_ << fmt::format("\r\033[K{:3.0f} %  observation {}  t = {:.6g}  log evidence {:.3f}  {:.3g} ms", 100.0 * share,
                        seen.index + 1, seen.time, seen.log_evidence, seen.predict_ms + seen.update_ms)
         << std::flush;
  }

 private:
  std::ostream& err_;
  bool shown_, drawn_ = false;
  std::chrono::steady_clock::time_point last_;
};

fs::path prepare_output(const ReplayOptions& options, const Config& config) {
  const fs::path folder = options.output.empty() ? fs::path("out") / config.name : fs::path(options.output);
  fs::create_directories(folder);
  for (const char* stale : {"posterior.jsonl", "summary.json", "density.csv", "posterior.png"}) {
    fs::remove(folder / stale);
  }
  return folder;
}

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
        folder_(prepare_output(options, config_)),
        posteriors_(folder_ / "posterior.jsonl"),
        picture_(config_.model, config_.columns),
        report_({config_.name, options.observations, folder_.string(), method_, options.compare, config_.time.name,
                 options.seed, omp_get_max_threads()}) {
    if (options_.until && *options_.until < config_.model.start_time) {
      throw InputError(config_.file, 0, "initial.time",
                       fmt::format("is {}, but --until {} is before it", config_.model.start_time, *options_.until));
    }
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
  static RecordingFormat recording_format(const Config& config) {
    RecordingFormat format;
    format.columns = config.columns;
    format.dimension = config.model.observation->observation_dimension();
    format.time_axis = TimeAxis(config.time.seconds, config.time.origin);
    format.earliest = config.model.start_time;
    return format;
  }

  void filter_recording() {
    Progress progress(err_, options_.quiet);
    for (;;) {
      wall_.start();
      const auto observation = recording_.next();
      wall_.stop();
      if (!observation || (options_.until && observation->time > *options_.until)) return;
      progress.show(recording_.progress(), filter_one(*observation));
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
      throw InputError(recording_.file(), observation.line, observed_names(),
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

  std::string observed_names() const {
    return config_.columns.empty() ? "y" : fmt::format("{}", fmt::join(config_.columns, ", "));
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
