#include "src/stream/live_streams.hpp"

#include <spdlog/fmt/fmt.h>

#include <atomic>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <thread>

#include "src/error.hpp"
#include "src/run_files.hpp"
#include "src/stream/io_thread.hpp"
#include "src/stream/metrics_server.hpp"
#include "src/stream/publisher.hpp"
#include "src/stream/source.hpp"

namespace jko {
namespace {

void require_sources(const StreamOptions& options, const Config& config) {
  if (options.listen.empty() && options.connect.empty() && options.gpsd.empty() && options.input.empty()) {
    throw InputError("jkofilter live", 0, "", "no source: give --listen, --connect, --input or --gpsd");
  }
  if (!options.gpsd.empty() && config.gpsd_fields.empty()) {
    throw InputError(config.file, 0, "live.gpsd.fields",
                     R"(--gpsd needs the fields of its reports that are observed, such as ["lat", "lon"])");
  }
}

}  // namespace

struct LiveStreams::Implementation {
  Implementation(const StreamOptions& options, const Config& config)
      : queue(options.queue),
        context{queue, counts, log, recording_format(config)},
        metrics(counts, publisher_counts),
        signals(io.context(), SIGINT, SIGTERM, SIGHUP) {
    require_sources(options, config);
    for (const std::string& text : options.publish) open_publisher(parse_endpoint(text, "--publish"));
    if (!options.metrics.empty()) open_metrics(parse_address(options.metrics, "--metrics"));
    for (const std::string& text : options.listen) listen(parse_endpoint(text, "--listen"));
    for (const std::string& text : options.connect) connect(parse_endpoint(text, "--connect"));
    for (const std::string& text : options.gpsd) {
      sources.push_back(connect_gpsd(io.context(), context, parse_address(text, "--gpsd"), config.gpsd_fields));
    }
    for (const std::string& file : options.input)
      sources.push_back(read_lines(io.context(), context, file, options.follow));
    wait_for_signal();
  }
  /// No handler may run while what it works on ends.
  ~Implementation() { io.stop(); }

  void open_publisher(const Endpoint& endpoint) {
    const bool tcp = endpoint.transport == Endpoint::Transport::tcp;
    publishers.push_back((tcp ? publish_tcp : publish_udp)(io, publisher_counts, endpoint));
    announce(tcp ? "publishing on" : "publishing to", endpoint, publishers.back()->port());
  }

  void open_metrics(const Endpoint& endpoint) {
    server = std::make_unique<MetricsServer>(io.context(), metrics, endpoint);
    announce("metrics on", endpoint, server->port());
  }

  void listen(const Endpoint& endpoint) {
    const bool tcp = endpoint.transport == Endpoint::Transport::tcp;
    sources.push_back((tcp ? listen_tcp : listen_udp)(io.context(), context, endpoint));
    announce("listening on", endpoint, sources.back()->port());
  }

  void connect(const Endpoint& endpoint) {
    if (endpoint.transport != Endpoint::Transport::tcp)
      throw InputError("--connect", 0, "", "expected tcp://HOST:PORT; datagrams are taken by --listen udp://…");
    sources.push_back(connect_tcp(io.context(), context, endpoint));
  }

  void announce(const char* what, Endpoint endpoint, std::uint16_t port) {
    if (port != 0) endpoint.port = port;  // 0 asked for any
    addresses.push_back(fmt::format("{} {}", what, endpoint.to_string()));
  }

  void wait_for_signal() {
    signals.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        reload = true;
      } else {
        ++stops;
      }
      queue.wake();
      wait_for_signal();
    });
  }

  ArrivalQueue queue;
  SourceCounts counts;
  SourceLog log;
  SourceContext context;
  PublisherCounts publisher_counts;
  LiveMetrics metrics;
  std::atomic<bool> reload{false};
  std::atomic<int> stops{0};
  std::vector<std::string> addresses;

  IoThread io;  // what follows lives on it and ends before it
  boost::asio::signal_set signals;
  std::vector<std::unique_ptr<Publisher>> publishers;
  std::unique_ptr<MetricsServer> server;
  std::vector<std::unique_ptr<Source>> sources;
};

LiveStreams::LiveStreams(const StreamOptions& options, const Config& config)
    : implementation_(std::make_unique<Implementation>(options, config)) {}
LiveStreams::~LiveStreams() = default;

const std::vector<std::string>& LiveStreams::addresses() const { return implementation_->addresses; }
void LiveStreams::start() { implementation_->io.start(); }
ArrivalQueue& LiveStreams::queue() { return implementation_->queue; }
const ArrivalQueue& LiveStreams::queue() const { return implementation_->queue; }
const SourceCounts& LiveStreams::counts() const { return implementation_->counts; }
SourceLog& LiveStreams::log() { return implementation_->log; }
LiveMetrics& LiveStreams::metrics() { return implementation_->metrics; }
int LiveStreams::stops() const { return implementation_->stops; }
bool LiveStreams::take_reload() { return implementation_->reload.exchange(false); }

void LiveStreams::publish(const std::string& line, const std::function<std::string()>& document) {
  if (implementation_->publishers.empty()) return;
  const Publication publication{std::make_shared<const std::string>(line + '\n'),
                                document ? std::make_shared<const std::string>(document()) : nullptr};
  for (const auto& publisher : implementation_->publishers) publisher->publish(publication);
}

void LiveStreams::finish_publishing(double seconds) const {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  const int before = stops();
  while (implementation_->publisher_counts.waiting > 0 && stops() == before && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace jko
