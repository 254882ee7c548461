#include "src/stream/message_parser.hpp"

#include <cmath>
#include <limits>
#include <random>

#include "tests/test.hpp"

using namespace jko;

namespace {

RecordingFormat format_of(Index dimension, std::vector<std::string> columns = {}) {
  RecordingFormat format;
  format.dimension = dimension;
  format.columns = std::move(columns);
  return format;
}

/// Seconds since the beginning of 2026.
RecordingFormat dated(Index dimension) {
  RecordingFormat format = format_of(dimension);
  format.time_axis = TimeAxis(1.0, parse_iso8601("2026-01-01T00:00:00Z"));
  return format;
}

}  // namespace

TEST_CASE("A line of JSON or of cells is an observation, with or without a time", "[stream]") {
  const auto parser = observation_parser(format_of(2), "a source");
  for (const char* line : {R"({"t": 0.5, "y": [1.5, -2]})", "0.5,1.5,-2", " 0.5, 1.5, -2 "}) {
    INFO(line);
    const ParsedMessage message = parser->parse(line);
    CHECK(message.rejected.empty());
    REQUIRE(message.arrival);
    CHECK(message.arrival->time == 0.5);
    CHECK(message.arrival->value == Vector((Vector(2) << 1.5, -2.0).finished()));
  }
  const auto timeless = observation_parser(format_of(2), "a source");
  for (const char* line : {R"({"y": [1.5, -2]})", "1.5,-2"}) {
    INFO(line);
    const ParsedMessage message = timeless->parse(line);
    REQUIRE(message.arrival);
    CHECK_FALSE(message.arrival->time);
    CHECK(message.arrival->value == Vector((Vector(2) << 1.5, -2.0).finished()));
  }
}

TEST_CASE("What is missing is missing, and the rest is observed", "[stream]") {
  const auto parser = observation_parser(format_of(2), "a source");
  for (const char* line : {R"({"t": 0.5, "y": [null, -2]})", "0.5,,-2"}) {
    const ParsedMessage message = parser->parse(line);
    REQUIRE(message.arrival);
    CHECK(std::isnan(message.arrival->value(0)));
    CHECK(message.arrival->value(1) == -2.0);
  }
}

TEST_CASE("A header orders the cells after it until the connection begins anew", "[stream]") {
  const auto parser = observation_parser(format_of(2, {"DAX", "FTSE"}), "a source");
  ParsedMessage header = parser->parse("FTSE,t,DAX,other");
  CHECK_FALSE(header.arrival);
  CHECK(header.rejected.empty());
  const ParsedMessage message = parser->parse("2,0.5,1,99");
  REQUIRE(message.arrival);
  CHECK(message.arrival->time == 0.5);
  CHECK(message.arrival->value == Vector((Vector(2) << 1.0, 2.0).finished()));
  parser->reset();
  const ParsedMessage plain = parser->parse("0.5,1,2");
  REQUIRE(plain.arrival);
  CHECK(plain.arrival->value == Vector((Vector(2) << 1.0, 2.0).finished()));
  const ParsedMessage named = parser->parse(R"({"FTSE": 4, "DAX": 3, "t": 1})");
  REQUIRE(named.arrival);
  CHECK(named.arrival->value == Vector((Vector(2) << 3.0, 4.0).finished()));
}

TEST_CASE("Stamps are read where the config says what time zero is", "[stream]") {
  const auto parser = observation_parser(dated(1), "a source");
  const ParsedMessage message = parser->parse(R"({"t": "2026-01-01T00:01:00.25Z", "y": [1]})");
  REQUIRE(message.arrival);
  CHECK(*message.arrival->time == Approx(60.25).epsilon(1e-12));
  const auto without = observation_parser(format_of(1), "a source");
  const ParsedMessage refused = without->parse(R"({"t": "2026-01-01T00:01:00Z", "y": [1]})");
  CHECK_FALSE(refused.arrival);
  CHECK(refused.rejected.find("time.origin") != std::string::npos);
}

