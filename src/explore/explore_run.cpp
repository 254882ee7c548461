#include "src/explore/explore_run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <fstream>
#include <utility>

#include "src/explore/explorer.hpp"

namespace jko {
namespace {

constexpr std::size_t kLogLines = 300;
constexpr double kPortPatience = 1.0;  // seconds, between looks at whether the port is closed

class ExploreRun {
 public:
  ExploreRun(ViewPort& port, const ExploreSettings& settings, const ExploreRunOptions& options)
      : port_(port), explorer_(settings), playing_(options.playing), speed_(options.speed) {}

  void run() {
    publish();
    while (!port_.closed()) {
      bool changed = false;
      for (const ViewCommand& command : port_.take_commands()) {
        std::visit([this](const auto& what) { take(what); }, command);
        changed = true;
      }
      if (playing_ && seconds_until_due() <= 0.0) {
        step();
        changed = true;
      }
      if (changed) publish();
      const double wait = playing_ ? seconds_until_due() : kPortPatience;
      if (wait > 0.0) port_.wait_for_command(std::min(wait, kPortPatience));
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  double seconds_until_due() const { return std::chrono::duration<double>(due_ - Clock::now()).count(); }

  /// The wall time of a step: none at infinite speed.
  Clock::duration period() const {
    return std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(std::min(explorer_.settings().tau / speed_, 3600.0)));
  }

  void step() {
    explorer_.step();
    if (explorer_.stuck()) playing_ = false;
    // Behind by more than a step: the rest is not caught up.
    due_ = std::max(due_ + period(), Clock::now() - period());
  }

  void take(const Play&) {
    playing_ = !explorer_.stuck();
    due_ = Clock::now();
  }
  void take(const Pause&) { playing_ = false; }
  void take(const StepOnce&) {
    playing_ = false;
    step();
  }
  void take(const Reset&) { explorer_.restart(); }
  void take(const SetSpeed& command) {
    if (!(command.speed > 0.0)) return;
    speed_ = command.speed;
    due_ = Clock::now();
  }
  void take(const SetField& command) { complain(command.key, explorer_.set(command.key, command.text)); }
  void take(const OpenStudy& command) {
    if (command.config.empty()) return;
    const std::string error = explorer_.open(command.config);
    if (error.empty()) config_file_ = command.config;
    complain("", error);
  }
  void take(const DrawLaw& command) { complain("initial law", explorer_.draw(command)); }
  void take(const SaveConfig& command) {
    std::ofstream file(command.file);
    file << explorer_.config_text() << std::flush;
    if (file) {
      say(LogLine::Level::note, "saved " + command.file);
    } else {
      say(LogLine::Level::error, "cannot write " + command.file);
    }
  }
  void take(const KeepHistory& command) { explorer_.keep(command.entries); }
  void take(const ScrubTo& command) {
    playing_ = false;
    explorer_.scrub(command.frame);
  }
  // Nothing is recorded, and all coordinates are shown.
  void take(const Record&) {}
  void take(const ShowCoordinates&) {}

  void complain(const std::string& about, const std::string& error) {
    if (!error.empty()) say(LogLine::Level::error, about.empty() ? error : about + ": " + error);
  }

  void say(LogLine::Level level, std::string text) {
    log_.push_back({++lines_, level, std::move(text)});
    if (log_.size() > kLogLines) log_.pop_front();
  }

  void publish() {
    for (std::string message = explorer_.take_message(); !message.empty(); message = explorer_.take_message()) {
      say(explorer_.stuck() ? LogLine::Level::error : LogLine::Level::warning, std::move(message));
    }
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->number = ++snapshots_;
    RunStatus& status = snapshot->status;
    status.kind = RunKind::explore;
    status.name = explorer_.settings().name;
    status.method = "jko";
    status.model = explorer_.formula();
    status.config_file = config_file_;
    status.paused = !playing_;
    status.speed = speed_;
    status.fields = explorer_.fields();
    auto view = std::make_shared<ExploreView>(explorer_.view());
    view->playing = playing_;
    snapshot->explore = std::move(view);
    snapshot->log.assign(log_.begin(), log_.end());
    port_.publish(std::move(snapshot));
  }

  ViewPort& port_;
  Explorer explorer_;
  bool playing_;
  double speed_;
  Clock::time_point due_ = Clock::now();
  std::string config_file_;
  std::deque<LogLine> log_;
  std::uint64_t lines_ = 0, snapshots_ = 0;
};

}  // namespace

void explore_run(ViewPort& port, const ExploreSettings& settings, const ExploreRunOptions& options) {
  ExploreRun(port, settings, options).run();
}

}  // namespace jko
