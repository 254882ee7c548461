#include <spdlog/fmt/fmt.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/ip/udp.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "src/error.hpp"
#include "src/stream/source.hpp"

namespace jko {
namespace {

using boost::asio::ip::udp;

constexpr int kReceiveBuffer = 4 << 20;  // bytes that the kernel may hold for us; it takes what it allows
constexpr int kAtOnce = 256;             // datagrams before others of the thread have their turn

class UdpListener final : public Source {
 public:
  UdpListener(boost::asio::io_context& io, SourceContext& context, const Endpoint& endpoint)
      : context_(context), name_("udp " + endpoint.address()), socket_(io) {
    boost::system::error_code error;
    udp::resolver resolver(io);
    const auto found = resolver.resolve(endpoint.host, std::to_string(endpoint.port), udp::resolver::passive, error);
    if (!error) socket_.open(found.begin()->endpoint().protocol(), error);
    if (!error) socket_.bind(found.begin()->endpoint(), error);
    if (!error) socket_.non_blocking(true, error);
    if (error)
      throw InputError("--listen", 0, "",
                       fmt::format("cannot listen on {}: {}", endpoint.to_string(), error.message()));
    socket_.set_option(udp::socket::receive_buffer_size(kReceiveBuffer), error);
    const int on = 1;
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
    parser_ = observation_parser(context_.format, name_);
    context_.queue.add_source();
    wait();
  }

  std::uint16_t port() const override { return socket_.local_endpoint().port(); }

 private:
  void wait() {
    socket_.async_wait(udp::socket::wait_read, [this](boost::system::error_code error) {
      if (error) return;
      for (int k = 0; k < kAtOnce && receive(); ++k) {
      }
      wait();
    });
  }

  /// Asio's own receive does not hand over how many datagrams the kernel has dropped.
  bool receive() {
    iovec part{buffer_.data(), buffer_.size()};
    alignas(cmsghdr) std::array<char, 64> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = ::recvmsg(socket_.native_handle(), &message, MSG_DONTWAIT);
    if (size < 0) return errno == EINTR;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
      if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SO_RXQ_OVFL) continue;
      std::uint32_t dropped = 0;  // since the socket was made
      std::memcpy(&dropped, CMSG_DATA(header), sizeof dropped);
      if (dropped != dropped_) context_.counts.reject(Rejection::overflow, dropped - dropped_);
      dropped_ = dropped;
    }
    take({buffer_.data(), static_cast<std::size_t>(size)});
    return true;
  }

  void take(std::string_view datagram) {
    context_.counts.bytes += datagram.size();
    while (!datagram.empty() && (datagram.back() == '\n' || datagram.back() == '\r')) datagram.remove_suffix(1);
    auto arrival = read_message(context_, *parser_, datagram, name_);
    if (!arrival || context_.queue.push(*arrival)) return;
    --context_.counts.messages;
    context_.counts.reject(Rejection::overflow);
  }

  SourceContext& context_;
  std::string name_;
  udp::socket socket_;
  std::unique_ptr<MessageParser> parser_;
  std::array<char, 64 * 1024> buffer_;
  std::uint32_t dropped_ = 0;
};

}  // namespace

std::unique_ptr<Source> listen_udp(boost::asio::io_context& io, SourceContext& context, const Endpoint& endpoint) {
  return std::make_unique<UdpListener>(io, context, endpoint);
}

}  // namespace jko
