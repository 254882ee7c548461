#pragma once
/// What a live run listens to and sends to, as the command line says it: see src/stream/endpoint.hpp.

#include <cstddef>
#include <string>
#include <vector>

namespace jko {

struct StreamOptions {
  std::vector<std::string> listen, connect;  ///< tcp://HOST:PORT, the first also udp://
  std::vector<std::string> gpsd;             ///< HOST:PORT
  std::vector<std::string> input;            ///< files; "-" is standard input
  bool follow = false;                       ///< the files grow
  std::size_t queue = 4096;                  ///< observations that may wait
  std::vector<std::string> publish;          ///< tcp:// or udp://HOST:PORT
  std::string metrics;                       ///< HOST:PORT; empty: none
};

}  // namespace jko
