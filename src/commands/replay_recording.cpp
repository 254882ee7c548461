#include <omp.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <memory>
#include <optional>
#include <ostream>

#include "jko/divergence.hpp"
#include "src/clock.hpp"
#include "src/commands/commands.hpp"
#include "src/error.hpp"
#include "src/live/live_engine.hpp"
#include "src/methods.hpp"
#include "src/pace.hpp"
#include "src/progress.hpp"
#include "src/report.hpp"
#include "src/run_files.hpp"
#include "src/stopwatch.hpp"
#include "src/view/fields.hpp"
#include "src/view/illustrator.hpp"
#include "src/view/view_port.hpp"

namespace jko {
namespace {

/// A second method beside the live one. It takes the observations in their order, so that the stream must have had one.
class Companion {
 public:
  Companion(const Config& config, const std::string& method, std::uint64_t seed)
      : method_(method), filter_(make_filter(config, method, seed)) {}

  /// `line`: of the recording, for messages.
  void follow(LiveResult& result, const Filter& live, const std::string& file, int line) {
    for (FilteredObservation& seen : result.publish) {
      if (seen.live->revised)
        throw InputError(file, line, "", "an observation came late: --compare needs a stream in order");
      filter_->predict(seen.time);
      if (!seen.live->gated) log_evidence_ += filter_->update(seen.observation).log_evidence_increment;
    }
    // Of several at once the live filter holds the last one only.
    if (!result.publish.empty()) result.publish.back().symmetric_kl = symmetric_kl(live, *filter_);
  }

  [[noreturn]] void refuse_reload(const std::string& file, int line) const {
    throw InputError(file, line, "", "the config was read again here: " + method_ + " cannot follow");
  }

  const Filter& filter() const { return *filter_; }

  void report(RunReport& report, const FilteredObservation& seen) const {
    if (seen.symmetric_kl) report.add_compared(seen, filter_->mean(), log_evidence_);
  }

 private:
  std::string method_;
  std::unique_ptr<Filter> filter_;
  double log_evidence_ = 0.0;
};

/// The recording of a live run, filtered again entry by entry.
class RecordedRun {
 public:
  RecordedRun(const ReplayOptions& options, std::ostream& err, bool watched)
      : options_(options),
        err_(err),
        lines_(options.recording),
        config_(parse_config(lines_.header().config, options.recording)),
        engine_((omp_set_num_threads(options.threads > 0 ? options.threads : lines_.header().threads), lines_.header()),
                options.recording, watched),
        folder_(prepare_folder(config_, options.output, {"posterior.jsonl", "summary.json"})),
        posteriors_(folder_ / "posterior.jsonl"),
        report_({config_.name, options.recording, folder_.string(), lines_.header().method, options.compare,
                 config_.time.name, lines_.header().seed, omp_get_max_threads()}) {
    if (!options.compare.empty()) companion_.emplace(config_, options.compare, lines_.header().seed);
  }

  /// The next entry; false at the end.
  bool read() {
    entry_ = lines_.next();
    if (entry_ && !entry_->observation && companion_) companion_->refuse_reload(options_.recording, lines_.line());
    return entry_.has_value();
  }
  /// Unix seconds of the observation that was read; nothing of another entry.
  std::optional<double> arrived() const {
    return entry_->observation ? std::optional(entry_->observation->arrived) : std::nullopt;
  }

  LiveResult filter() {
    wall_.start();
    LiveResult result = engine_.redo(*entry_, options_.recording, lines_.line());
    wall_.stop();
    if (companion_) companion_->follow(result, engine_.filter(), options_.recording, lines_.line());
    wall_.start();
    for (const FilteredObservation& seen : result.publish) {
      posteriors_.write(seen.to_json());
      if (seen.live->revised) continue;
      report_.add(seen);
      if (companion_) companion_->report(report_, seen);
    }
    wall_.stop();
    return result;
  }

  void finish() {
    if (lines_.torn()) err_ << torn() << '\n';
    const double span = engine_.filter().time() - config_.model.start_time;
    report_.finish(wall_.total_seconds(), span, span * config_.time.seconds);
    nlohmann::ordered_json summary = report_.summary();
    const LiveCounts counts = engine_.counts();
    summary["log_evidence"] = engine_.log_evidence();  // rewinds revise it
    summary["published"] = counts.published;
    summary["revised"] = counts.revised;
    summary["gated"] = counts.of(Verdict::gated);
    for (int rung = 0; rung < kRungs; ++rung) {
      const Rung which = static_cast<Rung>(rung);
      summary["rungs"][std::string(name_of(which))] = counts.of(which);
    }
    LineFile(folder_ / "summary.json").write(summary, 2);
  }

  const Config& config() const { return config_; }
  const RecordingHeader& header() const { return lines_.header(); }
  const LiveEngine& engine() const { return engine_; }
  const RunReport& report() const { return report_; }
  const Filter* other() const { return companion_ ? &companion_->filter() : nullptr; }
  std::string folder() const { return folder_.string(); }
  double progress() const { return lines_.progress(); }

 private:
  std::string torn() const {
    return fmt::format("jkofilter: {}:{}: the last line is torn and was left out", options_.recording, lines_.line());
  }

  const ReplayOptions& options_;
  std::ostream& err_;
  RecordingLines lines_;
  Config config_;
  LiveEngine engine_;
  std::filesystem::path folder_;
  LineFile posteriors_;
  RunReport report_;
  std::optional<Companion> companion_;
  std::optional<RecordedEntry> entry_;
  Stopwatch wall_;
};

constexpr double kWindowTurn = 0.25;  // seconds between two looks at the window

/// A recording in a window: it can be paused, stepped through and begun again, but not changed, for it says how it was
/// filtered.
class WatchedRecording {
 public:
  WatchedRecording(const ReplayOptions& options, ViewPort& port, std::ostream& err)
      : options_(options),
        port_(port),
        err_(err),
        speed_(options.speed.value_or(options.paced ? 1.0 : kInfinity)),
        illustrator_(port) {
    begin();
  }

