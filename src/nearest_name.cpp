#include "src/nearest_name.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace jko {
namespace {

/// Levenshtein distance where a change of case alone costs nothing.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  const auto same = [](char u, char v) {
    return std::tolower(static_cast<unsigned char>(u)) == std::tolower(static_cast<unsigned char>(v));
  };
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (same(a[i - 1], b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest_name(const std::string& name, const std::vector<std::string>& names) {
  constexpr std::size_t kLongestName = 64;  // nothing longer is a slip of the keyboard
  if (name.size() > kLongestName) return "";
  std::string nearest;
  std::size_t shortest = std::max<std::size_t>(1, (name.size() + 1) / 2);  // more than half wrong: another word
  for (const std::string& candidate : names) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < std::min(shortest, std::max(name.size(), candidate.size()))) {
      shortest = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string enumerate(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return text;
}

}  // namespace jko
