#pragma once
/// JSON from outside, read with suspicion: bounded depth, no duplicate keys, and the line of every value remembered so
/// that a complaint can name it. Comments (// and /* */) are allowed.
///
///     JsonDocument document = JsonDocument::parse(text, "model.json");
///     document.root()["state"]["dimension"];
///     document.line("state.dimension");  // 3

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>

namespace jko {

class JsonDocument {
 public:
  /// Throws InputError with `file` and the line if the text is not JSON or is nested too deeply. Lines count from
  /// `first_line`.
  static JsonDocument parse(std::string_view text, const std::string& file, int first_line = 1);

  /// The same for a whole file, which must exist and be of reasonable size.
  static JsonDocument load(const std::string& file);

  const nlohmann::json& root() const { return root_; }
  const std::string& file() const { return file_; }

  /// The line of the value at `path` ("potential.components[1].mean"; "" is the root).
  int line(const std::string& path) const;

 private:
  std::string file_;
  nlohmann::json root_;
  std::unordered_map<std::string, int> lines_;
};

}  // namespace jko
