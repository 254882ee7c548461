#pragma once
/// Bytes in pieces of any size in, whole lines out. Memory is bounded: a line of more than kLongestLine bytes is
/// skipped up to its end and counted.
///
///     splitter.take(bytes);
///     while (auto line = splitter.next()) …;   // without its end, LF or CRLF; valid until the next call

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jko {

class LineSplitter {
 public:
  static constexpr std::size_t kLongestLine = 64 * 1024;

  void take(std::string_view bytes);
  std::optional<std::string_view> next();

  /// What came after the last end of line.
  std::string_view rest() const { return skipping_ ? std::string_view() : std::string_view(buffer_).substr(begin_); }
  std::uint64_t too_long() const { return too_long_; }

 private:
  std::string buffer_;
  std::size_t begin_ = 0;     // of the next line
  std::size_t searched_ = 0;  // no end of line between begin_ and here
  bool skipping_ = false;     // inside a line that is too long
  std::uint64_t too_long_ = 0;
};

}  // namespace jko
