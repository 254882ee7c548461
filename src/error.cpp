#include "src/error.hpp"

namespace jko {
namespace {

constexpr std::size_t kLongestMessage = 1000;

/// One line of bounded length, whatever the offending file has put into it.
std::string one_line(std::string text) {
  std::string line;
  for (const char c : text) {
    const bool blank = static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
    if (!blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (line.size() > kLongestMessage) line = line.substr(0, kLongestMessage) + " …";
  return line;
}

std::string compose(const std::string& file, int line, const std::string& key, const std::string& message,
                    const std::string& suggestion) {
  std::string text = file;
  if (line > 0) text += ":" + std::to_string(line);
  text += ": ";
  if (!key.empty()) text += key + ": ";
  text += message;
  if (!suggestion.empty()) text += " (did you mean '" + suggestion + "'?)";
  return one_line(std::move(text));
}

}  // namespace

InputError::InputError(const std::string& file, int line, const std::string& key, const std::string& message,
                       const std::string& suggestion)
    : std::runtime_error(compose(file, line, key, message, suggestion)) {}

}  // namespace jko
