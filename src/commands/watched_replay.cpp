#include <omp.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <fstream>
#include <map>
#include <ostream>
#include <stdexcept>

#include "src/clock.hpp"
#include "src/commands/commands.hpp"
#include "src/error.hpp"
#include "src/figures.hpp"
#include "src/replay_run.hpp"
#include "src/view/fields.hpp"
#include "src/view/illustrator.hpp"
#include "src/view/view_port.hpp"

namespace jko {
namespace {

constexpr double kGlide = 0.4;          // seconds in which the display moves to where a single step has led
constexpr double kProgressTurn = 0.25;  // seconds between two looks at progress

/// As it happened, where that can be watched; else ten observations a second.
double watchable_speed(const Config& config) {
  const double real = 1.0 / config.time.seconds;
  const double pause = config.schedule.interval / real;
  return pause >= 0.05 && pause <= 2.0 ? real : 10.0 * config.schedule.interval;
}

/// The states of a simulation, as `simulate --truth` writes them.
KnownStates read_states(const std::string& file, const Config& config) {
  if (file.empty()) return {};
  RecordingFormat format;
  format.dimension = config.model.dimension();
  format.time_axis = TimeAxis(config.time.seconds, config.time.origin);
  RecordingReader reader(file, format);
  std::vector<double> times, states;
  while (const auto state = reader.next()) {
    times.push_back(state->time);
    states.insert(states.end(), state->value.begin(), state->value.end());
  }
  const auto count = static_cast<Index>(times.size());
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return {std::make_shared<const Vector>(Eigen::Map<const Vector>(times.data(), count)),
          std::make_shared<const Points>(Eigen::Map<const RowMajor>(states.data(), count, format.dimension))};
}

/// A replay that a window steers. Between observations the prediction is made ahead, then the clock is waited for.
class WatchedReplay {
 public:
  WatchedReplay(const ReplayOptions& options, Config config, ViewPort& port, std::ostream& err)
      : options_(options),
        choice_{std::move(config), "", options.compare, options.seed},
        port_(port),
        err_(err),
        speed_(options.speed   ? *options.speed / choice_.config.time.seconds
               : options.paced ? watchable_speed(choice_.config)
                               : kInfinity),
        illustrator_(port) {
    choice_.method = options.method.empty() ? choice_.config.filter.method : options.method;
    begin();
  }

  /// Until the window is closed and the recording is filtered to its end.
  void run() {
    while (!port_.closed()) {
      for (const ViewCommand& command : port_.take_commands()) {
        std::visit([this](const auto& what) { take(what); }, command);
        idle_ = false;
      }
      if (catching_up() || (stage_ != Stage::ended && !paused_)) {
        turn();
        idle_ = false;
      } else {
        if (!idle_) tell();  // once: what stands still needs no new snapshots
        idle_ = true;
        port_.wait_for_command(ViewPort::kIdle);
      }
    }
    if (stage_ != Stage::ended) {
      err_ << "jkofilter: the window is closed; the rest of the recording is filtered without it\n";
      while (stage_ != Stage::ended) turn();
    }
    if (failure_) std::rethrow_exception(failure_);
  }

  /// Null if not even a run could be begun.
  const RunReport* report() const { return run_ ? &run_->report() : nullptr; }

 private:
  enum class Stage { reading, predicting, waiting, ended };

  bool catching_up() const { return stage_ != Stage::ended && observations() < catch_up_; }
  bool hurried() const { return catching_up() || std::isinf(speed_) || port_.closed(); }
  Index observations() const { return run_ ? run_->observations() : 0; }

  /// From the first observation.
  void begin() {
    ReplayOptions options = options_;
    options.method = choice_.method;
    options.compare = choice_.compared;
    options.seed = choice_.seed;
    KnownStates known = read_states(options_.truth, choice_.config);
    run_.reset();  // it closes its files before they are written anew
    run_ = std::make_unique<ReplayRun>(options, choice_.config, err_);
    failure_ = nullptr;
    stage_ = Stage::reading;
    at_target_ = false;
    stand_at(run_->filter().time());
    tell();
    illustrator_.begin(choice_.config, std::move(known));
    illustrator_.show(run_->filter(), LawStage::updated);
  }

