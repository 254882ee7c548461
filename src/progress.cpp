#include "src/progress.hpp"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <iostream>
#include <utility>

namespace jko {

Progress::Progress(std::ostream& err, bool quiet)
    : err_(err), shown_(!quiet && &err == &std::cerr && isatty(STDERR_FILENO)) {}

Progress::~Progress() { clear(); }

void Progress::clear() {
  if (std::exchange(drawn_, false)) err_ << "\r\033[K" << std::flush;
}

bool Progress::due() const {
  const auto now = std::chrono::steady_clock::now();
  return shown_ && (!drawn_ || now - last_ >= std::chrono::milliseconds(100));
}

void Progress::show(double share, const std::string& text) {
  if (due()) show(fmt::format("{:3.0f} %  {}", 100.0 * share, text));
}

void Progress::show(const std::string& text) {
  if (!due()) return;
  last_ = std::chrono::steady_clock::now();
  drawn_ = true;
  err_ << "\r\033[K" << text << std::flush;
}

}  // namespace jko
