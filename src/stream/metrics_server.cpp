#include "src/stream/metrics_server.hpp"

#include <spdlog/fmt/fmt.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>

#include "src/stream/socket_options.hpp"
#include "src/version.hpp"

namespace jko {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::asio::ip::tcp;

namespace {

constexpr int kMostConnections = 64;
constexpr std::uint32_t kLargestHeader = 8 * 1024;
constexpr std::chrono::seconds kRequestPatience{10};
constexpr double kStuck = 10.0;  // seconds

using Request = http::request_parser<http::empty_body>;
using Response = http::response<http::string_body>;

Response answer(const Request::value_type& request, const LiveMetrics& metrics) {
  Response response{http::status::ok, request.version()};
  response.set(http::field::server, std::string("jkofilter/") + version());
  response.keep_alive(request.keep_alive());
  const auto say = [&](http::status status, const char* type, std::string body) {
    response.result(status);
    response.set(http::field::content_type, type);
    response.body() = std::move(body);
  };
  const beast::string_view target = request.target().substr(0, request.target().find('?'));
  const bool head = request.method() == http::verb::head;
  if (request.method() != http::verb::get && !head) {
    say(http::status::method_not_allowed, "text/plain", "only GET and HEAD\n");
    response.set(http::field::allow, "GET, HEAD");
  } else if (target == "/metrics") {
    say(http::status::ok, "text/plain; version=0.0.4; charset=utf-8", metrics.text());
  } else if (target == "/healthz") {
    const bool well = metrics.alive(kStuck);
    say(well ? http::status::ok : http::status::service_unavailable, "application/json",
        fmt::format("{{\"status\":\"{}\",\"observations\":{}}}\n", well ? "ok" : "stuck", metrics.observations()));
  } else {
    say(http::status::not_found, "text/plain", "there are /metrics and /healthz\n");
  }
  response.prepare_payload();
  if (head) response.body().clear();
  return response;
}

}  // namespace

struct MetricsServer::Implementation : std::enable_shared_from_this<Implementation> {
  struct Connection;

  Implementation(boost::asio::io_context& io, const LiveMetrics& figures, const Endpoint& endpoint)
      : acceptor(listen_on(io, endpoint, "--metrics")), pause(io), metrics(figures) {}

  void accept();

  tcp::acceptor acceptor;
  boost::asio::steady_timer pause;
  const LiveMetrics& metrics;
  int connections = 0;
};

struct MetricsServer::Implementation::Connection : std::enable_shared_from_this<Connection> {
  Connection(tcp::socket socket, std::shared_ptr<Implementation> owner)
      : stream(std::move(socket)), server(std::move(owner)) {
    ++server->connections;
  }
  ~Connection() { --server->connections; }

  void read() {
    request.emplace();
    request->header_limit(kLargestHeader);
    request->body_limit(0);
    stream.expires_after(kRequestPatience);
    http::async_read(stream, buffer, *request, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->write();
    });
  }

  void write() {
    response = answer(request->get(), server->metrics);
    http::async_write(stream, response, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return;
      if (self->response.keep_alive()) return self->read();
      self->stream.socket().shutdown(tcp::socket::shutdown_send, error);
    });
  }

  beast::tcp_stream stream;
  std::shared_ptr<Implementation> server;
  beast::flat_buffer buffer{2 * kLargestHeader};
  std::optional<Request> request;
  Response response;
};

void MetricsServer::Implementation::accept() {
  acceptor.async_accept([self = shared_from_this()](boost::system::error_code error, tcp::socket socket) {
    if (error == boost::asio::error::operation_aborted) return;
    if (error) {
      self->pause.expires_after(std::chrono::milliseconds(100));
      self->pause.async_wait([self](boost::system::error_code stopped) {
        if (!stopped) self->accept();
      });
      return;
    }
    if (self->connections < kMostConnections) std::make_shared<Connection>(std::move(socket), self)->read();
    self->accept();
  });
}

MetricsServer::MetricsServer(boost::asio::io_context& io, const LiveMetrics& metrics, const Endpoint& endpoint)
    : implementation_(std::make_shared<Implementation>(io, metrics, endpoint)) {
  implementation_->accept();
}

MetricsServer::~MetricsServer() = default;

std::uint16_t MetricsServer::port() const { return implementation_->acceptor.local_endpoint().port(); }

}  // namespace jko
