#pragma once
/// What all sources have in common: bytes or messages become arrivals in the queue, and what cannot is counted.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "src/stream/arrival_queue.hpp"
#include "src/stream/line_splitter.hpp"
#include "src/stream/message_parser.hpp"
#include "src/stream/source_counts.hpp"

namespace jko {

/// Where the sources of a run put what they get. Outlives them.
struct SourceContext {
  ArrivalQueue& queue;
  SourceCounts& counts;
  SourceLog& log;
  RecordingFormat format;  ///< of the messages
};

/// Of one connection, pipe or file:
///
///     feed.take(bytes);
///     if (feed.drain()) read_more();
///     else queue.when_room([] { … });   // then drain() again: nothing is lost
class LineFeed {
 public:
  /// `name`: of the source, for people.
  LineFeed(SourceContext& context, std::unique_ptr<MessageParser> parser, std::string name);

  void take(std::string_view bytes);
  /// Puts the lines that are whole into the queue. False if it filled up before the last of them.
  bool drain();
  /// The end of the stream. What came after the last end of line is a line at the end of a file or pipe; of a
  /// connection (`cut`) it may be half of one, and is counted and left out. False as in drain(): then call it again.
  bool finish(bool cut);
  /// A connection has begun anew.
  void reset();

 private:
  bool deliver(std::string_view line);

  SourceContext& context_;
  std::unique_ptr<MessageParser> parser_;
  std::string name_;
  LineSplitter splitter_;
  std::optional<Arrival> held_;  // for which there was no room
  std::uint64_t too_long_ = 0;
};

/// Parses a message and counts what came of it.
std::optional<Arrival> read_message(SourceContext& context, MessageParser& parser, std::string_view message,
                                    const std::string& source);

}  // namespace jko
