#pragma once
/// Where posteriors go. publish() never waits: what a publisher cannot pass on it drops and counts. To add one: derive
/// from Publisher and make it in src/commands/live.cpp.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "src/config.hpp"
#include "src/report.hpp"
#include "src/stream/endpoint.hpp"

namespace jko {

class IoThread;

/// Written by the I/O thread, read by any.
struct PublisherCounts {
  std::atomic<std::uint64_t> clients{0};          ///< now
  std::atomic<std::uint64_t> dropped_clients{0};  ///< that were too slow
  std::atomic<std::uint64_t> refused_clients{0};  ///< beyond the largest number
  std::atomic<std::uint64_t> sent{0};             ///< lines to one client, and datagrams
  std::atomic<std::uint64_t> failed{0};           ///< datagrams that the system did not take
  std::atomic<std::int64_t> waiting{0};           ///< lines that are still to be sent, and datagrams
};

/// A posterior, written once for all publishers.
struct Publication {
  std::shared_ptr<const std::string> line;      ///< of JSON Lines, with its end
  std::shared_ptr<const std::string> datagram;  ///< see plotjuggler_document(); none for what is no posterior
};

class Publisher {
 public:
  Publisher() = default;
  virtual ~Publisher() = default;
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;
  virtual void publish(const Publication& publication) = 0;  ///< from any thread
  virtual std::uint16_t port() const { return 0; }           ///< that it is bound to, if it is bound to one
};

/// `--publish tcp://…`: JSON Lines to any number of clients up to 1,024, from the moment at which they connect. One
/// for which more than 4,096 lines or 4 MiB wait is dropped. Throws InputError if the address cannot be listened on.
std::unique_ptr<Publisher> publish_tcp(IoThread& io, PublisherCounts& counts, const Endpoint& endpoint);

/// `--publish udp://…`: one document a datagram, for PlotJuggler's UDP server. Throws InputError if the host is not
/// known.
std::unique_ptr<Publisher> publish_udp(IoThread& io, PublisherCounts& counts, const Endpoint& endpoint);

/// A posterior as PlotJuggler's UDP server reads it: one JSON object of numbers only, "timestamp" in seconds (since
/// 1970 where the config has an origin), at most kLargestDatagram bytes. What is not finite is left out, and from the
/// end what no longer fits.
std::string plotjuggler_document(const FilteredObservation& seen, const TimeUnit& time);
inline constexpr std::size_t kLargestDatagram = 1400;

}  // namespace jko
