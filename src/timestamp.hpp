#pragma once
/// Times as a recording writes them: numbers in the model's unit, or ISO-8601 stamps.
///
///     TimeAxis axis(/*seconds_per_unit=*/86400.0);
///     axis.read("1991-07-01");  // 0: the first stamp is the origin
///     axis.read("1991-07-02");  // 1

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jko {

/// A finite number, exactly as long as `text`; nothing else.
std::optional<double> parse_number(std::string_view text);

/// Microseconds since 1970-01-01T00:00Z of "2024-03-01", "2024-03-01T12:30:05.25Z", "2024-03-01 12:30+01:00", …; a
/// stamp without a zone is UTC. Nothing if `text` is no such stamp or no such day exists.
std::optional<std::int64_t> parse_iso8601(std::string_view text);

/// Turns what a recording writes into the model's time.
class TimeAxis {
 public:
  /// `origin` is the stamp (microseconds) that is time zero; the first stamp read if there is none.
  explicit TimeAxis(double seconds_per_unit, std::optional<std::int64_t> origin = {})
      : microseconds_per_unit_(seconds_per_unit * 1e6), origin_(origin) {}

  /// Nothing if `text` is neither a finite number nor a stamp.
  std::optional<double> read(std::string_view text);

  bool has_origin() const { return origin_.has_value(); }

 private:
  double microseconds_per_unit_;
  std::optional<std::int64_t> origin_;
};

}  // namespace jko
