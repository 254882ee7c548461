#include "src/stream/service.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <cstdlib>

namespace jko {

void notify_service(const std::string& state) {
  using boost::asio::local::datagram_protocol;
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || (path[0] != '/' && path[0] != '@')) return;
  std::string name = path;
  if (name[0] == '@') name[0] = '\0';  // in the abstract namespace
  boost::system::error_code ignored;   // the manager's trouble must not be the filter's
  boost::asio::io_context io;
  datagram_protocol::socket socket(io);
  socket.open(datagram_protocol(), ignored);
  if (!ignored) socket.send_to(boost::asio::buffer(state), datagram_protocol::endpoint(name), 0, ignored);
}

}  // namespace jko
