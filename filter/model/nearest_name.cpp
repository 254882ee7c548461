#include "filter/model/nearest_name.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace jko {
namespace {

/// Damerau's distance in its "optimal string alignment" form: letters inserted, deleted, changed, or two neighbours
/// swapped. A change of case alone costs nothing.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  const auto same = [](char u, char v) {
    return std::tolower(static_cast<unsigned char>(u)) == std::tolower(static_cast<unsigned char>(v));
  };
  std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = last[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
      row[j] = std::min({changed, last[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = row;
  }
  return last.back();
}

}  // namespace

std::string nearest_name(const std::string& name, const std::vector<std::string>& candidates) {
  constexpr std::size_t kLongestName = 64;  // nothing longer is a slip of the keyboard
  if (name.size() > kLongestName) return "";
  std::string nearest;
  std::size_t smallest = std::max<std::size_t>(2, name.size() / 2 + 1);  // more than half wrong is another word
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < std::min(smallest, std::max(name.size(), candidate.size()))) {
      smallest = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace jko
