#include "src/stream/source.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

#include "tests/src/input_error.hpp"
#include "tests/src/stream/stream_tester.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using namespace jko::test;
using boost::asio::ip::tcp;
using boost::asio::ip::udp;

namespace {

bool says(SourceLog& log, const std::string& text) {
  std::string all;
  return eventually([&] {
    for (const std::string& message : log.take()) all += message + "\n";
    return all.find(text) != std::string::npos;
  });
}

}  // namespace

TEST_CASE("A full queue holds a TCP client up, and nothing is lost or reordered", "[stream]") {
  StreamTester tester(8);
  Source& source = tester.add(listen_tcp(tester.io.context(), tester.context, any_port()));
  tester.io.start();
  constexpr int kCount = 100'000;  // far more than all buffers on the way hold
  std::thread client([port = source.port()] {
    Peer peer(port);
    for (int k = 0; k < kCount; k += 1000) peer.send(numbered_lines(k, k + 1000));
  });
  CHECK(times_of(tester.take(kCount)) == counted(kCount));
  client.join();
  CHECK(tester.counts.messages == kCount);
  for (int k = 0; k < kRejections; ++k) CHECK(tester.counts.rejected(static_cast<Rejection>(k)) == 0);
}

TEST_CASE("A connection cut in the middle of a line loses that line only, and says so", "[stream]") {
  StreamTester tester;
  Source& source = tester.add(listen_tcp(tester.io.context(), tester.context, any_port()));
  tester.io.start();
  for (const bool reset : {false, true}) {
    Peer peer(source.port());
    peer.send("1,10\n2,20\n3,3");  // of 3,30: as half a line it would be another observation
    CHECK(times_of(tester.take(2)) == std::vector<double>{1.0, 2.0});
    if (reset) {
      peer.reset();
    } else {
      peer.shut_down();
    }
    CHECK(says(tester.log, "the connection ended in the middle of a line"));
  }
  CHECK(tester.counts.rejected(Rejection::cut_off) == 2);
  CHECK(tester.queue.size() == 0);
  Peer another(source.port());
  another.send("4,40\n");
  CHECK(times_of(tester.take(1)) == std::vector<double>{4.0});
}

TEST_CASE("Half-open peers and silent ones do not hold up the others", "[stream]") {
  StreamTester tester;
  Source& source = tester.add(listen_tcp(tester.io.context(), tester.context, any_port()));
  tester.io.start();
  std::vector<std::unique_ptr<Peer>> silent;
  for (int k = 0; k < 50; ++k) {
    silent.push_back(std::make_unique<Peer>(source.port()));
    if (k % 2 == 0) silent.back()->send("17,");  // and no more
    if (k % 3 == 0) silent.back()->shut_down();  // it would still listen
  }
  Peer peer(source.port());
  peer.send(numbered_lines(0, 5));
  CHECK(times_of(tester.take(5)) == counted(5));
}

TEST_CASE("A thousand clients come and go, and each observation of each arrives", "[stream]") {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 4096);
  setrlimit(RLIMIT_NOFILE, &files);
  StreamTester tester(64);
  Source& source = tester.add(listen_tcp(tester.io.context(), tester.context, any_port()));
  tester.io.start();
  constexpr int kClients = 1000;
  std::thread clients([port = source.port()] {
    std::vector<std::unique_ptr<Peer>> there;
    for (int k = 0; k < kClients; ++k) {
      there.push_back(std::make_unique<Peer>(port));
      there.back()->send(numbered_lines(k, k + 1));
      if (k % 3 == 0) there.back()->send("half of a");
      if (there.size() == 200) there.erase(there.begin(), there.begin() + 100);
    }
  });
  std::vector<double> times = times_of(tester.take(kClients));
  clients.join();
  std::sort(times.begin(), times.end());
  CHECK(times == counted(kClients));
  CHECK(tester.counts.connections == kClients);
  CHECK(eventually([&] { return tester.counts.rejected(Rejection::cut_off) == 334; }));
}