  void restart(Index catch_up) {
    catch_up_ = catch_up;
    try {
      begin();
    } catch (const std::exception& error) {
      fail(error.what());
    }
  }

  /// A little of what is to be done: little enough for the window's commands to be answered soon.
  void turn() {
    try {
      switch (stage_) {
        case Stage::reading:
          return read();
        case Stage::predicting:
          return predict();
        case Stage::waiting:
          return wait();
        case Stage::ended:
          return;
      }
    } catch (const std::exception& error) {
      failure_ = std::current_exception();
      if (observations() > 0) run_->finish(error.what());
      fail(error.what());
    }
  }

  void read() {
    if (!run_->read()) {
      run_->require_observations();
      run_->finish();
      stage_ = Stage::ended;
      stand_at(run_->filter().time());
      illustrator_.say(LogLine::Level::note, fmt::format("filtered {} observations, log evidence {:.3f}; results in {}",
                                                         with_commas(observations()), run_->report().log_evidence(),
                                                         run_->folder().string()));
      tell();
      return;
    }
    stage_ = Stage::predicting;
    clock_.end = run_->target();
    if (!paused_) show_clock();
  }

  void predict() {
    const bool moved = run_->predict_step();
    if (run_->predicted()) stage_ = Stage::waiting;
    if (stage_ == Stage::waiting) {
      illustrator_.show(run_->filter(), LawStage::predicted);
    } else if (moved && !hurried()) {
      illustrator_.show(run_->filter(), LawStage::step);
    }
  }

  void wait() {
    if (!hurried()) {
      const double left = (run_->target() - clock_.now(steady_seconds())) / speed_;
      if (left > 0.0) {
        if (steady_seconds() >= next_tell_) tell();
        return port_.wait_for_command(std::min(left, kProgressTurn));
      }
    }
    update();
    if (steady_seconds() >= next_tell_ || !hurried()) tell();
  }

  void update() {
    const auto seen = run_->update();
    if (const Filter* other = run_->other(); other && other->time() == run_->filter().time()) {
      illustrator_.show_truth(*other);
    }
    if (seen) {
      illustrator_.show(run_->filter(), LawStage::updated);
      illustrator_.add(*seen);
    }
    stage_ = Stage::reading;
    at_target_ = false;
    // From when it was due, so that being late once does not make all that follows late; but no more than a little.
    const double now = steady_seconds(), target = run_->target();
    const double due = hurried() || paused_ ? now : clock_.wall + (target - clock_.time) / speed_;
    clock_ = {target, std::max(due, now - kProgressTurn), paused_ ? 0.0 : speed_, target};
    show_clock();
  }

  // The display's clock.

  void stand_at(double time) {
    clock_ = {time, steady_seconds(), paused_ ? 0.0 : speed_, time};
    show_clock();
  }
  void pace(double rate) {
    const double now = steady_seconds();
    clock_.time = clock_.now(now);
    clock_.wall = now;
    clock_.rate = rate;
    show_clock();
  }
  void show_clock() { illustrator_.set(clock_); }

  // Commands.

  void take(const Play&) {
    if (stage_ == Stage::ended) return;
    paused_ = false;
    pace(speed_);
    tell();
  }

  void take(const Pause&) {
    paused_ = true;
    pace(0.0);
    tell();
  }

  void take(const StepOnce&) {
    if (catching_up()) return;
    paused_ = true;
    if (!at_target_) {
      while (stage_ == Stage::reading || stage_ == Stage::predicting) turn();
      if (stage_ == Stage::waiting) {
        const double now = steady_seconds(), left = run_->target() - clock_.now(now);
        clock_ = {clock_.now(now), now, left / kGlide, run_->target()};
        show_clock();
        at_target_ = true;
      }
    } else if (stage_ == Stage::waiting) {
      try {
        update();
      } catch (const std::exception& error) {
        failure_ = std::current_exception();
        if (observations() > 0) run_->finish(error.what());
        fail(error.what());
      }
    }
    tell();
  }

