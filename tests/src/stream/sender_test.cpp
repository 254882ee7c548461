#include "src/stream/sender.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tests/src/input_error.hpp"
#include "tests/src/program.hpp"
#include "tests/src/stream/stream_tester.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using namespace jko::test;
using boost::asio::ip::tcp;
using boost::asio::ip::udp;

TEST_CASE("What is sent over TCP is what a source takes, and the end is waited for", "[stream]") {
  StreamTester tester(4, 2);
  Source& source = tester.add(listen_tcp(tester.io.context(), tester.context, any_port()));
  tester.io.start();
  std::thread client([&] {
    const auto sender = make_sender(local(source.port()));
    for (int k = 0; k < 100; ++k)
      sender->send(0.1 * k, (Vector(2) << std::sin(k), k == 3 ? std::nan("") : 1e-300 * k).finished());
    sender->finish();
  });
  const std::vector<Arrival> taken = tester.take(100);
  client.join();
  REQUIRE(taken.size() == 100);
  for (int k = 0; k < 100; ++k) {
    const Arrival& arrival = taken[static_cast<std::size_t>(k)];
    CHECK(*arrival.time == 0.1 * k);  // to the last bit
    CHECK(arrival.value(0) == std::sin(k));
    CHECK((k == 3 ? std::isnan(arrival.value(1)) : arrival.value(1) == 1e-300 * k));
  }
}

TEST_CASE("A datagram is sent for each observation, whether somebody listens or not", "[stream]") {
  boost::asio::io_context io;
  udp::socket receiver(io, {boost::asio::ip::address_v4::loopback(), 0});
  const Endpoint target{Endpoint::Transport::udp, "127.0.0.1", receiver.local_endpoint().port()};
  const auto sender = make_sender(target);
  sender->send(0.5, Vector::Constant(1, 1.5));
  std::array<char, 1000> buffer;
  const std::size_t size = receiver.receive(boost::asio::buffer(buffer));
  CHECK(std::string(buffer.data(), size) == R"({"t":0.5,"y":[1.5]})");
  receiver.close();
  for (int k = 0; k < 10; ++k) CHECK_NOTHROW(sender->send(1.0, Vector::Zero(1)));
}

TEST_CASE("A server that is late is waited for, one that never comes or goes away is an error", "[stream]") {
  std::uint16_t port = 0;
  {
    boost::asio::io_context io;
    port = tcp::acceptor(io, {boost::asio::ip::address_v4::loopback(), 0}).local_endpoint().port();
  }
  CHECK_THROWS_AS(make_sender(local(port), 0.0), std::runtime_error);
  std::unique_ptr<Sender> sender;
  std::thread client([&] { sender = make_sender(local(port), kPatience); });
  boost::asio::io_context io;
  tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), port});
  {
    Peer server(acceptor);
    client.join();
    server.reset();
  }
  CHECK_THROWS_AS(
      [&] {
        for (int k = 0; k < 1'000'000; ++k) sender->send(1.0, Vector::Zero(1));
      }(),
      std::runtime_error);
  CHECK(input_error_of([] {
          make_sender({Endpoint::Transport::tcp, "no.such.host.invalid", 1});
        }).rfind("--send: cannot send to tcp://no.such.host.invalid:1: ", 0) == 0);
}

TEST_CASE("simulate says what it cannot send", "[stream]") {
  const TemporaryFolder folder;
  const std::string config = folder.file("m.json", kOrnsteinUhlenbeck);
  const auto complaint = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"simulate", "-c", config});
    const Outcome outcome = run(arguments);
    CHECK(outcome.code == 2);
    return outcome.err;
  };
  CHECK(complaint({}).find("--output or --send") != std::string::npos);
  CHECK(complaint({"--send", "nowhere"}).rfind("--send: expected tcp://HOST:PORT", 0) == 0);
  CHECK(complaint({"--send", "udp://:1", "--rate", "fast"}).find("--rate") != std::string::npos);
  CHECK(complaint({"-o", folder.path("o"), "--rate", "10x"}).find("--rate") != std::string::npos);
  CHECK(complaint({"-o", folder.path("o"), "--count", "0"}).find("--count") != std::string::npos);
}
