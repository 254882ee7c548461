#pragma once
/// One message of a stream, a line or a datagram, read as an observation.
///
/// A message is a JSON object, {"t": 0.5, "y": [1.2, null]} or {"t": 0.5, "DAX": 1.2}, or comma-separated values,
/// 0.5,1.2,. What is missing is null or empty. Without a time the moment of arrival counts. A line that names columns
/// (t,y0,y1) is taken for the header of the comma-separated lines after it; without one they are the time and all
/// values, or all values alone. An ISO-8601 time needs time.origin in the config.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/live/arrival.hpp"
#include "src/recording.hpp"

namespace jko {

/// What a message says: an observation, or why there is none.
struct ParsedMessage {
  std::optional<Arrival> arrival;  ///< its moment and its source are the caller's to fill in
  std::string rejected;            ///< why it was refused, for people; empty: an arrival, or nothing that need be one
};

class MessageParser {
 public:
  virtual ~MessageParser() = default;
  /// Never throws, whatever the bytes are.
  virtual ParsedMessage parse(std::string_view message) = 0;
  /// A connection has begun anew: forgets the header.
  virtual void reset() {}
};

/// The form described above. `name`: what messages call the source.
std::unique_ptr<MessageParser> observation_parser(const RecordingFormat& format, const std::string& name);

/// gpsd's reports. Of TPV objects with a fix (mode 2 or 3) the numbers `fields` are the observation ("lat", "lon",
/// "alt", "speed", "climb", "ecefx", …; missing where absent) and "time" is its time where the format has an origin.
std::unique_ptr<MessageParser> gpsd_parser(const RecordingFormat& format, const std::vector<std::string>& fields,
                                           const std::string& name);

}  // namespace jko