  void take(const Reset&) { restart(0); }

  void take(const SetSpeed& command) {
    if (!(command.speed > 0.0)) return;
    speed_ = command.speed;
    if (!paused_) pace(speed_);
    tell();
  }

  void take(const SetField& command) {
    try {
      choice_ = with_field(choice_, command.key, command.text);
      errors_.erase(command.key);
    } catch (const std::exception& error) {
      errors_[command.key] = error.what();
      return tell();
    }
    illustrator_.say(LogLine::Level::note,
                     fmt::format("{} = {}: filtered again from the beginning", command.key, command.text));
    restart(observations());
  }

  void take(const OpenStudy& command) {
    const ReplayOptions before = options_;
    const Choice choice = choice_;
    try {
      if (!command.config.empty()) {
        choice_.config = load_config(command.config);
        choice_.method = choice_.config.filter.method;
        options_.config = command.config;
      }
      if (!command.data.empty()) options_.observations = command.data;
      options_.truth.clear();
      options_.until.reset();
      RecordingReader reader(options_.observations, recording_format(choice_.config));
      catch_up_ = 0;
      errors_.clear();
      begin();
    } catch (const std::exception& error) {
      options_ = before;
      choice_ = choice;
      illustrator_.say(LogLine::Level::error, error.what());
      if (!run_) restart(0);
    }
  }

  void take(const SaveConfig& command) {
    std::ofstream file(command.file);
    file << config_text(choice_) << std::flush;
    illustrator_.say(file ? LogLine::Level::note : LogLine::Level::error,
                     file ? "the config was saved to " + command.file : command.file + " cannot be written");
  }

  void take(const Record&) {
    illustrator_.say(LogLine::Level::note, "a replay is of a recording already: " + options_.observations);
  }
  void take(const ShowCoordinates& command) { illustrator_.show_coordinates(command.first, command.second); }
  void take(const KeepHistory& command) { illustrator_.keep_history(command.entries); }
  void take(const ScrubTo&) {}
  void take(const DrawLaw&) {}

  void fail(const std::string& what) {
    illustrator_.say(LogLine::Level::error, what);
    stage_ = Stage::ended;
    tell();
  }

  void tell() {
    next_tell_ = steady_seconds() + kProgressTurn;
    RunStatus status = status_of(choice_, RunKind::replay, errors_);
    status.source = options_.observations;
    status.data_file = options_.observations;
    if (run_) {
      status.output = run_->folder().string();
      status.progress = run_->progress();
    }
    status.paused = paused_;
    status.ended = stage_ == Stage::ended;
    status.busy = catching_up();
    if (status.busy) status.progress = static_cast<double>(observations()) / static_cast<double>(catch_up_);
    status.speed = speed_;
    illustrator_.set(std::move(status));
  }

  ReplayOptions options_;
  Choice choice_;
  ViewPort& port_;
  std::ostream& err_;
  double speed_;
  Illustrator illustrator_;
  std::unique_ptr<ReplayRun> run_;
  Stage stage_ = Stage::reading;
  bool paused_ = false;
  bool idle_ = false;       ///< at rest, and the window knows
  bool at_target_ = false;  ///< paused, and the display has been led to the end of the prediction
  Index catch_up_ = 0;      ///< observations that are filtered again without waiting
  StreamClock clock_;
  double next_tell_ = 0.0;
  std::map<std::string, std::string> errors_;
  std::exception_ptr failure_;
};

}  // namespace

void watched_replay(const ReplayOptions& options, ViewPort& port, std::ostream& out, std::ostream& err) {
  if (options.threads > 0) omp_set_num_threads(options.threads);
  WatchedReplay replay(options, load_config(options.config), port, err);
  replay.run();
  if (replay.report() && !options.quiet) replay.report()->print_table(out);
}

}  // namespace jko