TEST_CASE("More clients at once than allowed are refused, and those that are there go on", "[stream]") {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur < 2 * kMostClients + 100) return;  // this system would refuse them first
  StreamTester tester;
  Source& source = tester.add(listen_tcp(tester.io.context(), tester.context, any_port()));
  tester.io.start();
  std::vector<std::unique_ptr<Peer>> there;
  there.reserve(kMostClients);
  for (int k = 0; k < kMostClients; ++k) there.push_back(std::make_unique<Peer>(source.port()));
  REQUIRE(eventually([&] { return tester.counts.connections == kMostClients; }));
  Peer refused(source.port());
  CHECK(refused.read_line().empty());  // closed
  CHECK(tester.counts.refused == 1);
  there.front()->send("0,0\n");
  CHECK(times_of(tester.take(1)) == counted(1));
}

TEST_CASE("Garbage and lines without end cost their sender its observations, not the others", "[stream]") {
  StreamTester tester(64);
  Source& source = tester.add(listen_tcp(tester.io.context(), tester.context, any_port()));
  tester.io.start();
  Peer peer(source.port());
  std::string garbage;
  for (int k = 0; k < 4000; ++k) garbage += static_cast<char>(k * 37 % 251 == '\n' ? 'x' : k * 37 % 251);
  peer.send(garbage + "\n0,0\n" + std::string(200'000, '7') + "\n1,1\n{\"t\":2\n2,2\n");
  CHECK(times_of(tester.take(3)) == counted(3));
  CHECK(tester.counts.rejected(Rejection::too_long) == 1);
  CHECK(tester.counts.rejected(Rejection::malformed) >= 2);
  CHECK(says(tester.log, "longer than 64 KiB"));
}

TEST_CASE("A flood of complaints is kept short", "[stream]") {
  SourceLog log;
  for (int k = 0; k < 100'000; ++k) log.add("no observation");
  const std::vector<std::string> messages = log.take();
  CHECK(messages.size() < 20);
  CHECK(messages.back().find("more") != std::string::npos);
  CHECK(log.take().empty());
}

TEST_CASE("Each datagram is a message; what finds the queue full is dropped and counted", "[stream]") {
  StreamTester tester(8);
  Source& source = tester.add(listen_udp(tester.io.context(), tester.context, any_port(Endpoint::Transport::udp)));
  tester.io.start();
  boost::asio::io_context io;
  udp::socket socket(io, udp::v4());
  const udp::endpoint target(boost::asio::ip::address_v4::loopback(), source.port());
  const auto send = [&](const std::string& text) { socket.send_to(boost::asio::buffer(text), target); };
  send("0,0");
  send("{\"t\": 1, \"y\": [1]}\n");
  send("garbage");
  send("2,2\r\n");
  CHECK(times_of(tester.take(3)) == counted(3));
  CHECK(tester.counts.rejected(Rejection::malformed) == 1);

  for (int k = 3; k < 103; ++k) send(std::to_string(k) + ",1");
  REQUIRE(eventually([&] { return tester.queue.size() + tester.counts.rejected(Rejection::overflow) == 100; }));
  CHECK(tester.queue.size() == 8);
  CHECK(tester.take(8).front().time == 3.0);
  CHECK(tester.counts.messages == 11);
  send("200,1");
  CHECK(tester.take(1).front().time == 200.0);
}

TEST_CASE("What the kernel drops of a flood of datagrams is counted too", "[stream]") {
  StreamTester tester(100'000);
  Source& source = tester.add(listen_udp(tester.io.context(), tester.context, any_port(Endpoint::Transport::udp)));
  boost::asio::io_context io;
  udp::socket socket(io, udp::v4());
  const udp::endpoint target(boost::asio::ip::address_v4::loopback(), source.port());
  constexpr int kCount = 30'000;  // before anybody reads: more than the kernel keeps
  for (int k = 0; k < kCount; ++k) socket.send_to(boost::asio::buffer(std::to_string(k) + ",1"), target);
  tester.io.start();
  std::uint64_t sent = kCount;
  const auto accounted = [&] { return tester.counts.messages + tester.counts.rejected(Rejection::overflow); };
  // The kernel tells of its losses with the next datagram that it keeps.
  CHECK(eventually([&] {
    if (accounted() < sent) {
      socket.send_to(boost::asio::buffer(std::string("1,1")), target);
      ++sent;
    }
    return accounted() == sent;
  }));
  CHECK(tester.counts.rejected(Rejection::overflow) > 0);
}

TEST_CASE("A server that goes away is connected to again, and half a line of before is not joined to what follows",
          "[stream]") {
  StreamTester tester;
  boost::asio::io_context io;
  tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});

  tester.add(connect_tcp(tester.io.context(), tester.context, local(acceptor.local_endpoint().port())));
  tester.io.start();
  {
    Peer first(acceptor);
    first.send("t,y\n0,0\n1,");
    CHECK(times_of(tester.take(1)) == counted(1));
    first.reset();
  }
  Peer second(acceptor);
  second.send("1,1\n2,2\n");
  CHECK(times_of(tester.take(2)) == std::vector<double>{1.0, 2.0});
  CHECK(tester.counts.connections == 2);
  CHECK(tester.counts.reconnects >= 1);
  CHECK(tester.counts.rejected(Rejection::malformed) == 0);
}

TEST_CASE("A server that is not there yet is waited for", "[stream]") {
  StreamTester tester;
  std::uint16_t port = 0;
  {
    boost::asio::io_context io;
    port = tcp::acceptor(io, {boost::asio::ip::address_v4::loopback(), 0}).local_endpoint().port();
  }
  tester.add(connect_tcp(tester.io.context(), tester.context, local(port)));
  tester.io.start();
  REQUIRE(eventually([&] { return tester.counts.reconnects >= 2; }));
  CHECK_FALSE(tester.queue.ended());
  boost::asio::io_context io;
  tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), port});
  Peer peer(acceptor);
  peer.send("0,0\n");
  CHECK(times_of(tester.take(1)) == counted(1));
}

