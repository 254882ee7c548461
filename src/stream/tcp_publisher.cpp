#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <deque>
#include <set>
#include <utility>
#include <vector>

#include "src/stream/io_thread.hpp"
#include "src/stream/publisher.hpp"
#include "src/stream/socket_options.hpp"

namespace jko {
namespace {

using boost::asio::ip::tcp;
using Line = std::shared_ptr<const std::string>;

constexpr std::size_t kMostClients = 1024, kMostLines = 4096, kMostBytes = std::size_t{4} << 20;

/// What the publisher and its handlers share: it lives as long as one of them does.
struct Server : std::enable_shared_from_this<Server> {
  Server(tcp::acceptor bound, PublisherCounts& counts_of_all)
      : acceptor(std::move(bound)), pause(acceptor.get_executor()), counts(counts_of_all) {}

  struct Client;

  void accept();
  void publish(const Line& line);
  void remove(const std::shared_ptr<Client>& client);

  tcp::acceptor acceptor;
  boost::asio::steady_timer pause;
  PublisherCounts& counts;
  std::set<std::shared_ptr<Client>> clients;
};

struct Server::Client : std::enable_shared_from_this<Client> {
  Client(tcp::socket connected, Server& owner) : socket(std::move(connected)), server(owner) {}

  void send(const Line& line) {
    waiting.push_back(line);
    bytes += line->size();
    ++server.counts.waiting;
    if (waiting.size() > kMostLines || bytes > kMostBytes) {
      ++server.counts.dropped_clients;
      close();
    } else if (waiting.size() == 1) {
      write();
    }
  }

  void write() {
    boost::asio::async_write(socket, boost::asio::buffer(*waiting.front()),
                             [self = shared_from_this(), line = waiting.front()](auto error, std::size_t) {
                               if (self->closed) return;
                               if (error) return self->close();
                               ++self->server.counts.sent;
                               --self->server.counts.waiting;
                               self->bytes -= line->size();
                               self->waiting.pop_front();
                               if (!self->waiting.empty()) self->write();
                             });
  }

  /// What a client says is of no interest; that it has gone is.
  void listen() {
    socket.async_read_some(boost::asio::buffer(ignored), [self = shared_from_this()](auto error, std::size_t) {
      if (self->closed) return;
      if (error) return self->close();
      self->listen();
    });
  }

  void close() {
    closed = true;
    server.counts.waiting -= static_cast<std::int64_t>(waiting.size());
    boost::system::error_code nothing;
    socket.close(nothing);
    server.remove(shared_from_this());
  }

  tcp::socket socket;
  Server& server;
  std::deque<Line> waiting;  // the first is being written
  std::size_t bytes = 0;
  bool closed = false;
  std::array<char, 256> ignored;
};

void Server::accept() {
  acceptor.async_accept([self = shared_from_this()](boost::system::error_code error, tcp::socket socket) {
    if (error == boost::asio::error::operation_aborted || !self->acceptor.is_open()) return;
    if (error) {  // out of file descriptors, most likely
      self->pause.expires_after(std::chrono::milliseconds(100));
      self->pause.async_wait([self](boost::system::error_code stopped) {
        if (!stopped) self->accept();
      });
      return;
    }
    if (self->clients.size() >= kMostClients) {
      ++self->counts.refused_clients;
    } else {
      prepare_connection(socket);
      const auto client = std::make_shared<Client>(std::move(socket), *self);
      self->clients.insert(client);
      self->counts.clients = self->clients.size();
      client->listen();
    }
    self->accept();
  });
}

void Server::publish(const Line& line) {
  const std::vector<std::shared_ptr<Client>> now(clients.begin(), clients.end());  // send() may remove one
  for (const auto& client : now) client->send(line);
}

void Server::remove(const std::shared_ptr<Client>& client) {
  clients.erase(client);
  counts.clients = clients.size();
}

class TcpPublisher final : public Publisher {
 public:
  TcpPublisher(IoThread& io, PublisherCounts& counts, const Endpoint& endpoint)
      : io_(io), server_(std::make_shared<Server>(listen_on(io.context(), endpoint, "--publish"), counts)) {
    server_->accept();
  }

  void publish(const Publication& publication) override {
    ++server_->counts.waiting;
    io_.post([server = server_, line = publication.line] {
      server->publish(line);
      --server->counts.waiting;
    });
  }

  std::uint16_t port() const override { return server_->acceptor.local_endpoint().port(); }

 private:
  IoThread& io_;
  std::shared_ptr<Server> server_;
};

}  // namespace

std::unique_ptr<Publisher> publish_tcp(IoThread& io, PublisherCounts& counts, const Endpoint& endpoint) {
  return std::make_unique<TcpPublisher>(io, counts, endpoint);
}

}  // namespace jko
