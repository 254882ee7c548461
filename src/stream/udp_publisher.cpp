#include <spdlog/fmt/fmt.h>

#include <boost/asio/ip/udp.hpp>

#include "src/error.hpp"
#include "src/stream/io_thread.hpp"
#include "src/stream/publisher.hpp"

namespace jko {
namespace {

using boost::asio::ip::udp;

class UdpPublisher final : public Publisher {
 public:
  UdpPublisher(IoThread& io, PublisherCounts& counts, const Endpoint& endpoint)
      : io_(io), counts_(counts), socket_(std::make_shared<udp::socket>(io.context())) {
    boost::system::error_code error;
    udp::resolver resolver(io.context());
    const auto found = resolver.resolve(endpoint.host, std::to_string(endpoint.port), error);
    if (!error) target_ = found.begin()->endpoint();
    if (!error) socket_->open(target_.protocol(), error);
    if (!error) socket_->non_blocking(true, error);
    if (error) {
      throw InputError("--publish", 0, "", fmt::format("cannot send to {}: {}", endpoint.to_string(), error.message()));
    }
  }

  void publish(const Publication& publication) override {
    if (!publication.datagram) return;
    ++counts_.waiting;
    io_.post([socket = socket_, target = target_, datagram = publication.datagram, &counts = counts_] {
      boost::system::error_code error;
      socket->send_to(boost::asio::buffer(*datagram), target, 0, error);
      // Nobody listening is reported for the datagram before; it is no failure of ours.
      ++(error && error != boost::asio::error::connection_refused ? counts.failed : counts.sent);
      --counts.waiting;
    });
  }

 private:
  IoThread& io_;
  PublisherCounts& counts_;
  std::shared_ptr<udp::socket> socket_;
  udp::endpoint target_;
};

}  // namespace

std::unique_ptr<Publisher> publish_udp(IoThread& io, PublisherCounts& counts, const Endpoint& endpoint) {
  return std::make_unique<UdpPublisher>(io, counts, endpoint);
}

}  // namespace jko