TEST_CASE("gpsd is asked for its reports, and its fixes arrive", "[stream]") {
  StreamTester tester(8, 2);
  tester.context.format.time_axis = TimeAxis(1.0, parse_iso8601("2026-01-01"));
  boost::asio::io_context io;
  tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
  tester.add(
      connect_gpsd(tester.io.context(), tester.context, local(acceptor.local_endpoint().port()), {"lat", "lon"}));
  tester.io.start();
  for (int connection = 0; connection < 2; ++connection) {
    Peer gpsd(acceptor);
    gpsd.send("{\"class\":\"VERSION\",\"release\":\"3.22\",\"proto_major\":3,\"proto_minor\":14}\r\n");
    CHECK(gpsd.read_line() == R"(?WATCH={"enable":true,"json":true})");
    gpsd.send(
        "{\"class\":\"DEVICES\",\"devices\":[]}\r\n{\"class\":\"WATCH\",\"enable\":true,\"json\":true}\r\n"
        "{\"class\":\"TPV\",\"mode\":1}\r\n"
        "{\"class\":\"TPV\",\"mode\":3,\"time\":\"2026-01-01T00:00:01.000Z\",\"lat\":46.5,\"lon\":7.5}\r\n");
    const std::vector<Arrival> taken = tester.take(1);
    REQUIRE(taken.size() == 1);
    CHECK(*taken[0].time == Approx(1.0));
    CHECK(taken[0].value == Vector((Vector(2) << 46.5, 7.5).finished()));
  }
  CHECK(tester.counts.rejected(Rejection::malformed) == 0);
  CHECK(tester.counts.ignored == 8);
}

