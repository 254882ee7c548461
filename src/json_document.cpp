#include "src/json_document.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "src/error.hpp"

namespace jko {
namespace {

using nlohmann::json;

constexpr std::size_t kDeepestNesting = 64;
constexpr std::streamsize kLargestFile = 1 << 20;

/// Where the parser is. A newline counts once the character after it is read, because the parser looks one character
/// ahead of a number.
struct Position {
  int line;
  char last = '\0';
};

/// An iterator over the text that tells the position what the parser has consumed.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, Position* position) : at_(at), position_(position) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    if (position_->last == '\n') ++position_->line;
    position_->last = *at_++;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  Position* position_;
};

/// Builds the tree from the parser's events and notes the line of each value.
class TreeBuilder final : public nlohmann::json_sax<json> {
 public:
  TreeBuilder(const Position& position, json& root, std::unordered_map<std::string, int>& lines)
      : position_(position), root_(root), lines_(lines) {}

  const std::string& error() const { return error_; }
  std::string error_key() const { return error_key_.empty() ? "JSON" : error_key_; }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(value); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    key_ = name;
    if (!open_.back().node->contains(name)) return true;
    error_key_ = path_of_next();
    error_ = "the key is there twice";
    return false;
  }

  bool parse_error(std::size_t, const std::string&, const json::exception& exception) override {
    // "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error while …": keep what follows.
    error_ = exception.what();
    if (const auto place = error_.find("] "); place != std::string::npos) error_.erase(0, place + 2);
    if (error_.rfind("parse error at line", 0) == 0) {
      if (const auto colon = error_.find(": "); colon != std::string::npos) error_.erase(0, colon + 2);
    }
    return false;
  }

 private:
  struct Open {
    json* node;
    std::string path;
  };

  std::string path_of_next() const {
    if (open_.empty()) return "";
    const Open& parent = open_.back();
    if (parent.node->is_array()) return parent.path + "[" + std::to_string(parent.node->size()) + "]";
    return parent.path.empty() ? key_ : parent.path + "." + key_;
  }

  json* place(json value) {
    lines_.emplace(path_of_next(), position_.line);
    if (open_.empty()) return &(root_ = std::move(value));
    json& parent = *open_.back().node;
    if (!parent.is_array()) return &(parent[key_] = std::move(value));
    parent.push_back(std::move(value));
    return &parent.back();
  }

  bool put(json value) {
    place(std::move(value));
    return true;
  }

  bool open(json value) {
    if (open_.size() == kDeepestNesting) {
      error_ = "nested deeper than " + std::to_string(kDeepestNesting) + " brackets";
      return false;
    }
    std::string path = path_of_next();
    json* node = place(std::move(value));
    open_.push_back({node, std::move(path)});
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  const Position& position_;
  json& root_;
  std::unordered_map<std::string, int>& lines_;
  std::vector<Open> open_;
  std::string key_, error_, error_key_;
};

}  // namespace

JsonDocument JsonDocument::parse(std::string_view text, const std::string& file, int first_line) {
  JsonDocument document;
  document.file_ = file;
  Position position{first_line};
  TreeBuilder builder(position, document.root_, document.lines_);
  const CountingIterator begin(text.data(), &position), end(text.data() + text.size(), &position);
  if (!json::sax_parse(begin, end, &builder, json::input_format_t::json, /*strict=*/true, /*ignore_comments=*/true)) {
    throw InputError(file, position.line, builder.error_key(), builder.error());
  }
  return document;
}

JsonDocument JsonDocument::load(const std::string& file) {
  if (std::filesystem::is_directory(file)) throw InputError(file, 0, "", "is a directory, expected a JSON file");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw InputError(file, 0, "", std::string("cannot be read: ") + std::strerror(errno));
  std::string text(kLargestFile + 1, '\0');
  stream.read(text.data(), kLargestFile + 1);
  if (stream.gcount() > kLargestFile) throw InputError(file, 0, "", "is larger than 1 MiB, which no config is");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.empty()) throw InputError(file, 0, "", "is empty, expected a JSON object");
  return parse(text, file);
}

int JsonDocument::line(const std::string& path) const {
  const auto found = lines_.find(path);
  return found == lines_.end() ? 0 : found->second;
}

}  // namespace jko
