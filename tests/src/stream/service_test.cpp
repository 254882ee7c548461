#include "src/stream/service.hpp"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <cstdlib>
#include <string>

#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using namespace jko::test;
using boost::asio::local::datagram_protocol;

TEST_CASE("A service manager that asked is told, and nobody else", "[stream]") {
  const TemporaryFolder folder;
  boost::asio::io_context io;
  for (const std::string& name : {folder.path("notify"), "@jkofilter-test-" + folder.path("notify")}) {
    std::string address = name;
    if (address[0] == '@') address[0] = '\0';
    datagram_protocol::socket manager(io, datagram_protocol::endpoint(address));
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
    notify_service("READY=1");
    std::array<char, 100> buffer;
    CHECK(std::string(buffer.data(), manager.receive(boost::asio::buffer(buffer))) == "READY=1");
  }
  for (const char* nobody : {"/no/such/socket", "relative", ""}) {
    setenv("NOTIFY_SOCKET", nobody, 1);
    CHECK_NOTHROW(notify_service("READY=1"));
  }
  unsetenv("NOTIFY_SOCKET");
  CHECK_NOTHROW(notify_service("READY=1"));
}
