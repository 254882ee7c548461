#include <omp.h>
#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <ostream>
#include <stdexcept>

#include "src/clock.hpp"
#include "src/commands/commands.hpp"
#include "src/config.hpp"
#include "src/error.hpp"
#include "src/figures.hpp"
#include "src/live/live_engine.hpp"
#include "src/patient_file.hpp"
#include "src/progress.hpp"
#include "src/report.hpp"
#include "src/run_files.hpp"
#include "src/stream/density_line.hpp"
#include "src/stream/live_streams.hpp"
#include "src/stream/publisher.hpp"
#include "src/stream/service.hpp"
#include "src/view/live_view.hpp"

namespace jko {
namespace {

namespace fs = std::filesystem;

constexpr double kTurn = 0.25;     // seconds between two looks at what is not an observation
constexpr double kFarewell = 1.0;  // seconds for what is still to be sent when the run ends

/// Bounds two percent apart, from 1 µs to 1,000 s.
std::vector<double> fine_bounds() {
  std::vector<double> bounds{1e-6};
  while (bounds.back() < 1e3) bounds.push_back(1.02 * bounds.back());
  return bounds;
}

LiveSettings settings_of(const Config& config, const LiveCommandOptions& options) {
  LiveSettings settings = config.live;
  if (options.budget_ms) settings.budget_ms = *options.budget_ms;
  if (options.gate) settings.gate = options.gate;
  return settings;
}

LiveOptions engine_options(const Config& config, const LiveCommandOptions& options, bool watched) {
  LiveOptions engine;
  engine.method = options.method;
  engine.seed = options.seed;
  engine.settings = settings_of(config, options);
  engine.lag = options.lag;
  engine.record = options.record;
  engine.checkpoint = options.checkpoint;
  engine.checkpoint_every = options.checkpoint.empty() ? 0.0 : options.checkpoint_every;
  engine.resume = options.resume;
  engine.keep_predicted = watched;
  return engine;
}

/// Lines that a resumed run goes on with: what a crash left of the last one is cut off.
std::string without_torn_line(const fs::path& file) {
  std::error_code missing;
  auto size = static_cast<std::streamoff>(fs::file_size(file, missing));
  if (missing) return file.string();
  std::ifstream stream(file, std::ios::binary);
  while (size > 0 && (stream.seekg(size - 1), stream.get()) != '\n') --size;
  fs::resize_file(file, static_cast<std::uintmax_t>(size));
  return file.string();
}

/// Whether there is a run to go on with.
bool goes_on(const LiveCommandOptions& options) {
  return !options.resume.empty() &&
         (fs::exists(options.resume) || (!options.record.empty() && fs::exists(options.record)));
}

PatientFile::Mode mode_of(const fs::path& file, bool resumed) {
  return resumed && fs::exists(file) ? PatientFile::Mode::append : PatientFile::Mode::truncate;
}

/// One run of `live`: what comes in, the filter, and what goes out. Nothing is written before all can be opened.
class LiveRun {
 public:
  /// `port`: to a window that looks on; null if there is none.
  LiveRun(const LiveCommandOptions& options, std::ostream& err, ViewPort* port = nullptr)
      : options_(options),
        config_(load_config(options.config)),
        streams_((check_density(), options.streams), config_),
        goes_on_(goes_on(options)),
        engine_(config_, engine_options(config_, options, port != nullptr)),
        folder_(prepare_folder(config_, options.output,
                               goes_on_ ? std::vector<std::string>{"summary.json"}
                                        : std::vector<std::string>{"posterior.jsonl", "summary.json"})),
        posterior_file_(without_torn_line(folder_ / "posterior.jsonl")),
        posteriors_(posterior_file_, mode_of(posterior_file_, goes_on_)),
        err_(err),
        progress_(err, options.quiet),
        report_({config_.name, "the stream", folder_.string(), method(), "", config_.time.name, options.seed,
                 omp_get_max_threads()}) {
    if (!port) return;
    const LiveStudy study{config_, method(), options.compare, options.seed, folder_.string(), options.record};
    view_.emplace(*port, study, streams_, engine_);
  }