TEST_CASE("What cannot be observed is refused with a reason that names the source", "[stream]") {
  const auto parser = observation_parser(format_of(1), "a source");
  for (const std::string line :
       {"garbage", "1,2,3", "nan", "0.5,nan", "0.5,inf", "0.5,1e999", "0.5,1x", R"({"t": 1})", R"({"t": 1, "y": "a"})",
        R"({"t": 1, "y": [1, 2]})", R"({"t": 1, "y": [1])", R"({"t": 1e999, "y": [1]})", R"({"t": "soon", "y": [1]})",
        R"([1, 2])", "\xff\xfe\x00", "{{{{{{{{"}) {
    INFO(line);
    const ParsedMessage message = parser->parse(line);
    CHECK_FALSE(message.arrival);
    CHECK(message.rejected.rfind("a source: ", 0) == 0);
    CHECK(message.rejected.find('\n') == std::string::npos);
  }
  for (const char* line : {"", "  ", "\t"}) {
    const ParsedMessage message = parser->parse(line);
    CHECK_FALSE(message.arrival);
    CHECK(message.rejected.empty());
  }
  CHECK(parser->parse("0.5,1").arrival);  // none of that has left a trace
}

TEST_CASE("Whatever the bytes are, a message is an observation of finite or missing values or none", "[stream]") {
  std::mt19937 engine(11);
  const std::string good[] = {R"({"t": 0.5, "y": [1.5, -2]})", "0.5,1.5,-2", "t,y0,y1",
                              R"({"class":"TPV","mode":3,"lat":1.5,"lon":2.5})"};
  const auto observations = observation_parser(format_of(2), "a source");
  const auto gpsd = gpsd_parser(dated(2), {"lat", "lon"}, "gpsd");
  int accepted = 0;
  for (int k = 0; k < 20'000; ++k) {
    std::string text = good[k % 4];
    for (unsigned flips = 1 + engine() % 3; flips > 0; --flips)
      text[engine() % text.size()] = static_cast<char>(engine() % 5 ? 32 + engine() % 95 : engine() % 256);
    if (k % 7 == 0) text.resize(engine() % text.size());
    for (MessageParser* parser : {observations.get(), gpsd.get()}) {
      const ParsedMessage message = parser->parse(text);
      if (!message.arrival) continue;
      ++accepted;
      CHECK(message.rejected.empty());
      CHECK(message.arrival->value.size() == 2);
      CHECK_FALSE(message.arrival->value.array().isInf().any());
      if (message.arrival->time) CHECK(std::isfinite(*message.arrival->time));
    }
  }
  CHECK(accepted > 100);
}

TEST_CASE("Of gpsd's reports the positions with a fix are observations", "[stream]") {
  const auto parser = gpsd_parser(dated(3), {"lat", "lon", "alt"}, "gpsd");
  for (const char* line :
       {R"({"class":"VERSION","release":"3.22","proto_major":3,"proto_minor":14})",
        R"({"class":"DEVICES","devices":[]})", R"({"class":"SKY","hdop":1.2,"satellites":[{"PRN":3}]})",
        R"({"class":"TPV","mode":0})", R"({"class":"TPV","mode":1,"time":"2026-01-01T00:00:10.000Z"})",
        R"({"class":"TPV","mode":3,"time":"2026-01-01T00:00:10.000Z"})"}) {
    INFO(line);
    const ParsedMessage message = parser->parse(line);
    CHECK_FALSE(message.arrival);
    CHECK(message.rejected.empty());
  }
  const ParsedMessage fix = parser->parse(
      R"({"class":"TPV","device":"/dev/pts/1","mode":3,"time":"2026-01-01T00:00:10.500Z","ept":0.005,)"
      R"("lat":46.498203637,"lon":7.568074350,"alt":1327.780,"epx":15.319,"track":10.3788,"speed":0.091})");
  REQUIRE(fix.arrival);
  CHECK(*fix.arrival->time == Approx(10.5).epsilon(1e-12));
  CHECK(fix.arrival->value == Vector((Vector(3) << 46.498203637, 7.568074350, 1327.780).finished()));
  const ParsedMessage flat = parser->parse(R"({"class":"TPV","mode":2,"lat":46.5,"lon":7.5})");
  REQUIRE(flat.arrival);
  CHECK_FALSE(flat.arrival->time);
  CHECK(std::isnan(flat.arrival->value(2)));
  const ParsedMessage torn = parser->parse(R"({"class":"TPV","mode":3,"lat":46.5,)");
  CHECK_FALSE(torn.arrival);
  CHECK(torn.rejected.rfind("gpsd: ", 0) == 0);
  const ParsedMessage wrong = parser->parse(R"({"class":"TPV","mode":"3","lat":"a"})");
  CHECK_FALSE(wrong.arrival);
}
