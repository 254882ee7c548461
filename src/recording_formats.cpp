#include "src/recording_formats.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <boost/tokenizer.hpp>

#include "filter/model/nearest_name.hpp"
#include "src/error.hpp"
#include "src/json_document.hpp"

namespace jko {
namespace {

std::vector<std::string> split_cells(std::string_view line) {
  using Separator = boost::escaped_list_separator<char>;
  const boost::tokenizer<Separator, std::string_view::const_iterator> cells(line.begin(), line.end(),
                                                                            Separator("", ",", "\""));
  std::vector<std::string> trimmed;
  for (const std::string& cell : cells) {
    const auto begin = cell.find_first_not_of(" \t");
    const auto end = cell.find_last_not_of(" \t");
    trimmed.push_back(begin == std::string::npos ? "" : cell.substr(begin, end - begin + 1));
  }
  return trimmed;
}

class CsvParser final : public RecordParser {
 public:
  CsvParser(std::string file, int line, std::string_view header, const RecordingFormat& format)
      : file_(std::move(file)), header_(split_cells(header)) {
    for (std::size_t i = 0; i < header_.size(); ++i) {
      if (std::count(header_.begin(), header_.end(), header_[i]) > 1) {
        throw InputError(file_, line, header_[i], "the header has this column twice");
      }
      const bool is_time = header_[i] == "t" || header_[i] == "time";
      if (is_time && time_column_) throw InputError(file_, line, header_[i], "the header has two columns of times");
      if (is_time) time_column_ = i;
    }
    if (!time_column_ && format.timed) {
      throw InputError(file_, line, "t",
                       fmt::format("the header '{:.60}' has no such column, expected one like 't,y'", header));
    }
    if (format.columns.empty()) {
      take_all_columns(line, format.dimension);
    } else {
      for (const std::string& name : format.columns) take_column(line, name);
    }
  }

  Record parse(std::string_view line, int number) const override {
    std::vector<std::string> cells = split_cells(line);
    if (cells.size() != header_.size()) {
      throw InputError(file_, number, "",
                       fmt::format("expected {} cells as in the header, found {}", header_.size(), cells.size()));
    }
    Record record{time_column_ ? std::move(cells[*time_column_]) : "", Vector(static_cast<Index>(columns_.size()))};
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      record.value[static_cast<Index>(i)] = value_of(cells[columns_[i]], number, header_[columns_[i]]);
    }
    return record;
  }

 private:
  void take_all_columns(int line, Index dimension) {
    for (std::size_t i = 0; i < header_.size(); ++i) {
      if (i != time_column_) columns_.push_back(i);
    }
    if (static_cast<Index>(columns_.size()) != dimension) {
      throw InputError(file_, line, "",
                       fmt::format("the header has {} columns besides the time, expected {}: name those to be read in "
                                   "the config's observation.columns",
                                   columns_.size(), dimension));
    }
  }

  void take_column(int line, const std::string& name) {
    const auto found = std::find(header_.begin(), header_.end(), name);
    if (found == header_.end()) {
      throw InputError(file_, line, name, "the header has no such column", nearest_name(name, header_));
    }
    columns_.push_back(static_cast<std::size_t>(found - header_.begin()));
  }

  double value_of(const std::string& cell, int line, const std::string& column) const {
    if (cell.empty()) return kMissing;
    const auto number = parse_number(cell);
    if (number) return *number;
    throw InputError(file_, line, column,
                     fmt::format("expected a finite number, or nothing where it is missing, found '{:.40}'", cell));
  }

  std::string file_;
  std::vector<std::string> header_;
  std::optional<std::size_t> time_column_;
  std::vector<std::size_t> columns_;
};

class JsonLinesParser final : public RecordParser {
 public:
  JsonLinesParser(std::string file, const RecordingFormat& format)
      : file_(std::move(file)), columns_(format.columns), dimension_(format.dimension), timed_(format.timed) {}

  Record parse(std::string_view line, int number) const override {
    const JsonDocument document = JsonDocument::parse(line, file_, number);
    if (!document.root().is_object())
      throw InputError(file_, number, "JSON", "expected an object {\"t\": …, \"y\": […]}");
    return {time_of(document.root(), number), values_of(document.root(), number)};
  }

 private:
  using Json = nlohmann::json;

  std::string time_of(const Json& object, int line) const {
    const auto time = object.contains("t") ? object.find("t") : object.find("time");
    if (time == object.end() && !timed_) return "";
    if (time == object.end()) throw InputError(file_, line, "t", "this key is missing");
    return time->is_string() ? time->get<std::string>() : time->dump();
  }

  Vector values_of(const Json& object, int line) const {
    // "y" is an array, or a bare number; "y0", "y1", … are its entries by name.
    const Json array =
        object.contains("y") ? (object["y"].is_array() ? object["y"] : Json::array({object["y"]})) : Json();
    Vector values(dimension_);
    if (columns_.empty() || (array.is_array() && refers_to_array(array.size()))) {
      if (!array.is_array()) throw InputError(file_, line, "y", "this key is missing");
      if (static_cast<Index>(array.size()) != dimension_) {
        throw InputError(file_, line, "y", fmt::format("expected {} values, found {}", dimension_, array.size()));
      }
      for (Index i = 0; i < dimension_; ++i) values[i] = value_of(array[static_cast<std::size_t>(i)], line, "y");
      return values;
    }
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const auto found = object.find(columns_[i]);
      if (found == object.end()) {
        std::vector<std::string> keys;
        for (const auto& item : object.items()) keys.push_back(item.key());
        throw InputError(file_, line, columns_[i], "this key is missing", nearest_name(columns_[i], keys));
      }
      values[static_cast<Index>(i)] = value_of(*found, line, columns_[i]);
    }
    return values;
  }

  /// Whether the config's columns are the names that an array "y" of this size goes by.
  bool refers_to_array(std::size_t size) const {
    if (size == 1 && columns_ == std::vector<std::string>{"y"}) return true;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i] != fmt::format("y{}", i)) return false;
    }
    return true;
  }

  double value_of(const Json& value, int line, const std::string& key) const {
    if (value.is_null()) return kMissing;
    if (value.is_number()) return value.get<double>();
    throw InputError(
        file_, line, key,
        fmt::format("expected a number or null, found {}", value.is_string() ? "a text" : value.type_name()));
  }

  std::string file_;
  std::vector<std::string> columns_;
  Index dimension_;
  bool timed_;
};

}  // namespace

std::unique_ptr<RecordParser> csv_parser(const std::string& file, int line, std::string_view header,
                                         const RecordingFormat& format) {
  return std::make_unique<CsvParser>(file, line, header, format);
}

std::unique_ptr<RecordParser> json_lines_parser(const std::string& file, const RecordingFormat& format) {
  return std::make_unique<JsonLinesParser>(file, format);
}

}  // namespace jko
