#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <utility>

#include "src/stream/pump.hpp"
#include "src/stream/socket_options.hpp"
#include "src/stream/source.hpp"

namespace jko {
namespace {

using boost::asio::ip::tcp;

class TcpListener final : public Source {
 public:
  TcpListener(boost::asio::io_context& io, SourceContext& context, const Endpoint& endpoint)
      : context_(context), acceptor_(listen_on(io, endpoint, "--listen")), pause_(io) {
    context_.queue.add_source();
    accept();
  }

  std::uint16_t port() const override { return acceptor_.local_endpoint().port(); }

 private:
  using Client = Pump<tcp::socket>;

  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (error == boost::asio::error::operation_aborted) return;
      if (error) {  // out of file descriptors, most likely: others may be closed soon
        context_.log.add("--listen: " + error.message());
        pause_.expires_after(std::chrono::milliseconds(100));
        pause_.async_wait([this](boost::system::error_code stopped) {
          if (!stopped) accept();
        });
        return;
      }
      if (clients_.size() >= kMostClients) {
        ++context_.counts.refused;
        context_.log.add("--listen: a client more than the 1,024 that are allowed was refused");
      } else {
        add(std::move(socket));
      }
      accept();
    });
  }

  void add(tcp::socket socket) {
    ++context_.counts.connections;
    prepare_connection(socket);
    const std::string name = "tcp " + peer_of(socket);
    const auto client =
        std::make_shared<Client>(std::move(socket), LineFeed(context_, observation_parser(context_.format, name), name),
                                 context_.queue, /*cut=*/true);
    client->on_end([this, key = client.get()] {
      const auto found = clients_.find(key);
      if (found != clients_.end()) clients_.erase(found);
    });
    clients_.emplace(client.get(), client);
    client->read();
  }

  SourceContext& context_;
  tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  std::map<Client*, std::shared_ptr<Client>> clients_;
};

}  // namespace

std::unique_ptr<Source> listen_tcp(boost::asio::io_context& io, SourceContext& context, const Endpoint& endpoint) {
  return std::make_unique<TcpListener>(io, context, endpoint);
}

}  // namespace jko
