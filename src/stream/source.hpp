#pragma once
/// Where observations come from. A source is made before the I/O thread starts, or on it, and lives until after it has
/// stopped. To add one: derive from Source, feed a LineFeed (or read_message()), and make it in
/// src/commands/live.cpp.

#include <cstdint>
#include <memory>
#include <string>

#include "src/stream/endpoint.hpp"
#include "src/stream/line_feed.hpp"

namespace boost::asio {
class io_context;
}

namespace jko {

class Source {
 public:
  Source() = default;
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual std::uint16_t port() const { return 0; }  ///< that it is bound to, if it is bound to one
};

/// `--listen tcp://…`: any number of clients up to kMostClients, each a stream of lines. Throws InputError if the
/// address cannot be listened on.
std::unique_ptr<Source> listen_tcp(boost::asio::io_context& io, SourceContext& context, const Endpoint& endpoint);
inline constexpr int kMostClients = 1024;

/// `--listen udp://…`: a message a datagram. What finds the queue full is dropped and counted, as is what the kernel
/// had to drop.
std::unique_ptr<Source> listen_udp(boost::asio::io_context& io, SourceContext& context, const Endpoint& endpoint);

/// `--connect tcp://…`: a stream of lines. A connection that fails or ends is made again after a pause that grows from
/// 0.1 s to 30 s, and begins anew when a line has come.
std::unique_ptr<Source> connect_tcp(boost::asio::io_context& io, SourceContext& context, const Endpoint& endpoint);

/// `--gpsd HOST:PORT`: asks gpsd for its reports, as connect_tcp() does for lines. `fields`: see gpsd_parser().
std::unique_ptr<Source> connect_gpsd(boost::asio::io_context& io, SourceContext& context, const Endpoint& endpoint,
                                     const std::vector<std::string>& fields);

/// `--input -`: standard input; `--input FILE`: up to its end or, with `follow`, what is appended to it later, also
/// after it was truncated or replaced by another of its name. Throws InputError if it cannot be read.
std::unique_ptr<Source> read_lines(boost::asio::io_context& io, SourceContext& context, const std::string& file,
                                   bool follow);

}  // namespace jko
