#include "src/experiments/spread.hpp"

#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <limits>

#include "src/figures.hpp"

namespace jko {
namespace {

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

double number_in(const nlohmann::ordered_json& value) { return value.is_number() ? value.get<double>() : kNoNumber; }

}  // namespace

Spread spread_of(const std::vector<double>& values) {
  return {percentile(values, 0.0), percentile(values, 0.25), percentile(values, 0.5), percentile(values, 0.75),
          percentile(values, 1.0)};
}

std::string figure(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return "";
  // Never 1.23e+04: people read that less well than 12300.
  return std::abs(*value) < 1000.0 || std::abs(*value) >= 1e6 ? fmt::format("{:.3g}", *value)
                                                              : fmt::format("{:.0f}", *value);
}

std::string with_quartiles(const Spread& spread) {
  if (!std::isfinite(spread.median)) return "";
  return fmt::format("{} [{}, {}]", figure(spread.median), figure(spread.lower_quartile),
                     figure(spread.upper_quartile));
}

std::string ratio(double ours, std::optional<double> theirs) { return theirs ? figure(ours / *theirs) : ""; }

double number_of(const nlohmann::ordered_json& result, const std::string& key) {
  return result.is_object() && result.contains(key) ? number_in(result[key]) : kNoNumber;
}

double number_of(const nlohmann::ordered_json& result, const std::string& key, std::size_t index) {
  if (!result.is_object() || !result.contains(key)) return kNoNumber;
  const auto& array = result[key];
  return array.is_array() && index < array.size() ? number_in(array[index]) : kNoNumber;
}

}  // namespace jko
