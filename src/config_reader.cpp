#include "src/config_reader.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "filter/model/nearest_name.hpp"

namespace jko {
namespace {

/// A value as it is quoted in a message.
std::string shown(const nlohmann::json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return fmt::format("an array of {}", value.size());
  std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 60) + "…";
  return text;
}

/// "a, b or c"
std::string enumerate(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return text;
}

}  // namespace

Range Range::between(double low, double high) { return {low, high, fmt::format("a number from {} to {}", low, high)}; }

ConfigReader::ConfigReader(const JsonDocument& document) : ConfigReader(document, document.root(), "") {
  if (!node_->is_object()) throw InputError(document.file(), 1, "JSON", "expected an object, found " + shown(*node_));
}

ConfigReader::ConfigReader(const JsonDocument& document, const Json& node, std::string path)
    : document_(&document), node_(&node), path_(std::move(path)) {}

std::string ConfigReader::path_of(const std::string& key) const {
  if (key.empty()) return path_;
  return path_.empty() ? key : path_ + "." + key;
}

void ConfigReader::fail(const std::string& key, const std::string& message, const std::string& suggestion) const {
  int line = document_->line(path_of(key));
  if (line == 0) line = document_->line(path_);
  throw InputError(document_->file(), line, path_of(key), message, suggestion);
}

const nlohmann::json* ConfigReader::find(const std::string& key) const {
  if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) asked_.push_back(key);
  const auto found = node_->find(key);
  return found == node_->end() ? nullptr : &*found;
}

bool ConfigReader::has(const std::string& key) const { return find(key) != nullptr; }

const nlohmann::json& ConfigReader::require(const std::string& key) const {
  const Json* value = find(key);
  if (value) return *value;
  // More often than not, a missing key is there under a mistyped name.
  const std::string mistyped = unread_neighbour(key);
  if (!mistyped.empty()) fail(mistyped, "unknown key", key);
  fail(key, "this key is missing");
}

std::string ConfigReader::unread_neighbour(const std::string& key) const {
  std::vector<std::string> unread;
  for (const auto& item : node_->items()) {
    if (std::find(asked_.begin(), asked_.end(), item.key()) == asked_.end()) unread.push_back(item.key());
  }
  return key.size() < 3 ? "" : nearest_name(key, unread);
}

void ConfigReader::finish() const {
  for (const auto& item : node_->items()) {
    if (std::find(asked_.begin(), asked_.end(), item.key()) != asked_.end()) continue;
    const std::string nearest = nearest_name(item.key(), asked_);
    fail(item.key(), nearest.empty() ? "unknown key, expected " + enumerate(asked_) : "unknown key", nearest);
  }
}

ConfigReader ConfigReader::section(const std::string& key) const {
  const Json& value = require(key);
  if (!value.is_object()) fail(key, "expected an object, found " + shown(value));
  return ConfigReader(*document_, value, path_of(key));
}

ConfigReader ConfigReader::section_or_empty(const std::string& key) const {
  static const Json kEmpty = Json::object();
  return has(key) ? section(key) : ConfigReader(*document_, kEmpty, path_of(key));
}

/// Reads a non-empty array item by item; what is not an array is read as its only item.
template <class Read>
auto ConfigReader::list_of(const std::string& key, std::size_t most, const std::string& of, Read read) const {
  const Json& value = require(key);
  std::vector<decltype(read(key, value))> items;
  if (!value.is_array()) {
    items.push_back(read(key, value));
    return items;
  }
  if (value.empty() || value.size() > most) {
    fail(key, fmt::format("expected an array of 1 to {} {}, found {}", most, of, shown(value)));
  }
  for (std::size_t i = 0; i < value.size(); ++i) items.push_back(read(fmt::format("{}[{}]", key, i), value[i]));
  return items;
}

std::vector<ConfigReader> ConfigReader::sections(const std::string& key, std::size_t most) const {
  return list_of(key, most, "objects", [this](const std::string& item, const Json& value) {
    if (!value.is_object()) fail(item, "expected an object, found " + shown(value));
    return ConfigReader(*document_, value, path_of(item));
  });
}

double ConfigReader::number_in(const std::string& key, const Json& value, const Range& range) const {
  const double number = value.is_number() ? value.get<double>() : range.high + 1.0;
  if (!value.is_number() || !(number >= range.low && number <= range.high)) {
    fail(key, "expected " + range.expectation + ", found " + shown(value));
  }
  return number;
}

