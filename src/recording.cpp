#include "src/recording.hpp"

#include <spdlog/fmt/fmt.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "src/error.hpp"
#include "src/recording_formats.hpp"

namespace jko {
namespace {

constexpr std::size_t kLongestLine = 64 * 1024;

bool blank(std::string_view line) { return line.find_first_not_of(" \t") == std::string_view::npos; }

bool looks_like_json_lines(const std::string& file, std::string_view first_line) {
  const std::string extension = std::filesystem::path(file).extension().string();
  if (extension == ".csv") return false;
  if (extension == ".jsonl" || extension == ".ndjson" || extension == ".json") return true;
  return first_line[first_line.find_first_not_of(" \t")] == '{';
}

}  // namespace

RecordingReader::RecordingReader(std::string file, RecordingFormat format)
    : file_(std::move(file)), format_(std::move(format)), buffer_(kLongestLine + 1), latest_(format_.earliest) {
  if (std::filesystem::is_directory(file_)) throw InputError(file_, 0, "", "is a directory, expected a recording");
  stream_.open(file_, std::ios::binary);
  if (!stream_) throw InputError(file_, 0, "", std::string("cannot be read: ") + std::strerror(errno));
  std::error_code unknown_size;
  size_ = std::filesystem::file_size(file_, unknown_size);
  if (unknown_size) size_ = 0;

  const auto first = next_line();
  if (!first)
    throw InputError(file_, 0, "", "is empty, expected a header 't,y' or lines like {\"t\": 0.5, \"y\": [1.2]}");
  if (looks_like_json_lines(file_, *first)) {
    parser_ = json_lines_parser(file_, format_);
    first_is_data_ = true;
  } else {
    parser_ = csv_parser(file_, line_, *first, format_);
  }
}

std::optional<std::string_view> RecordingReader::next_line() {
  if (std::exchange(first_is_data_, false)) return text_;
  while (stream_.getline(buffer_.data(), static_cast<std::streamsize>(buffer_.size()))) {
    ++line_;
    bytes_read_ += static_cast<std::uintmax_t>(stream_.gcount());
    const auto length = static_cast<std::size_t>(stream_.gcount()) - (stream_.eof() ? 0 : 1);  // less the newline
    text_ = std::string_view(buffer_.data(), length);
    if (line_ == 1 && text_.substr(0, 3) == "\xEF\xBB\xBF") text_.remove_prefix(3);  // byte order mark
    if (!text_.empty() && text_.back() == '\r') text_.remove_suffix(1);
    if (!blank(text_)) return text_;
  }
  if (stream_.bad()) throw InputError(file_, line_ + 1, "", "cannot be read any further");
  if (!stream_.eof()) throw InputError(file_, line_ + 1, "", "the line is longer than 64 KiB");
  return std::nullopt;
}

std::optional<Observation> RecordingReader::next() {
  const auto line = next_line();
  if (!line) return std::nullopt;
  RecordParser::Record record = parser_->parse(*line, line_);

  const auto time = format_.time_axis.read(record.time);
  if (!time) {
    throw InputError(file_, line_, "t",
                     fmt::format("expected a finite number or an ISO-8601 time, found '{:.40}'", record.time));
  }
  if (*time < latest_) {
    throw InputError(file_, line_, "t",
                     latest_text_.empty()
                         ? fmt::format("time {} is before the initial law's, {}", record.time, format_.earliest)
                         : fmt::format("time goes back from {} to {}", latest_text_, record.time));
  }
  latest_ = *time;
  latest_text_ = record.time;
  return Observation{*time, std::move(record.value), line_};
}

}  // namespace jko
