#pragma once
/// The two ways to write a recording. To add one: derive from RecordParser here and choose it in RecordingReader.

#include <memory>
#include <string>
#include <string_view>

#include "src/recording.hpp"

namespace jko {

/// Comma-separated values; `header` is the first line.
std::unique_ptr<RecordParser> csv_parser(const std::string& file, int line, std::string_view header,
                                         const RecordingFormat& format);

/// One JSON object a line.
std::unique_ptr<RecordParser> json_lines_parser(const std::string& file, const RecordingFormat& format);

}  // namespace jko
