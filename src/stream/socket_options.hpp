#pragma once
/// Settings that all our TCP connections share. For src/stream/*.cpp only.

#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "src/stream/endpoint.hpp"

namespace jko {

/// A peer that has vanished without a word (half-open) is noticed within a minute; lines are sent as they come.
void prepare_connection(boost::asio::ip::tcp::socket& socket);

/// An acceptor that listens there. Throws InputError that names `option`.
boost::asio::ip::tcp::acceptor listen_on(boost::asio::io_context& io, const Endpoint& endpoint,
                                         const std::string& option);

/// "127.0.0.1:4711" of the other side; "a client" if it is gone already.
std::string peer_of(const boost::asio::ip::tcp::socket& socket);

}  // namespace jko
