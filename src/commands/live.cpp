#include <fcntl.h>
#include <omp.h>
#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <limits>
#include <ostream>
#include <stdexcept>
#include <thread>

#include "src/commands/commands.hpp"
#include "src/config.hpp"
#include "src/error.hpp"
#include "src/figures.hpp"
#include "src/live/live_engine.hpp"
#include "src/patient_file.hpp"
#include "src/progress.hpp"
#include "src/report.hpp"
#include "src/run_files.hpp"
#include "src/stopwatch.hpp"
#include "src/stream/arrival_queue.hpp"
#include "src/stream/density_line.hpp"
#include "src/stream/io_thread.hpp"
#include "src/stream/live_metrics.hpp"
#include "src/stream/metrics_server.hpp"
#include "src/stream/publisher.hpp"
#include "src/stream/service.hpp"
#include "src/stream/source.hpp"

namespace jko {
namespace {

namespace fs = std::filesystem;

constexpr double kTurn = 0.25;     // seconds between two looks at what is not an observation
constexpr double kFarewell = 1.0;  // seconds for what is still to be sent when the run ends

double unix_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

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

LiveOptions engine_options(const Config& config, const LiveCommandOptions& options) {
  LiveOptions engine;
  engine.method = options.method;
  engine.seed = options.seed;
  engine.settings = settings_of(config, options);
  engine.lag = options.lag;
  engine.record = options.record;
  engine.checkpoint = options.checkpoint;
  engine.checkpoint_every = options.checkpoint.empty() ? 0.0 : options.checkpoint_every;
  engine.resume = options.resume;
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

PatientFile::Mode mode_of(const fs::path& file, bool resumed) {
  return resumed && fs::exists(file) ? PatientFile::Mode::append : PatientFile::Mode::truncate;
}

/// One run of `live`: what comes in, the filter, and what goes out.
class LiveRun {
 public:
  LiveRun(const LiveCommandOptions& options, std::ostream& err)
      : options_(options),
        config_(load_config(options.config)),
        engine_((check(), config_), engine_options(config_, options)),
        folder_(prepare_folder(config_, options.output,
                               options.resume.empty() ? std::vector<std::string>{"posterior.jsonl", "summary.json"}
                                                      : std::vector<std::string>{"summary.json"})),
        posterior_file_(without_torn_line(folder_ / "posterior.jsonl")),
        posteriors_(posterior_file_, mode_of(posterior_file_, !options.resume.empty())),
        err_(err),
        progress_(err, options.quiet),
        queue_(static_cast<std::size_t>(options.queue)),
        sources_context_{queue_, counts_, log_, recording_format(config_)},
        metrics_(counts_, publisher_counts_),
        signals_(io_.context(), SIGINT, SIGTERM, SIGHUP),
        report_({config_.name, "the stream", folder_.string(), method(), "", config_.time.name, options.seed,
                 omp_get_max_threads()}) {
    open_outputs();
    open_inputs();
    listen_to_signals();
  }

  void run() {
    for (const std::string& warning : engine_.take_warnings()) say(warning);
    for (const FilteredObservation& seen : engine_.resumed()) publish(seen);
    metrics_.set(engine_.counts(), 0, 0.0, 0);
    io_.start();
    notify_service("READY=1");
    const double begin = steady_seconds();
    while (stops_ == 0 && !queue_.ended()) {
      if (reload_.exchange(false)) reload();
      if (steady_seconds() >= next_turn_) look_around();
      if (auto arrival = queue_.pop()) {
        take(*arrival);
      } else if (!engine_.work_ahead()) {
        queue_.wait(kTurn);
      }
    }
    notify_service("STOPPING=1");
    filter_the_rest();
    look_around();
    finish(steady_seconds() - begin);
    let_publishers_finish();
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
  void check() const {
    if (options_.listen.empty() && options_.connect.empty() && options_.gpsd.empty() && options_.input.empty()) {
      throw InputError("jkofilter live", 0, "", "no source: give --listen, --connect, --input or --gpsd");
    }
    if (!options_.gpsd.empty() && config_.gpsd_fields.empty()) {
      throw InputError(config_.file, 0, "live.gpsd.fields",
                       R"(--gpsd needs the fields of its reports that are observed, such as ["lat", "lon"])");
    }
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

  void open_outputs() {
    for (const std::string& text : options_.publish) {
      const Endpoint endpoint = parse_endpoint(text, "--publish");
      const bool tcp = endpoint.transport == Endpoint::Transport::tcp;
      publishers_.push_back((tcp ? publish_tcp : publish_udp)(io_, publisher_counts_, endpoint));
      announce(tcp ? "publishing on" : "publishing to", endpoint, publishers_.back()->port());
    }
    if (options_.metrics.empty()) return;
    const Endpoint endpoint = parse_address(options_.metrics, "--metrics");
    server_ = std::make_unique<MetricsServer>(io_.context(), metrics_, endpoint);
    announce("metrics on", endpoint, server_->port());
  }

  void open_inputs() {
    for (const std::string& text : options_.listen) {
      const Endpoint endpoint = parse_endpoint(text, "--listen");
      const bool tcp = endpoint.transport == Endpoint::Transport::tcp;
      sources_.push_back((tcp ? listen_tcp : listen_udp)(io_.context(), sources_context_, endpoint));
      announce("listening on", endpoint, sources_.back()->port());
    }
    for (const std::string& text : options_.connect) {
      const Endpoint endpoint = parse_endpoint(text, "--connect");
      if (endpoint.transport != Endpoint::Transport::tcp)
        throw InputError("--connect", 0, "", "expected tcp://HOST:PORT; datagrams are taken by --listen udp://…");
      sources_.push_back(connect_tcp(io_.context(), sources_context_, endpoint));
    }
    for (const std::string& text : options_.gpsd) {
      sources_.push_back(
          connect_gpsd(io_.context(), sources_context_, parse_address(text, "--gpsd"), config_.gpsd_fields));
    }
    for (const std::string& file : options_.input)
      sources_.push_back(read_lines(io_.context(), sources_context_, file, options_.follow));
  }

  void announce(const char* what, Endpoint endpoint, std::uint16_t port) {
    if (port != 0) endpoint.port = port;  // 0 asked for any
    if (!options_.quiet) say(fmt::format("{} {}", what, endpoint.to_string()));
  }

  void listen_to_signals() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        reload_ = true;
      } else {
        ++stops_;
      }
      queue_.wake();
      listen_to_signals();
    });
  }

