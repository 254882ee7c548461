#include "src/view/live_view.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include <cmath>
#include <fstream>
#include <stdexcept>

#include "src/clock.hpp"
#include "src/methods.hpp"

namespace jko {
namespace {

const char* const kBudget = "live.budget_ms";
const char* const kGate = "live.gate";

}  // namespace

LiveView::LiveView(ViewPort& port, const LiveStudy& study, LiveStreams& streams, LiveEngine& engine)
    : port_(port),
      choice_{study.config, study.method, study.compared, study.seed},
      output_(study.output),
      record_(study.record),
      streams_(streams),
      engine_(engine),
      illustrator_(port) {
  port_.on_command([&streams] { streams.queue().wake(); });
  tell();
  illustrator_.begin(choice_.config);
  if (!study.compared.empty()) {
    illustrator_.compare_with(make_filter(study.config, study.compared, study.seed));
  }
  illustrator_.show(engine_.shared_filter(), LawStage::updated);
}

LiveView::~LiveView() { port_.on_command({}); }

void LiveView::add(const FilteredObservation& seen, std::optional<double> latency_seconds) {
  pending_.emplace_back(seen, latency_seconds);
}

void LiveView::show(const LiveResult& result) {
  // Of several at once only the last one's laws are at hand; the others have their figures.
  if (result.predicted) illustrator_.show(result.predicted, LawStage::predicted);
  illustrator_.show(engine_.shared_filter(), LawStage::updated);
  for (const auto& [seen, latency] : pending_) illustrator_.add(seen, latency);
  pending_.clear();
  const double rate = 1.0 / choice_.config.time.seconds, time = engine_.filter().time();
  clock_ = {time, steady_seconds(), rate, time};
  illustrator_.set(clock_);
}

void LiveView::show_ahead() {
  std::unique_ptr<Filter> ahead = engine_.ahead();
  if (!ahead) return;
  if (ahead->time() > clock_.end) {
    clock_.end = ahead->time();
    illustrator_.set(clock_);
  }
  illustrator_.show(std::shared_ptr<const Filter>(std::move(ahead)), LawStage::step);
}

void LiveView::look_around(double lateness) {
  const LiveCounts counts = engine_.counts();
  EngineView reading;
  reading.observations = engine_.observations();
  reading.fallbacks = counts.fallbacks;
  reading.steps_ahead = counts.steps_ahead;
  reading.waiting = static_cast<Index>(streams_.queue().size());
  reading.queue_capacity = static_cast<Index>(streams_.queue().capacity());
  const SourceCounts& sources = streams_.counts();
  for (int k = 0; k < kRejections; ++k) {
    const auto reason = static_cast<Rejection>(k);
    const auto number = static_cast<Index>(sources.rejected(reason));
    (reason == Rejection::overflow ? reading.dropped : reading.rejected) += number;
  }
  reading.late = counts.of(Verdict::late);
  reading.gated = counts.of(Verdict::gated);
  reading.impossible = counts.of(Verdict::impossible);
  reading.revised = counts.revised;
  reading.lateness = lateness;
  const double budget = engine_.budget_seconds();
  reading.deadline_ms = std::isfinite(budget) ? 1e3 * budget : 0.0;
  // Where nothing happens nothing need be drawn.
  const std::vector<double> figures{static_cast<double>(reading.observations),
                                    static_cast<double>(reading.fallbacks),
                                    static_cast<double>(reading.steps_ahead),
                                    static_cast<double>(reading.waiting),
                                    static_cast<double>(reading.dropped),
                                    static_cast<double>(reading.rejected),
                                    static_cast<double>(reading.late),
                                    static_cast<double>(reading.gated),
                                    static_cast<double>(reading.impossible),
                                    static_cast<double>(reading.revised),
                                    reading.lateness,
                                    reading.deadline_ms};
  if (figures == figures_) return;
  figures_ = figures;
  illustrator_.set(reading);
}

void LiveView::say(const std::string& text) { illustrator_.say(LogLine::Level::note, text); }

void LiveView::reloaded(const Config& config) {
  choice_.config = config;
  illustrator_.replace_model(config);
  tell();
}

void LiveView::end(const std::string& text) {
  ended_ = true;
  say(text);
  tell();
}

std::vector<std::string> LiveView::obey(double seconds) {
  if (seconds > 0.0) port_.wait_for_command(seconds);
  for (const ViewCommand& command : port_.take_commands()) {
    std::visit([this](const auto& what) { take(what); }, command);
  }
  return std::exchange(messages_, {});
}

void LiveView::take(const SetField& command) {
  try {
    if (ended_) throw std::invalid_argument("the stream has ended");
    for (const Field& field : fields_of(choice_, RunKind::live)) {
      if (field.key == command.key && !field.fixed.empty()) throw std::invalid_argument(field.fixed);
    }
    const Choice changed = with_field(choice_, command.key, command.text);
    LiveSettings settings = engine_.settings();
    if (command.key == kBudget) settings.budget_ms = changed.config.live.budget_ms;
    if (command.key == kGate) settings.gate = changed.config.live.gate;
    engine_.reload(changed.config, settings);
    choice_ = changed;
    errors_.erase(command.key);
    illustrator_.replace_model(choice_.config);
    messages_.push_back(fmt::format("{} = {} from here on", command.key, command.text));
  } catch (const std::exception& error) {
    errors_[command.key] = error.what();
  }
  tell();
}

void LiveView::take(const SaveConfig& command) {
  std::ofstream file(command.file);
  file << config_text(choice_) << std::flush;
  messages_.push_back(file ? "the config was saved to " + command.file : command.file + " cannot be written");
}

void LiveView::take(const Record& command) {
  try {
    if (command.file.empty()) {
      engine_.stop_recording();
      messages_.push_back("the recording is complete: " + record_);
      record_.clear();
    } else {
      engine_.start_recording(command.file);
      record_ = command.file;
      messages_.push_back("recording to " + record_);
    }
  } catch (const std::exception& error) {
    messages_.emplace_back(error.what());
  }
  tell();
}

void LiveView::tell() {
  RunStatus status = status_of(choice_, RunKind::live, errors_);
  status.source = fmt::format("{}", fmt::join(streams_.addresses(), ", "));
  status.output = output_;
  status.can_pause = false;
  status.ended = ended_;
  status.speed = 1.0 / choice_.config.time.seconds;
  status.recording = !record_.empty();
  status.record_file = record_;
  illustrator_.set(std::move(status));
}

}  // namespace jko
