#include "src/points_file.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <ostream>
#include <utility>

#include "src/error.hpp"
#include "src/timestamp.hpp"

namespace jko {
namespace {

constexpr std::size_t kLongestPoint = 64 * 1024;
constexpr const char* kCellBlanks = " \t\r";

std::string_view trimmed_cell(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kCellBlanks);
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(kCellBlanks) - first + 1);
}

}  // namespace

PointsReader::PointsReader(std::string file, Index dimension)
    : file_(std::move(file)), dimension_(dimension), buffer_(kLongestPoint + 1) {
  if (std::filesystem::is_directory(file_)) throw InputError(file_, 0, "", "is a directory, expected points (CSV)");
  stream_.open(file_, std::ios::binary);
  if (!stream_) throw InputError(file_, 0, "", std::string("cannot be read: ") + std::strerror(errno));
  if (!read_line()) throw InputError(file_, 0, "", fmt::format("is empty, expected lines of {} numbers", dimension_));
  const auto first = numbers();
  waiting_ = std::any_of(first.begin(), first.end(), [](const auto& number) { return number.has_value(); });
  if (waiting_ || static_cast<Index>(first.size()) == dimension_) return;
  throw InputError(file_, line_, "", fmt::format("expected {} columns, the header has {}", dimension_, first.size()));
}

bool PointsReader::read_line() {
  while (stream_.getline(buffer_.data(), static_cast<std::streamsize>(buffer_.size()))) {
    ++line_;
    const auto length = static_cast<std::size_t>(stream_.gcount()) - (stream_.eof() ? 0 : 1);  // less the newline
    text_ = std::string_view(buffer_.data(), length);
    if (line_ == 1 && text_.substr(0, 3) == "\xEF\xBB\xBF") text_.remove_prefix(3);  // byte order mark
    text_ = trimmed_cell(text_);
    if (!text_.empty()) return true;
  }
  if (stream_.bad()) throw InputError(file_, line_ + 1, "", "cannot be read any further");
  if (!stream_.eof()) throw InputError(file_, line_ + 1, "", "the line is longer than 64 KiB");
  return false;
}

std::vector<std::optional<double>> PointsReader::numbers() const {
  std::vector<std::optional<double>> numbers;
  for (std::size_t begin = 0; begin <= text_.size();) {
    const std::size_t end = std::min(text_.find(',', begin), text_.size());
    numbers.push_back(parse_number(trimmed_cell(text_.substr(begin, end - begin))));
    begin = end + 1;
  }
  return numbers;
}

Points PointsReader::next(Index most) {
  std::vector<double> values;  // row by row
  Index count = 0;
  for (; count < most && (std::exchange(waiting_, false) || read_line()); ++count) {
    const auto row = numbers();
    if (static_cast<Index>(row.size()) != dimension_) {
      throw InputError(file_, line_, "", fmt::format("expected {} numbers, found {} cells", dimension_, row.size()));
    }
    for (std::size_t k = 0; k < row.size(); ++k) {
      if (!row[k]) throw InputError(file_, line_, fmt::format("column {}", k + 1), "expected a finite number");
      values.push_back(*row[k]);
    }
  }
  using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const Rows>(values.data(), count, dimension_);
}

std::string point_names(Index dimension) {
  std::string names = "x0";
  for (Index k = 1; k < dimension; ++k) names += fmt::format(",x{}", k);
  return names;
}

void write_points(std::ostream& out, PointsView points, const Vector& values) {
  fmt::memory_buffer line;
  for (Index i = 0; i < points.rows(); ++i) {
    line.clear();
    for (Index k = 0; k < points.cols(); ++k) {
      fmt::format_to(std::back_inserter(line), k > 0 ? ",{}" : "{}", points(i, k));
    }
    if (values.size() > 0) fmt::format_to(std::back_inserter(line), ",{}", values(i));
    line.push_back('\n');
    out.write(line.data(), static_cast<std::streamsize>(line.size()));
  }
}

}  // namespace jko
