#pragma once
/// All that comes into a live run and goes out of it over sockets and pipes, and the signals: what the I/O thread
/// serves. To add a source or a publisher: src/stream/source.hpp, src/stream/publisher.hpp, and the constructor here.
///
///     LiveStreams streams(options, config);   // opens everything, or throws InputError before anything has happened
///     streams.start();
///     while (streams.stops() == 0 && !streams.queue().ended()) ...;

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "src/config.hpp"
#include "src/stream/arrival_queue.hpp"
#include "src/stream/live_metrics.hpp"
#include "src/stream/source_counts.hpp"
#include "src/stream/stream_options.hpp"

namespace jko {

class LiveStreams {
 public:
  LiveStreams(const StreamOptions& options, const Config& config);
  ~LiveStreams();
  LiveStreams(const LiveStreams&) = delete;
  LiveStreams& operator=(const LiveStreams&) = delete;

  /// "listening on tcp://127.0.0.1:4711", …
  const std::vector<std::string>& addresses() const;
  void start();

  ArrivalQueue& queue();
  const ArrivalQueue& queue() const;
  const SourceCounts& counts() const;
  SourceLog& log();
  LiveMetrics& metrics();

  /// To all publishers; `document`: see Publication, made only if somebody wants it.
  void publish(const std::string& line, const std::function<std::string()>& document);
  /// Waits until the publishers have sent what they have, for `seconds` at most and not if we are asked to stop again.
  void finish_publishing(double seconds) const;

  int stops() const;   ///< SIGINT and SIGTERM so far
  bool take_reload();  ///< whether there was a SIGHUP since this was asked last

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace jko