  void run() {
    while (!port_.closed()) {
      for (const ViewCommand& command : port_.take_commands()) {
        std::visit([this](const auto& what) { take(what); }, command);
      }
      if (ended_ || paused_) {  // what stands still needs no new snapshots
        port_.wait_for_command(ViewPort::kIdle);
        continue;
      }
      turn();
      if (steady_seconds() >= next_tell_) tell();
    }
    while (!ended_) filter();
    if (failure_) std::rethrow_exception(failure_);
  }

  const RunReport& report() const { return run_->report(); }

 private:
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  void begin() {
    run_.reset();  // it closes its files before they are written anew
    run_ = std::make_unique<RecordedRun>(options_, err_, true);
    failure_ = nullptr;
    last_arrival_.reset();
    ended_ = !run_->read();
    tell();
    illustrator_.begin(run_->config());
    illustrator_.show(run_->engine().shared_filter(), LawStage::updated);
  }

  /// Waits for the entry in hand, or filters it.
  void turn() {
    const std::optional<double> arrived = run_->arrived();
    if (arrived && last_arrival_ && !std::isinf(speed_)) {
      const double pause = (*arrived - *last_arrival_) / speed_ - (steady_seconds() - filtered_at_);
      if (pause > 0.0) return port_.wait_for_command(std::min(pause, kWindowTurn));
    }
    filter();
  }

  void filter() {
    try {
      if (run_->arrived()) last_arrival_ = run_->arrived();
      const LiveResult result = run_->filter();
      filtered_at_ = steady_seconds();
      if (run_->arrived()) {
        if (result.predicted) illustrator_.show(result.predicted, LawStage::predicted);
        if (const Filter* other = run_->other()) illustrator_.show_truth(*other);
        illustrator_.show(run_->engine().shared_filter(), LawStage::updated);
        for (const FilteredObservation& seen : result.publish) illustrator_.add(seen);
        const double time = run_->engine().filter().time();
        illustrator_.set(StreamClock{time, filtered_at_, 0.0, time});
      } else {
        illustrator_.say(LogLine::Level::note, "here the settings were changed");
      }
      ended_ = !run_->read();
      if (!ended_) return;
      run_->finish();
      illustrator_.say(LogLine::Level::note,
                       fmt::format("filtered {} observations, log evidence {:.3f}; results in {}",
                                   run_->engine().observations(), run_->engine().log_evidence(), run_->folder()));
    } catch (const std::exception& error) {
      failure_ = std::current_exception();
      ended_ = true;
      illustrator_.say(LogLine::Level::error, error.what());
    }
    tell();
  }

  void take(const Play&) { paused_ = false, tell(); }
  void take(const Pause&) { paused_ = true, tell(); }
  void take(const StepOnce&) {
    paused_ = true;
    if (!ended_) filter();
    tell();
  }
  void take(const Reset&) { begin(); }
  void take(const SetSpeed& command) {
    if (command.speed > 0.0) speed_ = command.speed * run_->config().time.seconds;
    tell();
  }
  void take(const ShowCoordinates& command) { illustrator_.show_coordinates(command.first, command.second); }
  void take(const KeepHistory& command) { illustrator_.keep_history(command.entries); }
  template <class Other>
  void take(const Other&) {
    illustrator_.say(LogLine::Level::note,
                     "the recording of a live run says how it was filtered: it cannot be changed");
  }

  void tell() {
    next_tell_ = steady_seconds() + kWindowTurn;
    const Config& config = run_->config();
    const RecordingHeader& header = run_->header();
    RunStatus status = status_of({config, header.method, options_.compare, header.seed}, RunKind::replay, {});
    status.source = status.data_file = options_.recording;
    status.output = run_->folder();
    status.paused = paused_;
    status.ended = ended_;
    status.progress = run_->progress();
    status.speed = speed_ / config.time.seconds;
    for (Field& field : status.fields) field.fixed = "a recording says how it was filtered";
    illustrator_.set(std::move(status));
  }

  const ReplayOptions& options_;
  ViewPort& port_;
  std::ostream& err_;
  double speed_;  ///< against the clock
  Illustrator illustrator_;
  std::unique_ptr<RecordedRun> run_;
  bool paused_ = false, ended_ = false;
  double filtered_at_ = 0.0, next_tell_ = 0.0;
  std::optional<double> last_arrival_;
  std::exception_ptr failure_;
};

}  // namespace

void replay_recording(const ReplayOptions& options, std::ostream& out, std::ostream& err) {
  RecordedRun run(options, err, false);
  Progress progress(err, options.quiet);
  Pace pace(options.speed);
  while (run.read()) {
    if (const auto arrived = run.arrived()) pace.wait_for(*arrived);
    const LiveResult result = run.filter();
    if (result.publish.empty() || !progress.due()) continue;
    progress.show(run.progress(), fmt::format("observation {}  t = {:.6g}  log evidence {:.3f}",
                                              run.engine().observations(), result.time, run.engine().log_evidence()));
  }
  progress.clear();
  run.finish();
  if (!options.quiet) run.report().print_table(out);
}

void watched_recording(const ReplayOptions& options, ViewPort& port, std::ostream& out, std::ostream& err) {
  WatchedRecording replay(options, port, err);
  replay.run();
  if (!options.quiet) replay.report().print_table(out);
}

}  // namespace jko
