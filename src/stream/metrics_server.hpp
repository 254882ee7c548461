#pragma once
/// `--metrics HOST:PORT`: HTTP for Prometheus and for whoever watches over the process.
///
///     GET /metrics   200, LiveMetrics::text()
///     GET /healthz   200 {"status":"ok","observations":…}, or 503 {"status":"stuck",…} if the filter's thread has not
///                    shown itself for ten seconds
///
/// At most 64 connections, 8 KiB of header, no body, ten seconds a request.

#include <cstdint>
#include <memory>

#include "src/stream/endpoint.hpp"
#include "src/stream/live_metrics.hpp"

namespace boost::asio {
class io_context;
}

namespace jko {

class MetricsServer {
 public:
  /// Throws InputError if the address cannot be listened on. `metrics` outlives the I/O thread.
  MetricsServer(boost::asio::io_context& io, const LiveMetrics& metrics, const Endpoint& endpoint);
  ~MetricsServer();
  std::uint16_t port() const;

 private:
  struct Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace jko
