#include "src/stream/line_feed.hpp"

#include <utility>

#include "src/clock.hpp"

namespace jko {
std::optional<Arrival> read_message(SourceContext& context, MessageParser& parser, std::string_view message,
                                    const std::string& source) {
  ParsedMessage parsed = parser.parse(message);
  if (parsed.arrival) {
    ++context.counts.messages;
    parsed.arrival->arrived = unix_seconds();
    parsed.arrival->source = source;
  } else if (parsed.rejected.empty()) {
    ++context.counts.ignored;
  } else {
    context.counts.reject(Rejection::malformed);
    context.log.add(std::move(parsed.rejected));
  }
  return std::move(parsed.arrival);
}

LineFeed::LineFeed(SourceContext& context, std::unique_ptr<MessageParser> parser, std::string name)
    : context_(context), parser_(std::move(parser)), name_(std::move(name)) {}

void LineFeed::take(std::string_view bytes) {
  context_.counts.bytes += bytes.size();
  splitter_.take(bytes);
}

bool LineFeed::drain() {
  if (held_) {
    if (!context_.queue.push(*held_)) return false;
    held_.reset();
  }
  bool room = true;
  while (room) {
    const auto line = splitter_.next();
    if (splitter_.too_long() > too_long_) {
      context_.counts.reject(Rejection::too_long, splitter_.too_long() - too_long_);
      too_long_ = splitter_.too_long();
      context_.log.add(name_ + ": a line is longer than 64 KiB");
    }
    if (!line) break;
    room = deliver(*line);
  }
  return room;
}

bool LineFeed::deliver(std::string_view line) {
  std::optional<Arrival> arrival = read_message(context_, *parser_, line, name_);
  if (!arrival || context_.queue.push(*arrival)) return true;
  held_ = std::move(arrival);
  return false;
}

bool LineFeed::finish(bool cut) {
  if (!drain()) return false;
  if (splitter_.rest().empty()) return true;
  if (!cut) {
    splitter_.take("\n");
    return drain();
  }
  context_.counts.reject(Rejection::cut_off);
  context_.log.add(name_ + ": the connection ended in the middle of a line");
  return true;
}

void LineFeed::reset() {
  splitter_ = {};
  too_long_ = 0;
  parser_->reset();
}

}  // namespace jko
