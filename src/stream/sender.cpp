#include "src/stream/sender.hpp"

#include <spdlog/fmt/fmt.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "src/error.hpp"
#include "src/report.hpp"

namespace jko {
namespace {

using boost::asio::ip::tcp;
using boost::asio::ip::udp;

std::string message_of(double time, const Vector& value) {
  return nlohmann::ordered_json{{"t", time}, {"y", to_json(value)}}.dump();
}

template <class Protocol>
auto resolve(boost::asio::io_context& io, const Endpoint& endpoint) {
  boost::system::error_code error;
  typename Protocol::resolver resolver(io);
  auto found = resolver.resolve(endpoint.host, std::to_string(endpoint.port), error);
  if (error)
    throw InputError("--send", 0, "", fmt::format("cannot send to {}: {}", endpoint.to_string(), error.message()));
  return found;
}

class TcpSender final : public Sender {
 public:
  TcpSender(const Endpoint& endpoint, double patience) : endpoint_(endpoint), socket_(io_) {
    std::signal(SIGPIPE, SIG_IGN);
    const auto found = resolve<tcp>(io_, endpoint);
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(patience);
    boost::system::error_code error;
    while (boost::asio::connect(socket_, found, error), error) {
      if (std::chrono::steady_clock::now() > end) fail(error);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    socket_.set_option(tcp::no_delay(true), error);
  }

  void send(double time, const Vector& value) override {
    boost::system::error_code error;
    boost::asio::write(socket_, boost::asio::buffer(message_of(time, value) + '\n'), error);
    if (error) fail(error);
  }

  void finish() override {
    boost::system::error_code error;
    socket_.shutdown(tcp::socket::shutdown_send, error);
    std::array<char, 256> nothing;
    while (!error) socket_.read_some(boost::asio::buffer(nothing), error);  // it closes when it has read all
  }

 private:
  [[noreturn]] void fail(const boost::system::error_code& error) const {
    throw std::runtime_error(fmt::format("cannot send to {}: {}", endpoint_.to_string(), error.message()));
  }

  Endpoint endpoint_;
  boost::asio::io_context io_;
  tcp::socket socket_;
};

class UdpSender final : public Sender {
 public:
  explicit UdpSender(const Endpoint& endpoint) : endpoint_(endpoint), socket_(io_) {
    target_ = resolve<udp>(io_, endpoint).begin()->endpoint();
    socket_.open(target_.protocol());
  }

  void send(double time, const Vector& value) override {
    boost::system::error_code error;
    socket_.send_to(boost::asio::buffer(message_of(time, value)), target_, 0, error);
    // Told of the datagram before: nobody listens, which is no matter of the sender's.
    if (error && error != boost::asio::error::connection_refused)
      throw std::runtime_error(fmt::format("cannot send to {}: {}", endpoint_.to_string(), error.message()));
  }

 private:
  Endpoint endpoint_;
  boost::asio::io_context io_;
  udp::socket socket_;
  udp::endpoint target_;
};

}  // namespace

std::unique_ptr<Sender> make_sender(const Endpoint& endpoint, double patience) {
  if (endpoint.transport == Endpoint::Transport::udp) return std::make_unique<UdpSender>(endpoint);
  return std::make_unique<TcpSender>(endpoint, patience);
}

}  // namespace jko
