#include "src/gnuplot.hpp"

#include <sys/wait.h>

#include <csignal>
#include <cstdio>

namespace jko {

bool run_gnuplot(const std::string& script) {
  // Without gnuplot nobody reads the pipe: then writing must fail, not end the program.
  const auto previous = std::signal(SIGPIPE, SIG_IGN);
  std::FILE* pipe = popen("gnuplot >/dev/null 2>&1", "w");
  bool drawn = pipe && std::fwrite(script.data(), 1, script.size(), pipe) == script.size();
  if (pipe) {
    const int status = pclose(pipe);
    drawn = drawn && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  std::signal(SIGPIPE, previous);
  return drawn;
}

std::string gnuplot_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return quoted + "'";
}

}  // namespace jko
