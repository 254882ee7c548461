#include "src/stream/endpoint.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>

#include "src/error.hpp"

namespace jko {
namespace {

constexpr std::size_t kLongestHost = 253;  // of a name in DNS

[[noreturn]] void refuse(std::string_view text, std::string_view option, const char* expected) {
  throw InputError(std::string(option), 0, "", fmt::format("expected {}, found '{:.80}'", expected, text));
}

Endpoint address_of(std::string_view text, std::string_view whole, std::string_view option, const char* expected) {
  Endpoint endpoint;
  std::string_view host, port;
  if (!text.empty() && text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || end + 1 >= text.size() || text[end + 1] != ':')
      refuse(whole, option, expected);
    host = text.substr(1, end - 1);
    port = text.substr(end + 2);
    if (host.empty()) refuse(whole, option, expected);
  } else {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos)
      refuse(whole, option, expected);
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  const bool plain = std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(".-_:%").find(c) != std::string_view::npos;
  });
  if (!plain || host.size() > kLongestHost) refuse(whole, option, expected);
  if (!host.empty()) endpoint.host = host;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc() || end != port.data() + port.size()) refuse(whole, option, expected);
  return endpoint;
}

}  // namespace

std::string Endpoint::address() const {
  return fmt::format(host.find(':') == std::string::npos ? "{}:{}" : "[{}]:{}", host, port);
}

std::string Endpoint::to_string() const { return (transport == Transport::tcp ? "tcp://" : "udp://") + address(); }

Endpoint parse_endpoint(std::string_view text, std::string_view option) {
  constexpr const char* kExpected = "tcp://HOST:PORT or udp://HOST:PORT";
  const std::string_view scheme = text.substr(0, 6);
  if (scheme != "tcp://" && scheme != "udp://") refuse(text, option, kExpected);
  Endpoint endpoint = address_of(text.substr(6), text, option, kExpected);
  endpoint.transport = scheme == "tcp://" ? Endpoint::Transport::tcp : Endpoint::Transport::udp;
  return endpoint;
}

Endpoint parse_address(std::string_view text, std::string_view option) {
  return address_of(text, text, option, "HOST:PORT");
}

}  // namespace jko