Index ConfigReader::integer_in(const std::string& key, const Json& value, Index low, Index high) const {
  const bool whole = value.is_number_integer() && value.get<double>() >= static_cast<double>(low) &&
                     value.get<double>() <= static_cast<double>(high);
  if (!whole) fail(key, fmt::format("expected an integer from {} to {}, found {}", low, high, shown(value)));
  return value.get<Index>();
}

std::string ConfigReader::text_in(const std::string& key, const Json& value) const {
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
    fail(key, "expected a text, found " + shown(value));
  }
  return value.get<std::string>();
}

double ConfigReader::number(const std::string& key, const Range& range, std::optional<double> fallback) const {
  if (fallback && !has(key)) return *fallback;
  return number_in(key, require(key), range);
}

Index ConfigReader::integer(const std::string& key, Index low, Index high, std::optional<Index> fallback) const {
  if (fallback && !has(key)) return *fallback;
  return integer_in(key, require(key), low, high);
}

std::string ConfigReader::text(const std::string& key, std::optional<std::string> fallback) const {
  if (fallback && !has(key)) return *fallback;
  return text_in(key, require(key));
}

std::string ConfigReader::choice(const std::string& key, const std::vector<std::string>& names,
                                 std::optional<std::string> fallback) const {
  const std::string name = text(key, std::move(fallback));
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    fail(key, fmt::format("expected {}, found '{}'", enumerate(names), name), nearest_name(name, names));
  }
  return name;
}

std::vector<std::string> ConfigReader::texts(const std::string& key, std::size_t most) const {
  return list_of(key, most, "texts",
                 [this](const std::string& item, const Json& value) { return text_in(item, value); });
}

std::vector<Index> ConfigReader::integers(const std::string& key, Index low, Index high, std::size_t most) const {
  return list_of(key, most, "integers",
                 [&, this](const std::string& item, const Json& value) { return integer_in(item, value, low, high); });
}

Vector ConfigReader::each(const std::string& key, Index size, const Range& range,
                          std::optional<double> fallback) const {
  if (fallback && !has(key)) return Vector::Constant(size, *fallback);
  const Json& value = require(key);
  if (value.is_number()) return Vector::Constant(size, number_in(key, value, range));
  Vector vector = this->vector(key, size);
  for (Index i = 0; i < size; ++i) number_in(fmt::format("{}[{}]", key, i), value[i], range);
  return vector;
}

Vector ConfigReader::vector(const std::string& key, Index size) const {
  const Json& value = require(key);
  if (size == 1 && value.is_number()) return Vector::Constant(1, number_in(key, value, Range::any()));
  if (!value.is_array() || static_cast<Index>(value.size()) != size) {
    fail(key, fmt::format("expected an array of {} number{}, found {}", size, size == 1 ? "" : "s", shown(value)));
  }
  Vector vector(size);
  for (Index i = 0; i < size; ++i) vector[i] = number_in(fmt::format("{}[{}]", key, i), value[i], Range::any());
  return vector;
}

Matrix ConfigReader::matrix(const std::string& key, std::optional<Index> rows, Index cols) const {
  constexpr Index kMostRows = 64;
  const Json& value = require(key);
  if (rows.value_or(1) == 1 && cols == 1 && value.is_number()) {
    return Matrix::Constant(1, 1, number_in(key, value, Range::any()));
  }
  const Index found = value.is_array() ? static_cast<Index>(value.size()) : 0;
  if (rows ? found != *rows : (found < 1 || found > kMostRows)) {
    const std::string count = rows ? std::to_string(*rows) : fmt::format("1 to {}", kMostRows);
    fail(key, fmt::format("expected an array of {} rows of {} numbers, found {}", count, cols, shown(value)));
  }
  Matrix matrix(found, cols);
  for (Index i = 0; i < found; ++i) {
    const std::string row = fmt::format("{}[{}]", key, i);
    if (!value[i].is_array() || static_cast<Index>(value[i].size()) != cols) {
      fail(row, fmt::format("expected a row of {} number{}, found {}", cols, cols == 1 ? "" : "s", shown(value[i])));
    }
    for (Index j = 0; j < cols; ++j) {
      matrix(i, j) = number_in(fmt::format("{}[{}]", row, j), value[i][j], Range::any());
    }
  }
  return matrix;
}

}  // namespace jko
