#include "src/stream/line_splitter.hpp"

namespace jko {

void LineSplitter::take(std::string_view bytes) {
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    searched_ -= begin_;
    begin_ = 0;
  }
  buffer_.append(bytes);
}

std::optional<std::string_view> LineSplitter::next() {
  while (true) {
    const std::size_t end = buffer_.find('\n', searched_);
    const bool whole = end != std::string::npos;
    const std::size_t length = (whole ? end : buffer_.size()) - begin_;
    if (length > kLongestLine && !skipping_) {
      ++too_long_;
      skipping_ = true;
    }
    if (!whole) {
      if (skipping_) begin_ = buffer_.size();
      searched_ = buffer_.size();
      return std::nullopt;
    }
    std::string_view line(buffer_.data() + begin_, length);
    begin_ = searched_ = end + 1;
    if (skipping_) {
      skipping_ = false;
      continue;
    }
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
  }
}

}  // namespace jko
