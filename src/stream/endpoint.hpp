#pragma once
/// Where a stream comes from or goes to, as the command line says it.
///
///     parse_endpoint("tcp://127.0.0.1:4711", "--listen");
///     parse_endpoint("udp://:9870", "--publish");          // no host: loopback
///     parse_address("[::1]:9100", "--metrics");

#include <cstdint>
#include <string>
#include <string_view>

namespace jko {

struct Endpoint {
  enum class Transport { tcp, udp };
  Transport transport = Transport::tcp;
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;

  std::string address() const;    ///< "127.0.0.1:4711", "[::1]:4711"
  std::string to_string() const;  ///< "tcp://127.0.0.1:4711"
};

/// Reads tcp://HOST:PORT or udp://HOST:PORT. Throws InputError that names `option`.
Endpoint parse_endpoint(std::string_view text, std::string_view option);

/// Reads HOST:PORT. Throws InputError that names `option`.
Endpoint parse_address(std::string_view text, std::string_view option);

}  // namespace jko
