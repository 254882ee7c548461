#include "src/timestamp.hpp"

#include <boost/date_time/gregorian/gregorian_types.hpp>
#include <charconv>
#include <cmath>
#include <regex>

namespace jko {

std::optional<double> parse_number(std::string_view text) {
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::optional<std::int64_t> parse_iso8601(std::string_view text) {
  static const std::regex kStamp(R"((\d{4})-(\d\d)-(\d\d))"                               // 1 2 3: date
                                 R"((?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)"  // 4 5 6 7: time of day
                                 R"((?:Z|([+-])(\d\d):?(\d\d)?)?)?)");                    // 8 9 10: zone
  std::cmatch match;
  if (text.size() > 40 || !std::regex_match(text.data(), text.data() + text.size(), match, kStamp)) return std::nullopt;
  const auto field = [&](int i) { return match[i].matched ? std::stoi(match[i]) : 0; };

  if (field(4) > 23 || field(5) > 59 || field(6) > 60 || field(9) > 14 || field(10) > 59) return std::nullopt;
  std::int64_t days = 0;
  try {
    const boost::gregorian::date date(field(1), field(2), field(3));
    days = (date - boost::gregorian::date(1970, 1, 1)).days();
  } catch (const std::out_of_range&) {  // no such day
    return std::nullopt;
  }
  const int offset = (match[8].str() == "-" ? -1 : 1) * (field(9) * 60 + field(10));
  const std::int64_t seconds = ((days * 24 + field(4)) * 60 + field(5) - offset) * 60 + field(6);
  const std::string fraction = (match[7].str() + "000000").substr(0, 6);
  return seconds * 1'000'000 + std::stoi(fraction);
}

std::optional<double> TimeAxis::read(std::string_view text) {
  if (const auto number = parse_number(text)) return number;
  const auto stamp = parse_iso8601(text);
  if (!stamp) return std::nullopt;
  if (!origin_) origin_ = *stamp;
  return static_cast<double>(*stamp - *origin_) / microseconds_per_unit_;
}

}  // namespace jko
