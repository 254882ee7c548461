#include "src/figures.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace jko {

double percentile(std::vector<double> values, double level) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  const double at = level * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  const double share = at - static_cast<double>(below);
  return (1.0 - share) * values[below] + share * values[above];
}

double maximum(const std::vector<double>& values) {
  return values.empty() ? std::numeric_limits<double>::quiet_NaN() : *std::max_element(values.begin(), values.end());
}

std::string with_commas(Index number) {
  std::string text = std::to_string(number);
  for (auto place = static_cast<std::ptrdiff_t>(text.size()) - 3; place > 0; place -= 3) {
    text.insert(static_cast<std::size_t>(place), ",");
  }
  return text;
}

std::string duration(double ms) {
  return ms < 1000.0 ? fmt::format("{:.3g} ms", ms) : fmt::format("{:.3g} s", 1e-3 * ms);
}

std::string factor(double real_time_factor) {
  return real_time_factor < 100.0 ? fmt::format("{:.3g}", real_time_factor)
                                  : with_commas(std::llround(real_time_factor));
}

}  // namespace jko