  void take(const Arrival& arrival) {
    const std::size_t waiting = queue_.size();
    lag_ = std::max(unix_seconds() - arrival.arrived, 0.0);
    const LiveResult result = engine_.accept(arrival, static_cast<Index>(waiting));
    for (const FilteredObservation& seen : result.publish) publish(seen);
    if (!result.message.empty()) log_.add(arrival.source + ": " + result.message);
    if (options_.density && !result.publish.empty()) publish_density();
  }

  void publish(const FilteredObservation& seen) {
    const std::string line = seen.to_json().dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    write(line);
    const double latency = std::max(unix_seconds() - seen.live->arrived, 0.0);
    send(line, std::make_shared<const std::string>(plotjuggler_document(seen, config_.time)));
    metrics_.add(seen, latency);
    if (seen.live->revised) return;
    latency_.add(latency);
    report_.add(seen);
  }

  /// What waited when we were asked to stop; not what still comes, and not if we are asked again.
  void filter_the_rest() {
    for (std::size_t left = queue_.size(); left > 0 && stops_ < 2; --left) {
      if (steady_seconds() >= next_turn_) look_around();
      if (auto arrival = queue_.pop()) take(*arrival);
    }
    if (queue_.size() > 0) say(fmt::format("{} observations were still waiting", queue_.size()));
  }

