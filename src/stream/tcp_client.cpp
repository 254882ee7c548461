#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <random>
#include <utility>

#include "src/stream/pump.hpp"
#include "src/stream/socket_options.hpp"
#include "src/stream/source.hpp"

namespace jko {
namespace {

using boost::asio::ip::tcp;
using Duration = std::chrono::duration<double>;

constexpr double kFirstPause = 0.1, kLongestPause = 30.0;  // seconds
constexpr std::chrono::seconds kConnectPatience{10};       // for a connection to be made

class TcpClient final : public Source {
 public:
  TcpClient(boost::asio::io_context& io, SourceContext& context, const Endpoint& endpoint, std::string name,
            std::string greeting, std::function<std::unique_ptr<MessageParser>()> parser)
      : context_(context),
        endpoint_(endpoint),
        name_(std::move(name)),
        greeting_(std::move(greeting)),
        parser_(std::move(parser)),
        io_(io),
        resolver_(io),
        timer_(io) {
    context_.queue.add_source();
    connect();
  }

 private:
  using Connection = Pump<tcp::socket>;

  void connect() {
    resolver_.async_resolve(endpoint_.host, std::to_string(endpoint_.port),
                            [this](boost::system::error_code error, const tcp::resolver::results_type& found) {
                              if (error) return again(error.message());
                              connect_to(found);
                            });
  }

  void connect_to(const tcp::resolver::results_type& found) {
    const auto socket = std::make_shared<tcp::socket>(io_);
    timer_.expires_after(kConnectPatience);
    timer_.async_wait([socket](boost::system::error_code error) {
      if (!error) socket->close(error);
    });
    boost::asio::async_connect(*socket, found, [this, socket](boost::system::error_code error, const tcp::endpoint&) {
      timer_.cancel();
      if (!socket->is_open() && !error) error = boost::asio::error::timed_out;
      if (error) return again(error == boost::asio::error::operation_aborted ? "no answer" : error.message());
      greet(socket);
    });
  }

  void greet(const std::shared_ptr<tcp::socket>& socket) {
    prepare_connection(*socket);
    if (greeting_.empty()) return read(socket);
    boost::asio::async_write(*socket, boost::asio::buffer(greeting_),
                             [this, socket](boost::system::error_code error, std::size_t) {
                               if (error) return again(error.message());
                               read(socket);
                             });
  }

  void read(const std::shared_ptr<tcp::socket>& socket) {
    ++context_.counts.connections;
    context_.log.add(name_ + ": connected");
    connection_ = std::make_shared<Connection>(std::move(*socket), LineFeed(context_, parser_(), name_), context_.queue,
                                               /*cut=*/true);
    connection_->on_receipt([this] { pause_ = kFirstPause; });
    connection_->on_end([this] { again("the connection ended"); });
    connection_->read();
  }

  void again(const std::string& why) {
    connection_.reset();
    ++context_.counts.reconnects;
    // Between half of the pause and all of it, so that many clients do not come back in step.
    const double seconds = pause_ * std::uniform_real_distribution<double>(0.5, 1.0)(engine_);
    pause_ = std::min(2.0 * pause_, kLongestPause);
    context_.log.add(name_ + ": " + why + ", trying again");
    timer_.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(Duration(seconds)));
    timer_.async_wait([this](boost::system::error_code stopped) {
      if (!stopped) connect();
    });
  }

  SourceContext& context_;
  Endpoint endpoint_;
  std::string name_, greeting_;
  std::function<std::unique_ptr<MessageParser>()> parser_;
  boost::asio::io_context& io_;
  tcp::resolver resolver_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<Connection> connection_;
  std::minstd_rand engine_{std::random_device()()};
  double pause_ = kFirstPause;
};

}  // namespace

std::unique_ptr<Source> connect_tcp(boost::asio::io_context& io, SourceContext& context, const Endpoint& endpoint) {
  const std::string name = "tcp " + endpoint.address();
  return std::make_unique<TcpClient>(io, context, endpoint, name, "",
                                     [&context, name] { return observation_parser(context.format, name); });
}

std::unique_ptr<Source> connect_gpsd(boost::asio::io_context& io, SourceContext& context, const Endpoint& endpoint,
                                     const std::vector<std::string>& fields) {
  const std::string name = "gpsd " + endpoint.address();
  return std::make_unique<TcpClient>(io, context, endpoint, name, "?WATCH={\"enable\":true,\"json\":true}\n",
                                     [&context, fields, name] { return gpsd_parser(context.format, fields, name); });
}

}  // namespace jko
