#include "src/stream/endpoint.hpp"

#include "tests/src/input_error.hpp"
#include "tests/test.hpp"

using namespace jko;
using namespace jko::test;

TEST_CASE("An endpoint is read and written", "[stream]") {
  const Endpoint tcp = parse_endpoint("tcp://example.org:4711", "--listen");
  CHECK(tcp.transport == Endpoint::Transport::tcp);
  CHECK(tcp.host == "example.org");
  CHECK(tcp.port == 4711);
  const Endpoint udp = parse_endpoint("udp://[::1]:0", "--listen");
  CHECK(udp.transport == Endpoint::Transport::udp);
  CHECK(udp.host == "::1");
  CHECK(udp.to_string() == "udp://[::1]:0");
  CHECK(parse_address("10.0.0.1:65535", "--metrics").address() == "10.0.0.1:65535");
}

TEST_CASE("Without a host an endpoint is on this machine only", "[stream]") {
  CHECK(parse_endpoint("tcp://:4711", "--listen").host == "127.0.0.1");
  CHECK(parse_address(":9100", "--metrics").host == "127.0.0.1");
}

TEST_CASE("What is no endpoint is refused with the option that gave it", "[stream]") {
  for (const char* text : {"", "4711", "tcp://", "tcp://host", "tcp://host:", "tcp://host:65536", "tcp://host:-1",
                           "tcp://host:4711/", "tcp://ho st:1", "http://host:80", "tcp://::1:4711", "tcp://[::1]4711",
                           "tcp://[]:1", "TCP://host:1", "tcp://host:1 "}) {
    INFO(text);
    const std::string message = input_error_of([&] { parse_endpoint(text, "--listen"); });
    CHECK(message == "--listen: expected tcp://HOST:PORT or udp://HOST:PORT, found '" + std::string(text) + "'");
  }
  CHECK(input_error_of([] { parse_address("9100", "--metrics"); }) == "--metrics: expected HOST:PORT, found '9100'");
  CHECK_FALSE(input_error_of([] { parse_address(std::string(300, 'a') + ":1", "--metrics"); }).empty());
}
