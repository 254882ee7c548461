#pragma once
/// The other end of --listen: sends observations, a line or a datagram each. For `simulate --send`.
///
///     const auto sender = make_sender(parse_endpoint("tcp://127.0.0.1:4711", "--send"));
///     sender->send(0.5, y);

#include <memory>

#include "jko/types.hpp"
#include "src/stream/endpoint.hpp"

namespace jko {

class Sender {
 public:
  Sender() = default;
  virtual ~Sender() = default;
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  /// Waits while the other side takes no more. Throws std::runtime_error if it has gone.
  virtual void send(double time, const Vector& value) = 0;
  /// Waits until the other side has all of it, if it tells.
  virtual void finish() {}
};

/// Waits up to `patience` seconds for a TCP server to be there. Throws InputError if the host is not known,
/// std::runtime_error if nobody answers.
std::unique_ptr<Sender> make_sender(const Endpoint& endpoint, double patience = 10.0);

}  // namespace jko
