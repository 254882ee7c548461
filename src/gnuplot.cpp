#include "src/gnuplot.hpp"

#include <spdlog/fmt/fmt.h>
#include <sys/wait.h>

#include <cmath>
#include <csignal>
#include <cstdio>

namespace jko {
namespace {

std::string page(const char* terminal, const std::string& file, int width, int height) {
  return fmt::format("set terminal {} size {},{} font 'DejaVu Sans,14' background '#ffffff'\nset output {}\n", terminal,
                     width, height, gnuplot_quoted(file)) +
         R"(set encoding utf8
set style line 11 lc rgb '#495057' lw 1
set border 3 ls 11
set tics out nomirror scale 0.6 textcolor rgb '#343a40'
set key right top horizontal maxrows 1 samplen 2 textcolor rgb '#343a40' font ',12'
)";
}

}  // namespace

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

std::string gnuplot_block(const std::string& name, const std::vector<std::vector<double>>& rows) {
  std::string block = "$" + name + " << EOD\n";
  for (const auto& row : rows) {
    for (const double value : row) block += std::isfinite(value) ? fmt::format("{:.6g} ", value) : "NaN ";
    block += "\n";
  }
  return block + "EOD\n";
}

std::string gnuplot_page(const std::string& file, int width, int height) {
  return page("pngcairo", file, width, height);
}

std::string gnuplot_svg_page(const std::string& file, int width, int height) {
  return page("svg", file, width, height);
}

}  // namespace jko