  void run() {
    for (const std::string& address : streams_.addresses()) {
      if (!options_.quiet) say(address);
    }
    for (const std::string& warning : engine_.take_warnings()) say(warning);
    streams_.start();
    for (const FilteredObservation& seen : engine_.resumed()) publish(seen, std::nullopt);  // it came long ago
    if (view_) view_->show({});
    streams_.metrics().set(engine_.counts(), 0, 0.0, 0);
    notify_service("READY=1");
    const double begin = steady_seconds();
    while (streams_.stops() == 0 && !streams_.queue().ended() && !(view_ && view_->closed())) {
      if (streams_.take_reload()) reload();
      if (steady_seconds() >= next_turn_) look_around();
      if (auto arrival = streams_.queue().pop()) {
        take(*arrival);
      } else if (!engine_.work_ahead()) {
        streams_.queue().wait(kTurn);
      } else if (view_) {
        view_->show_ahead();
      }
      if (view_ && view_->lost()) view_.reset();  // nobody looks any more
      if (view_) obey();
    }
    notify_service("STOPPING=1");
    filter_the_rest();
    look_around();
    finish(steady_seconds() - begin);
    streams_.finish_publishing(kFarewell);
    if (!view_) return;
    view_->end(fmt::format("the stream has ended: {} observations, log evidence {:.3f}; results in {}",
                           with_commas(engine_.observations()), engine_.log_evidence(), folder_.string()));
    while (!view_->closed() && streams_.stops() == 0) obey(kTurn);
  }

  void print_table(std::ostream& out) const {
    if (options_.quiet) return;
    report_.print_table(out);
    if (latency_.count() == 0) return;
    out << fmt::format("  {:<22}{:<12}  median, from arrival to published; p99 {}, longest {}\n", "latency",
                       duration(1e3 * latency_.quantile(0.5)), duration(1e3 * latency_.quantile(0.99)),
                       duration(1e3 * latency_.largest()));
  }

 private:
  void check_density() const {
    const Index dimension = config_.model.dimension();
    if (!options_.density) return;
    if (dimension > 2) throw InputError(config_.file, 0, "state.dimension", "--density needs 1 or 2 dimensions");
    if (options_.density->count > most_density_points(dimension)) {
      throw InputError("--density", 0, "",
                       fmt::format("expected at most {} points for a snapshot, found {}",
                                   most_density_points(dimension), options_.density->count));
    }
  }

  std::string method() const { return options_.method.empty() ? config_.filter.method : options_.method; }

  /// What the window asks for; waits for it `seconds` at most.
  void obey(double seconds = 0.0) {
    for (const std::string& message : view_->obey(seconds)) say(message);
  }

  void take(const Arrival& arrival) {
    const std::size_t waiting = streams_.queue().size();
    lag_ = std::max(unix_seconds() - arrival.arrived, 0.0);
    const LiveResult result = engine_.accept(arrival, static_cast<Index>(waiting));
    for (const FilteredObservation& seen : result.publish) publish(seen, seen.live->arrived);
    if (!result.message.empty()) streams_.log().add(arrival.source + ": " + result.message);
    if (options_.density && !result.publish.empty()) publish_density();
    if (view_ && !result.publish.empty()) view_->show(result);
  }

  /// `arrived`: when it came, if its latency means something.
  void publish(const FilteredObservation& seen, std::optional<double> arrived) {
    const std::string line = seen.to_json().dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    write(line);
    std::optional<double> latency;
    if (arrived && !seen.live->revised) latency = std::max(unix_seconds() - *arrived, 0.0);
    streams_.publish(line, [&] { return plotjuggler_document(seen, config_.time); });
    streams_.metrics().add(seen, latency);
    if (latency) latency_.add(*latency);
    if (!seen.live->revised) report_.add(seen);
    if (view_) view_->add(seen, latency);
  }

  /// What waited when we were asked to stop; not what still comes, and not if we are asked again.
  void filter_the_rest() {
    for (std::size_t left = streams_.queue().size(); left > 0 && streams_.stops() < 2; --left) {
      if (steady_seconds() >= next_turn_) look_around();
      if (auto arrival = streams_.queue().pop()) take(*arrival);
    }
    if (streams_.queue().size() > 0) say(fmt::format("{} observations were still waiting", streams_.queue().size()));
  }

  /// The first posterior at or after each multiple of --every.
  void publish_density() {
    const double time = engine_.filter().time();
    if (time < next_density_) return;
    next_density_ = options_.every * (std::floor(time / options_.every) + 1.0);
    const std::string line = density_line(engine_.filter(), *options_.density).dump();
    write(line);
    streams_.publish(line, nullptr);
  }

  void write(const std::string& line) {
    try {
      const std::string problem = posteriors_.write(line);
      if (problem != write_problem_) {
        if (problem.empty()) {
          say("posterior.jsonl can be written again; nothing was lost");
        } else {
          say(problem + "; lines wait in memory");
        }
      }
      write_problem_ = problem;
    } catch (const std::runtime_error& error) {
      if (lost_lines_++ == 0) say(std::string(error.what()) + "; posteriors are lost from now on");
    }
  }

