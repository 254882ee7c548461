#pragma once
/// Sources and their surroundings, and peers that misbehave. Nothing here waits for a time: what is waited for comes,
/// or the test fails after a minute.

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cmath>
#include <istream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "src/stream/io_thread.hpp"
#include "src/stream/source.hpp"

namespace jko::test {

constexpr double kPatience = 60.0;

/// Whether `condition` becomes true.
template <class Condition>
bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(kPatience);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

inline Endpoint any_port(Endpoint::Transport transport = Endpoint::Transport::tcp) {
  return {transport, "127.0.0.1", 0};
}

inline Endpoint local(std::uint16_t port) { return {Endpoint::Transport::tcp, "127.0.0.1", port}; }

/// One value an observation, unless told otherwise; the queue is small, so that it is often full.
struct StreamTester {
  explicit StreamTester(std::size_t capacity = 8, Index dimension = 1) : queue(capacity) {
    context.format.dimension = dimension;
  }
  ~StreamTester() { io.stop(); }  // before its sources end

  Source& add(std::unique_ptr<Source> source) {
    sources.push_back(std::move(source));
    return *sources.back();
  }

  /// Takes arrivals from the queue as the filter does, `count` of them unless the stream ends before.
  std::vector<Arrival> take(std::size_t count) {
    std::vector<Arrival> taken;
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(kPatience);
    while (taken.size() < count && !queue.ended() && std::chrono::steady_clock::now() < end) {
      if (auto arrival = queue.pop()) {
        taken.push_back(std::move(*arrival));
      } else {
        queue.wait(0.1);
      }
    }
    return taken;
  }

  ArrivalQueue queue;
  SourceCounts counts;
  SourceLog log;
  SourceContext context{queue, counts, log, {}};
  IoThread io;
  std::vector<std::unique_ptr<Source>> sources;
};

/// The times of arrivals, NaN where there is none.
inline std::vector<double> times_of(const std::vector<Arrival>& arrivals) {
  std::vector<double> times;
  times.reserve(arrivals.size());
  for (const Arrival& arrival : arrivals) times.push_back(arrival.time.value_or(std::nan("")));
  return times;
}

/// 0, 1, …, count - 1.
inline std::vector<double> counted(int count) {
  std::vector<double> numbers(static_cast<std::size_t>(count));
  for (int k = 0; k < count; ++k) numbers[static_cast<std::size_t>(k)] = k;
  return numbers;
}

inline std::string numbered_lines(int begin, int end) {
  std::string text;
  for (int k = begin; k < end; ++k) text += std::to_string(k) + "," + std::to_string(0.5 * k) + "\n";
  return text;
}

/// A peer with a blocking socket.
class Peer {
 public:
  explicit Peer(std::uint16_t port) : socket_(io_) { socket_.connect({boost::asio::ip::address_v4::loopback(), port}); }
  explicit Peer(boost::asio::ip::tcp::acceptor& acceptor) : socket_(acceptor.accept(io_)) {}

  void send(const std::string& text) { boost::asio::write(socket_, boost::asio::buffer(text)); }
  /// Sends what the other side takes, until it has closed.
  bool try_send(const std::string& text) {
    boost::system::error_code error;
    boost::asio::write(socket_, boost::asio::buffer(text), error);
    return !error;
  }
  /// Up to and without the end of line; "" at the end of the stream.
  std::string read_line() {
    boost::system::error_code error;
    boost::asio::read_until(socket_, buffer_, '\n', error);
    std::istream stream(&buffer_);
    std::string line;
    std::getline(stream, line);
    return line;
  }
  /// Everything up to the end of the stream.
  std::string read_all() {
    boost::system::error_code error;
    boost::asio::read(socket_, buffer_, error);
    return {std::istreambuf_iterator<char>(&buffer_), {}};
  }
  /// Nothing more will be sent.
  void shut_down() { socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send); }
  /// The connection is cut: the other side gets a reset.
  void reset() {
    socket_.set_option(boost::asio::socket_base::linger(true, 0));
    socket_.close();
  }
  boost::asio::ip::tcp::socket& socket() { return socket_; }

 private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::streambuf buffer_;
};

}  // namespace jko::test
