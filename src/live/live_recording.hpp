#pragma once
/// Recordings of live runs: JSON Lines, a header and a line for each observation that was filtered or gated, with every
/// decision that the clock took. docs/live.md describes the form.
///
///     RecordingWriter writer(file, header);           // or RecordingWriter(file, good_bytes) to go on
///     writer.write(to_json(observation));
///
///     RecordingLines lines(file);
///     while (auto entry = lines.next()) { … }
///     if (lines.torn()) warn(…);                      // a crash cut the last line short

#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "src/live/live_options.hpp"
#include "src/live/moves.hpp"
#include "src/live/verdict.hpp"
#include "src/patient_file.hpp"

namespace jko {

struct RecordingHeader {
  std::string version, config_file, config, method;
  std::uint64_t seed = 0;
  int threads = 1;
  double lag = 0.0;
  Index kept = 256;
  LiveSettings settings;
  std::string state;  ///< checkpoint that the run started from, in hexadecimal digits; empty: from the initial law
};

/// One posterior that came of it.
struct RecordedPosterior {
  Rung rung = Rung::full;
  Moves moves;
};

struct RecordedObservation {
  Index sequence = 0;
  Verdict verdict = Verdict::accepted;  ///< or rewound, or gated
  Index index = 0;
  double time = 0.0;
  Vector value;
  double arrived = 0.0;
  std::string source;
  Index waiting = 0;
  std::vector<RecordedPosterior> filtered;  ///< its own first, then those that it revised
};

struct RecordedReload {
  Index sequence = 0;
  std::string config;
  LiveSettings settings;
};

struct RecordedEntry {
  std::optional<RecordedObservation> observation;
  std::optional<RecordedReload> reload;  ///< if it is none
};

nlohmann::ordered_json to_json(const Moves& moves);
nlohmann::ordered_json to_json(const RecordingHeader& header);
nlohmann::ordered_json to_json(const RecordedObservation& observation);
nlohmann::ordered_json to_json(const RecordedReload& reload);

/// Throws InputError at `line` of `file`.
Moves moves_from(const nlohmann::json& json_moves, const std::string& file, int line);
RecordingHeader parse_header(std::string_view text, const std::string& file);
RecordedEntry parse_entry(std::string_view text, const std::string& file, int line);

/// Writes a recording, a PatientFile.
class RecordingWriter {
 public:
  /// A new file, which must not exist: throws InputError.
  RecordingWriter(const std::string& file, const RecordingHeader& header);
  /// Goes on after the first `good_bytes` of a file; what comes after them is cut off.
  RecordingWriter(const std::string& file, std::uintmax_t good_bytes);

  /// "" or why lines are waiting. Throws std::runtime_error when more are than memory should hold.
  std::string write(const nlohmann::ordered_json& line);
  /// Tries again to write what waits. Returns "", or why it waits still.
  std::string flush() { return file_.flush(); }

 private:
  PatientFile file_;
};

class RecordingLines {
 public:
  /// Reads the header.
  explicit RecordingLines(const std::string& file);

  const RecordingHeader& header() const { return header_; }
  /// The next entry; nothing at the end or at a torn last line.
  std::optional<RecordedEntry> next();
  bool torn() const { return torn_; }
  std::uintmax_t good_bytes() const { return good_bytes_; }  ///< that make whole lines
  int line() const { return line_; }
  /// The share of the file that has been read, from 0 to 1.
  double progress() const { return size_ > 0 ? static_cast<double>(good_bytes_) / static_cast<double>(size_) : 1.0; }

 private:
  bool read_line();

  std::string file_;
  std::ifstream stream_;
  RecordingHeader header_;
  std::string text_;
  bool whole_ = false;  ///< the line has an end
  int line_ = 0;
  std::uintmax_t good_bytes_ = 0, size_ = 0;
  bool torn_ = false;
};

}  // namespace jko
