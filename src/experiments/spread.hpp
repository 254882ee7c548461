#pragma once
/// What repeats say together, and how tables write it.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace jko {

/// Of some values; NaN if there are none.
struct Spread {
  double minimum, lower_quartile, median, upper_quartile, maximum;
};
Spread spread_of(const std::vector<double>& values);

/// `value` as a number of three digits; "" if it is none or not finite.
std::string figure(std::optional<double> value);

/// "0.0128 [0.0112, 0.0132]": the median and the quartiles; "" if there are none.
std::string with_quartiles(const Spread& spread);

/// "0.25" of ours to theirs; "" if one of them is missing.
std::string ratio(double ours, std::optional<double> theirs);

/// The number at `key` of a result, which may be null; at `index` of an array there. NaN if there is none.
double number_of(const nlohmann::ordered_json& result, const std::string& key);
double number_of(const nlohmann::ordered_json& result, const std::string& key, std::size_t index);

}  // namespace jko
