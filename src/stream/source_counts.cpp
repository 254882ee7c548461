#include "src/stream/source_counts.hpp"

#include <spdlog/fmt/fmt.h>

#include <utility>

namespace jko {
namespace {
constexpr std::size_t kKept = 8;
}

std::string_view name_of(Rejection reason) {
  switch (reason) {
    case Rejection::malformed:
      return "malformed";
    case Rejection::too_long:
      return "too_long";
    case Rejection::cut_off:
      return "cut_off";
    case Rejection::overflow:
      return "overflow";
  }
  return "";
}

void SourceLog::add(std::string message) {
  const std::lock_guard lock(mutex_);
  if (messages_.size() < kKept) {
    messages_.push_back(std::move(message));
  } else {
    ++omitted_;
  }
}

std::vector<std::string> SourceLog::take() {
  const std::lock_guard lock(mutex_);
  if (omitted_ > 0) messages_.push_back(fmt::format("{} more messages like these", std::exchange(omitted_, 0)));
  return std::exchange(messages_, {});
}

}  // namespace jko
