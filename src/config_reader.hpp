#pragma once
/// One object of a config, read key by key. What is read is what is allowed: a key that nobody asked for is an error
/// that names the nearest one that somebody did.
///
///     ConfigReader filter = root.section_or_empty("filter");
///     options.nodes = filter.integer("nodes", 8, 1'000'000, 1000);     // optional: it has a default
///     options.step = filter.number("tau", Range::positive());          // required: it has none
///     filter.finish();                                                 // throws InputError if a key was left unread
///
/// Every complaint is an InputError with the file, the line and the key's full path.

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "jko/types.hpp"
#include "src/error.hpp"
#include "src/json_document.hpp"

namespace jko {

/// The numbers that a key may have, and how to say so.
struct Range {
  double low, high;
  std::string expectation;

  static Range any() { return {-1e12, 1e12, "a finite number"}; }
  static Range positive() { return {1e-12, 1e12, "a positive number"}; }
  static Range between(double low, double high);
};

class ConfigReader {
 public:
  /// The document's root, which must be an object. The document must outlive the reader.
  explicit ConfigReader(const JsonDocument& document);

  /// Whether the key is there; asking allows it.
  bool has(const std::string& key) const;

  /// An object under this one: required, or empty where it is missing.
  ConfigReader section(const std::string& key) const;
  ConfigReader section_or_empty(const std::string& key) const;
  /// A non-empty array of at most `most` objects.
  std::vector<ConfigReader> sections(const std::string& key, std::size_t most) const;

  double number(const std::string& key, const Range& range, std::optional<double> fallback = {}) const;
  Index integer(const std::string& key, Index low, Index high, std::optional<Index> fallback = {}) const;
  std::string text(const std::string& key, std::optional<std::string> fallback = {}) const;
  /// A text that is one of `names`.
  std::string choice(const std::string& key, const std::vector<std::string>& names,
                     std::optional<std::string> fallback = {}) const;

  /// A non-empty array of at most `most` texts or integers; a single one needs no brackets.
  std::vector<std::string> texts(const std::string& key, std::size_t most) const;
  std::vector<Index> integers(const std::string& key, Index low, Index high, std::size_t most) const;

  /// `size` numbers; where size is 1, a number without brackets will do.
  Vector vector(const std::string& key, Index size) const;
  /// `size` numbers in range; a number without brackets stands for all of them.
  Vector each(const std::string& key, Index size, const Range& range, std::optional<double> fallback = {}) const;
  /// A matrix as an array of rows. Where it is 1 x 1, a number without brackets will do. `rows` may be left open.
  Matrix matrix(const std::string& key, std::optional<Index> rows, Index cols) const;

  /// Calls build(), and turns what it throws as std::invalid_argument into an InputError at this object's `key`.
  template <class Build>
  auto build(const std::string& key, Build build) const {
    try {
      return build();
    } catch (const std::invalid_argument& error) {
      fail(key, error.what());
    }
  }

  /// Throws if a key is left that nobody asked for.
  void finish() const;

  [[noreturn]] void fail(const std::string& key, const std::string& message, const std::string& suggestion = "") const;

 private:
  using Json = nlohmann::json;

  ConfigReader(const JsonDocument& document, const Json& node, std::string path);

  const Json* find(const std::string& key) const;     // null if missing
  const Json& require(const std::string& key) const;  // throws if missing
  std::string path_of(const std::string& key) const;
  std::string unread_neighbour(const std::string& key) const;
  double number_in(const std::string& key, const Json& value, const Range& range) const;
  Index integer_in(const std::string& key, const Json& value, Index low, Index high) const;
  std::string text_in(const std::string& key, const Json& value) const;
  template <class Read>
  auto list_of(const std::string& key, std::size_t most, const std::string& of, Read read) const;

  const JsonDocument* document_;
  const Json* node_;
  std::string path_;
  mutable std::vector<std::string> asked_;
};

}  // namespace jko