TEST_CASE("A file is read to its end, with a last line that has none", "[stream]") {
  const TemporaryFolder folder;
  StreamTester tester;
  tester.add(read_lines(tester.io.context(), tester.context,
                        folder.file("obs.csv", "t,y\n" + numbered_lines(0, 5000) + "5000,1"), false));
  tester.io.start();
  CHECK(times_of(tester.take(10'000)) == counted(5001));
  CHECK(tester.queue.ended());
}

TEST_CASE("A file that grows is followed, also where a line comes in two parts", "[stream]") {
  const TemporaryFolder folder;
  StreamTester tester;

  tester.add(read_lines(tester.io.context(), tester.context, folder.file("obs.csv", "t,y\n0,0\n1,"), true));
  tester.io.start();
  CHECK(times_of(tester.take(1)) == counted(1));
  std::ofstream(folder.path("obs.csv"), std::ios::app) << "1\n2,2\n";
  CHECK(times_of(tester.take(2)) == std::vector<double>{1.0, 2.0});
  CHECK(tester.counts.rejected(Rejection::malformed) == 0);
}

TEST_CASE("A followed file that is truncated or replaced is read from its beginning", "[stream]") {
  const TemporaryFolder folder;
  StreamTester tester(100);

  tester.add(read_lines(tester.io.context(), tester.context, folder.file("obs.csv", numbered_lines(0, 50)), true));
  tester.io.start();
  CHECK(times_of(tester.take(50)) == counted(50));
  std::filesystem::resize_file(folder.path("obs.csv"), 0);
  CHECK(says(tester.log, "was truncated"));
  std::ofstream(folder.path("obs.csv"), std::ios::app) << "7,7\n";
  CHECK(times_of(tester.take(1)) == std::vector<double>{7.0});

  // As logrotate does: the old file gets a last line under its new name.
  std::filesystem::rename(folder.path("obs.csv"), folder.path("obs.csv.1"));
  std::ofstream(folder.path("obs.csv.1"), std::ios::app) << "8,8\n";
  folder.file("obs.csv", "y,t\n9,9\n");
  CHECK(times_of(tester.take(2)) == std::vector<double>{8.0, 9.0});
}

TEST_CASE("A pipe is read until its writer closes it", "[stream]") {
  const TemporaryFolder folder;
  StreamTester tester;
  REQUIRE(mkfifo(folder.path("pipe").c_str(), 0600) == 0);
  const int keeper = open(folder.path("pipe").c_str(), O_RDWR);  // or opening it to write would wait
  tester.add(read_lines(tester.io.context(), tester.context, folder.path("pipe"), false));
  tester.io.start();
  std::thread writer([&] {
    std::ofstream(folder.path("pipe")) << numbered_lines(0, 20'000);
    close(keeper);
  });
  CHECK(times_of(tester.take(100'000)) == counted(20'000));
  writer.join();
  CHECK(eventually([&] { return tester.queue.ended(); }));
}

TEST_CASE("Several sources at once are all heard", "[stream]") {
  const TemporaryFolder folder;
  StreamTester tester(16);
  auto& io = tester.io.context();
  Source& first = tester.add(listen_tcp(io, tester.context, any_port()));
  Source& second = tester.add(listen_udp(io, tester.context, any_port(Endpoint::Transport::udp)));
  tester.add(read_lines(io, tester.context, folder.file("obs.csv", "2,2\n"), false));
  tester.io.start();
  Peer(first.port()).send("0,0\n");
  boost::asio::io_context own;
  udp::socket(own, udp::v4())
      .send_to(boost::asio::buffer(std::string("1,1")), {boost::asio::ip::address_v4::loopback(), second.port()});
  const std::vector<Arrival> taken = tester.take(3);
  std::vector<double> times = times_of(taken);
  std::sort(times.begin(), times.end());
  CHECK(times == counted(3));
  for (const Arrival& arrival : taken) CHECK_FALSE(arrival.source.empty());
}

TEST_CASE("A source that cannot be is told by its option", "[stream]") {
  const TemporaryFolder folder;
  StreamTester tester;
  auto& io = tester.io.context();
  Source& source = tester.add(listen_tcp(io, tester.context, any_port()));
  const std::string taken = std::to_string(source.port());
  CHECK(input_error_of([&] { listen_tcp(io, tester.context, local(source.port())); }) ==
        "--listen: cannot listen on 127.0.0.1:" + taken + ": Address already in use");
  CHECK(input_error_of([&] { read_lines(io, tester.context, folder.path("none"), false); }) ==
        "--input: " + folder.path("none") + " cannot be read: No such file or directory");
  CHECK(input_error_of([&] { read_lines(io, tester.context, folder.path(""), false); }).find("is a directory") !=
        std::string::npos);
  CHECK(input_error_of([&] { read_lines(io, tester.context, "-", true); }).rfind("--follow: ", 0) == 0);
}
