#include "ui/plot_axes.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace jko::ui {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

std::string fixed_text(double value, int decimals) {
  char text[400];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string scientific_text(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*e", decimals, value);
  std::string all = text;
  const std::size_t e = all.find('e');
  if (e == std::string::npos) return all;
  std::string mantissa = all.substr(0, e);
  if (mantissa.find('.') != std::string::npos) {
    mantissa.erase(mantissa.find_last_not_of('0') + 1);
    if (mantissa.back() == '.') mantissa.pop_back();
  }
  return mantissa + "e" + std::to_string(std::atoi(all.c_str() + e + 1));
}

/// How many decimals tell multiples of `step` apart: 0.25 needs two.
int decimals_of(double step) {
  int decimals = std::clamp(int(-std::floor(std::log10(step) + 1e-9)), 0, 17);
  for (int more = 0; more < 2 && decimals < 17; ++more) {
    const double scaled = step * std::pow(10.0, decimals);
    if (std::abs(scaled - std::round(scaled)) < 1e-6 * scaled) break;
    ++decimals;
  }
  return decimals;
}

}  // namespace

PlotRange usable_range(PlotRange range, bool logarithmic) {
  if (!std::isfinite(range.low) || !std::isfinite(range.high)) return {logarithmic ? 1e-3 : 0.0, 1.0};
  if (range.high < range.low) std::swap(range.low, range.high);
  if (logarithmic) {
    if (range.high <= 0.0) return {1e-3, 1.0};
    range.high = std::clamp(range.high, 1e-290, 1e300);
    range.low = range.low > 0.0 ? std::clamp(range.low, 1e-300, range.high) : range.high * 1e-6;
    if (range.high < range.low * (1.0 + 1e-9)) range.low /= 2.0, range.high *= 2.0;
    return range;
  }
  range.low = std::clamp(range.low, -1e300, 1e300);
  range.high = std::clamp(range.high, -1e300, 1e300);
  const double magnitude = std::max(std::abs(range.low), std::abs(range.high));
  if (range.size() <= std::max(1e-300, 64.0 * kEpsilon * magnitude)) {
    const double centre = range.low + 0.5 * range.size();
    const double half = magnitude > 1e-290 ? 0.05 * magnitude : 0.5;
    return {centre - half, centre + half};
  }
  return range;
}

void choose_ticks(double low, double high, int count, Ticks& ticks) {
  ticks.values.clear();
  ticks.step = 0.0;
  if (!std::isfinite(low) || !std::isfinite(high) || !(high > low)) return;
  count = std::clamp(count, 1, 1000);
  const double raw = high / count - low / count;  // high - low might overflow
  if (!(raw > 1e-300) || !std::isfinite(raw)) return;
  int exponent = int(std::floor(std::log10(raw)));
  const double mantissa = raw / std::pow(10.0, exponent);
  // The limits are the geometric means of neighbours.
  int digit = mantissa < 1.4142 ? 1 : mantissa < 3.1623 ? 2 : mantissa < 7.0711 ? 5 : 10;
  if (digit == 10) digit = 1, ++exponent;
  const double power = std::pow(10.0, std::abs(exponent));
  const double step = exponent < 0 ? digit / power : digit * power;
  if (!std::isfinite(step) || !(step > 0.0)) return;
  if (step <= 8.0 * kEpsilon * std::max(std::abs(low), std::abs(high))) return;  // its multiples would not differ
  ticks.step = step;
  // By a division where the step is a fraction: 3/10 is the double nearest to 0.3, 3 times 0.1 is not.
  const auto multiple = [&](double i) { return exponent < 0 ? i * digit / power : i * step; };
  const double first = std::floor(low / step) - 1.0, last = std::ceil(high / step) + 1.0;
  for (double i = first; i <= last; ++i) {
    const double value = multiple(i);
    if (value >= low && value <= high) ticks.values.push_back(value == 0.0 ? 0.0 : value);
  }
}

void choose_log_ticks(double low, double high, int count, Ticks& ticks) {
  ticks.values.clear();
  ticks.step = 0.0;
  if (!(low > 0.0) || !std::isfinite(high) || !(high > low)) return;
  count = std::max(count, 1);
  const int first = int(std::floor(std::log10(low))), last = int(std::ceil(std::log10(high)));
  const double decades = std::log10(high) - std::log10(low);
  if (decades < 0.7) return choose_ticks(low, high, count, ticks);
  const int every = std::max(1, int(std::ceil(decades / count)));
  const bool between = every == 1 && 3.0 * decades <= count;
  for (int decade = first; decade <= last; ++decade) {
    if (every > 1 && decade % every != 0) continue;
    for (const int digit : {1, 2, 5}) {
      const double value = decade < 0 ? digit / std::pow(10.0, -decade) : digit * std::pow(10.0, decade);
      if (value >= low && value <= high) ticks.values.push_back(value);
      if (!between) break;
    }
  }
}

std::vector<double> nice_ticks(double low, double high, int count) {
  Ticks ticks;
  choose_ticks(low, high, count, ticks);
  return ticks.values;
}

std::string tick_text(double value, double step) {
  if (!std::isfinite(value)) return "";
  step = std::abs(step);
  if (!std::isfinite(step) || step == 0.0) step = std::abs(value);
  if (value == 0.0 || std::abs(value) < 1e-6 * step) return "0";
  const int decimals = decimals_of(step);
  const int exponent = int(std::floor(std::log10(std::abs(value)) + 1e-12));
  const bool large = step > 0.99e5 || std::abs(value) >= 1e7, small = step < 0.99e-3;
  if (!large && !small) return fixed_text(value, decimals);
  // The last digit of the step, seen from the first of the value.
  const int unit = std::max(-300, int(std::floor(std::log10(step) + 1e-9)));
  const int extra = decimals_of(step / std::pow(10.0, unit));  // a step of 0.25 has one digit more than its size says
  std::string scientific = scientific_text(value, std::clamp(exponent - unit + extra, 0, 15));
  if (step < 1e-16 || std::abs(value) >= 1e15) return scientific;
  std::string fixed = fixed_text(value, decimals);
  if (scientific.size() < fixed.size()) return scientific;
  return fixed;
}

std::string value_text(double value, double resolution) {
  if (!std::isfinite(value)) return "-";
  if (!(resolution > 0.0) || !std::isfinite(resolution)) resolution = std::abs(value) * 1e-4;
  if (!(resolution > 0.0)) return "0";
  const double step = std::pow(10.0, std::floor(std::log10(resolution)));
  return tick_text(std::round(value / step) * step, step);
}

}  // namespace jko::ui
