#pragma once
/// A recording: observations in the order of their times, read one at a time in bounded memory.
///
///     RecordingReader recording("data/obs.csv", {});
///     while (auto observation = recording.next()) filter.update(observation->value);
///
/// CSV has a header with a column `t` (or `time`); JSON Lines have {"t": 0.5, "y": [1.2, null]} or named values,
/// {"t": 0.5, "DAX": 1.2}. Times are numbers or ISO-8601 stamps. A missing value is an empty cell or null. Everything
/// else (a cell that is no number, a NaN, a time that goes back, …) is an InputError with file, line and column.

#include <fstream>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jko/types.hpp"
#include "src/timestamp.hpp"

namespace jko {

/// What a recording should hold.
struct RecordingFormat {
  std::vector<std::string> columns;  ///< the values by name, in the model's order; empty: all but the time
  Index dimension = 1;               ///< number of values an observation
  TimeAxis time_axis{1.0};
  bool timed = true;  ///< every line has a time; in a stream it need not have one
  double earliest = -std::numeric_limits<double>::infinity();  ///< no observation may be before this time
};

/// In place of a value that was not observed.
constexpr double kMissing = kNaN;

struct Observation {
  double time;
  Vector value;  ///< kMissing where missing
  int line;
};

/// Splits one line of a recording into its time, as written, and its values.
class RecordParser {
 public:
  struct Record {
    std::string time;  ///< empty: it has none
    Vector value;
  };
  virtual ~RecordParser() = default;
  virtual Record parse(std::string_view line, int number) const = 0;
};

class RecordingReader {
 public:
  /// Opens the file and reads its header.
  RecordingReader(std::string file, RecordingFormat format);

  /// The next observation, or nothing at the end.
  std::optional<Observation> next();

  const std::string& file() const { return file_; }
  /// The share of the file that has been read, from 0 to 1.
  double progress() const { return size_ > 0 ? static_cast<double>(bytes_read_) / static_cast<double>(size_) : 1.0; }

 private:
  std::optional<std::string_view> next_line();

  std::string file_;
  RecordingFormat format_;
  std::ifstream stream_;
  std::vector<char> buffer_;
  std::uintmax_t size_ = 0, bytes_read_ = 0;
  int line_ = 0;
  std::string_view text_;       ///< of the line, in the buffer
  bool first_is_data_ = false;  ///< the first line, read to tell the format, is still to be parsed
  double latest_;
  std::string latest_text_;
  std::unique_ptr<RecordParser> parser_;
};

}  // namespace jko
