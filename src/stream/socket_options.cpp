#include "src/stream/socket_options.hpp"

#include <netinet/tcp.h>
#include <spdlog/fmt/fmt.h>

#include "src/error.hpp"

namespace jko {

using boost::asio::ip::tcp;

void prepare_connection(tcp::socket& socket) {
  // Best effort: a connection without is still one.
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(boost::asio::socket_base::keep_alive(true), ignored);
  const auto set = [&](int name, int value) {
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, name, &value, sizeof value);
  };
  set(TCP_KEEPIDLE, 30);   // seconds of silence before the first probe
  set(TCP_KEEPINTVL, 10);  // seconds between probes
  set(TCP_KEEPCNT, 3);
}

tcp::acceptor listen_on(boost::asio::io_context& io, const Endpoint& endpoint, const std::string& option) {
  boost::system::error_code error;
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(endpoint.host, std::to_string(endpoint.port), tcp::resolver::passive, error);
  tcp::acceptor acceptor(io);
  if (!error) acceptor.open(found.begin()->endpoint().protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(found.begin()->endpoint(), error);
  if (!error) acceptor.listen(boost::asio::socket_base::max_listen_connections, error);
  if (error)
    throw InputError(option, 0, "", fmt::format("cannot listen on {}: {}", endpoint.address(), error.message()));
  return acceptor;
}

std::string peer_of(const tcp::socket& socket) {
  boost::system::error_code error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) return "a client";
  return Endpoint{Endpoint::Transport::tcp, peer.address().to_string(), peer.port()}.address();
}

}  // namespace jko