  /// The last lines are on their way to the clients; a slow one must not hold us up.
  void let_publishers_finish() const {
    const double end = steady_seconds() + kFarewell;
    while (publisher_counts_.waiting > 0 && steady_seconds() < end && stops_ < 2)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  /// The first posterior at or after each multiple of --every.
  void publish_density() {
    const double time = engine_.filter().time();
    if (time < next_density_) return;
    next_density_ = options_.every * (std::floor(time / options_.every) + 1.0);
    const std::string line = density_line(engine_.filter(), *options_.density).dump();
    write(line);
    send(line, nullptr);
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

  void send(const std::string& line, std::shared_ptr<const std::string> datagram) {
    if (publishers_.empty()) return;
    const Publication publication{std::make_shared<const std::string>(line + '\n'), std::move(datagram)};
    for (const auto& publisher : publishers_) publisher->publish(publication);
  }

  /// Messages, figures, the status line.
  void look_around() {
    next_turn_ = steady_seconds() + kTurn;
    for (const std::string& message : log_.take()) say(message);
    for (const std::string& warning : engine_.take_warnings()) say(warning);
    const LiveCounts& counts = engine_.counts();
    metrics_.set(counts, queue_.size(), lag_, static_cast<std::uint64_t>(counts.write_failures) + lost_lines_);
    if (!progress_.due()) return;
    progress_.show(fmt::format("observation {}  t = {:.6g}  log evidence {:.3f}  waiting {}  latency {}",
                               with_commas(engine_.observations()), engine_.filter().time(), engine_.log_evidence(),
                               queue_.size(), duration(1e3 * latency_.quantile(0.5))));
  }

  void say(const std::string& message) {
    progress_.clear();
    err_ << "jkofilter: " << message << std::endl;
  }

  void reload() {
    notify_service("RELOADING=1");
    try {
      const Config config = load_config(options_.config);
      engine_.reload(config, settings_of(config, options_));
      say("the config was read again");
    } catch (const std::exception& error) {
      say(std::string(error.what()) + " (the settings stay as they were)");
    }
    notify_service("READY=1");
  }

  void finish(double wall_seconds) {
    std::string problem;
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
    const LiveCounts& counts = engine_.counts();
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
    summary["messages"] = counts_.messages.load();
    for (int k = 0; k < kRejections; ++k) {
      const auto reason = static_cast<Rejection>(k);
      summary["rejected"][std::string(name_of(reason))] = counts_.rejected(reason);
    }
    summary["still_waiting"] = queue_.size();
    summary["lost_lines"] = lost_lines_;
    summary["checkpoints"] = counts.checkpoints;
    return summary;
  }

  const LiveCommandOptions& options_;
  Config config_;
  LiveEngine engine_;
  fs::path folder_;
  std::string posterior_file_;
  PatientFile posteriors_;
  std::ostream& err_;
  Progress progress_;

  // Sources, publishers and the server end before the I/O thread's context, and their figures after it.
  ArrivalQueue queue_;
  SourceCounts counts_;
  SourceLog log_;
  SourceContext sources_context_;
  PublisherCounts publisher_counts_;
  LiveMetrics metrics_;
  IoThread io_;
  boost::asio::signal_set signals_;
  std::vector<std::unique_ptr<Publisher>> publishers_;
  std::unique_ptr<MetricsServer> server_;
  std::vector<std::unique_ptr<Source>> sources_;
  struct StopFirst {  // no handler may run while those above end
    IoThread& io;
    ~StopFirst() { io.stop(); }
  } stop_first_{io_};

  std::atomic<bool> reload_{false};
  std::atomic<int> stops_{0};  // times that we were asked to
  RunReport report_;
  Histogram latency_{fine_bounds()};
  double lag_ = 0.0, next_turn_ = 0.0, next_density_ = -std::numeric_limits<double>::infinity();
  std::string write_problem_;
  std::uint64_t lost_lines_ = 0;
};

}  // namespace

void live(const LiveCommandOptions& options, std::ostream& out, std::ostream& err) {
  if (options.threads > 0) omp_set_num_threads(options.threads);
  LiveRun run(options, err);
  run.run();
  run.print_table(out);
}

}  // namespace jko