  /// Messages, figures, the status line.
  void look_around() {
    next_turn_ = steady_seconds() + kTurn;
    for (const std::string& message : streams_.log().take()) say(message);
    for (const std::string& warning : engine_.take_warnings()) say(warning);
    const LiveCounts counts = engine_.counts();
    streams_.metrics().set(counts, streams_.queue().size(), lag_,
                           static_cast<std::uint64_t>(counts.write_failures) + lost_lines_);
    if (view_) view_->look_around(lag_);
    if (!progress_.due()) return;
    progress_.show(fmt::format("observation {}  t = {:.6g}  log evidence {:.3f}  waiting {}  latency {}",
                               with_commas(engine_.observations()), engine_.filter().time(), engine_.log_evidence(),
                               streams_.queue().size(), duration(1e3 * latency_.quantile(0.5))));
  }

  void say(const std::string& message) {
    progress_.clear();
    err_ << "jkofilter: " << message << std::endl;
    if (view_) view_->say(message);
  }

  void reload() {
    notify_service("RELOADING=1");
    try {
      const Config config = load_config(options_.config);
      engine_.reload(config, settings_of(config, options_));
      if (view_) view_->reloaded(config);
      say("the config was read again");
    } catch (const std::exception& error) {
      say(std::string(error.what()) + " (the settings stay as they were)");
    }
    notify_service("READY=1");
  }

  void finish(double wall_seconds) {
    std::string problem = posteriors_.flush();
    try {
      engine_.write_checkpoint();
    } catch (const std::exception& error) {
      problem = error.what();
    }
    const double span = engine_.filter().time() - config_.model.start_time;
    report_.finish(wall_seconds, span, span * config_.time.seconds);
    LineFile(folder_ / "summary.json").write(summary(), 2);
    if (!problem.empty()) throw std::runtime_error(problem);
  }

  nlohmann::ordered_json summary() const {
    nlohmann::ordered_json summary = report_.summary();
    const LiveCounts counts = engine_.counts();
    summary["log_evidence"] = engine_.log_evidence();  // rewinds revise it
    summary["published"] = counts.published;
    summary["revised"] = counts.revised;
    summary["latency_seconds"] = {
        {"median", latency_.quantile(0.5)}, {"p99", latency_.quantile(0.99)}, {"max", latency_.largest()}};
    for (int k = 0; k < kVerdicts; ++k) {
      const auto verdict = static_cast<Verdict>(k);
      summary["verdicts"][std::string(name_of(verdict))] = counts.of(verdict);
    }
    for (int k = 0; k < kRungs; ++k) {
      const auto rung = static_cast<Rung>(k);
      summary["rungs"][std::string(name_of(rung))] = counts.of(rung);
    }
    summary["messages"] = streams_.counts().messages.load();
    for (int k = 0; k < kRejections; ++k) {
      const auto reason = static_cast<Rejection>(k);
      summary["rejected"][std::string(name_of(reason))] = streams_.counts().rejected(reason);
    }
    summary["still_waiting"] = streams_.queue().size();
    summary["lost_lines"] = lost_lines_;
    summary["checkpoints"] = counts.checkpoints;
    return summary;
  }

  const LiveCommandOptions& options_;
  Config config_;
  LiveStreams streams_;
  bool goes_on_;
  LiveEngine engine_;
  fs::path folder_;
  std::string posterior_file_;
  PatientFile posteriors_;
  std::ostream& err_;
  Progress progress_;
  RunReport report_;
  Histogram latency_{fine_bounds()};
  double lag_ = 0.0, next_turn_ = 0.0, next_density_ = -std::numeric_limits<double>::infinity();
  std::string write_problem_;
  std::uint64_t lost_lines_ = 0;
  std::optional<LiveView> view_;
};

}  // namespace

void live(const LiveCommandOptions& options, std::ostream& out, std::ostream& err) {
  if (options.threads > 0) omp_set_num_threads(options.threads);
  LiveRun run(options, err);
  if (!options.compare.empty()) err << "jkofilter: --compare is shown in a window, and there is none\n";
  run.run();
  run.print_table(out);
}

void watched_live(const LiveCommandOptions& options, ViewPort& port, std::ostream& out, std::ostream& err) {
  if (options.threads > 0) omp_set_num_threads(options.threads);
  LiveRun run(options, err, &port);
  run.run();
  run.print_table(out);
}

}  // namespace jko
