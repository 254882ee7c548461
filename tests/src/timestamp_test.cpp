#include "src/timestamp.hpp"

#include "tests/test.hpp"

using jko::parse_iso8601;
using jko::parse_number;
using jko::TimeAxis;

TEST_CASE("a number is finite and nothing but a number") {
  CHECK(parse_number("-1.25e-3") == -1.25e-3);
  CHECK(parse_number("7") == 7.0);
  for (const char* bad : {"", " 1", "1 ", "1.2.3", "0x10", "nan", "inf", "-infinity", "1e999", "1,5", "NA"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_number(bad));
  }
}

TEST_CASE("ISO-8601 stamps are read to the microsecond") {
  CHECK(parse_iso8601("1970-01-01") == 0);
  CHECK(parse_iso8601("1970-01-02T00:00:00Z") == 86'400'000'000);
  CHECK(parse_iso8601("2001-09-09T01:46:40Z") == 1'000'000'000'000'000);
  CHECK(parse_iso8601("1970-01-01 00:00:01.5") == 1'500'000);
  CHECK(parse_iso8601("1970-01-01T00:00:00.123456789Z") == 123'456);
  CHECK(parse_iso8601("1970-01-01T01:00+01:00") == 0);
  CHECK(parse_iso8601("1969-12-31T19:00-0500") == 0);
  CHECK(parse_iso8601("1969-12-31") == -86'400'000'000);
}

TEST_CASE("a stamp of a day or an hour that does not exist is none") {
  CHECK(parse_iso8601("2024-02-29"));
  for (const char* bad : {"2023-02-29", "2024-13-01", "2024-01-01T24:00", "2024-01-01T12:60", "2024-1-1", "1999-01-01x",
                          "0000-01-01", "2024-01-01T", "2024-01-01T12", "12:30"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_iso8601(bad));
  }
}

TEST_CASE("stamps become time in the model's unit since the origin") {
  TimeAxis days(86400.0);
  CHECK(days.read("1991-07-01").value() == 0.0);
  CHECK(days.read("1991-07-02T12:00Z").value() == Approx(1.5));

  TimeAxis hours(3600.0, parse_iso8601("2024-01-01"));
  CHECK(hours.read("2024-01-01T02:30").value() == Approx(2.5));
  CHECK(hours.read("17.5").value() == 17.5);
  CHECK_FALSE(hours.read("noon"));
}
