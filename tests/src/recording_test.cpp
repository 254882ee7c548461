#include "src/recording.hpp"

#include <cmath>

#include "tests/src/input_error.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::ends_with;
using jko::test::input_error_of;
using jko::test::TemporaryFolder;

namespace {

RecordingFormat format(Index dimension, std::vector<std::string> columns = {}) {
  RecordingFormat format;
  format.dimension = dimension;
  format.columns = std::move(columns);
  return format;
}

std::vector<Observation> read_all(const std::string& file, const RecordingFormat& format) {
  RecordingReader reader(file, format);
  std::vector<Observation> all;
  while (auto observation = reader.next()) all.push_back(*observation);
  return all;
}

/// What is said of a recording with this text, without the folder.
std::string recording_complaint(const std::string& name, const std::string& text, const RecordingFormat& format) {
  const TemporaryFolder folder;
  const std::string file = folder.file(name, text);
  const std::string message = input_error_of([&] { read_all(file, format); });
  return message.empty() ? "" : message.substr(file.size() - name.size());
}

}  // namespace

TEST_CASE("a CSV recording is read in order, with missing cells as NaN") {
  const TemporaryFolder folder;
  const auto rows = read_all(folder.file("a.csv", "t,y0,y1\n0.5,1,2\n1,,4\n\n1,-5e-1,\n2.5,,\n"), format(2));
  REQUIRE(rows.size() == 4);
  CHECK(rows[0].time == 0.5);
  CHECK(rows[0].value == Vector(Eigen::Vector2d(1, 2)));
  CHECK(std::isnan(rows[1].value[0]));
  CHECK(rows[1].value[1] == 4);
  CHECK(rows[2].time == 1.0);  // equal times are two observations
  CHECK(rows[2].value[0] == -0.5);
  CHECK(rows[3].value.array().isNaN().all());
  CHECK(rows[3].line == 6);
}

TEST_CASE("CSV as other programs write it: CRLF, byte order mark, quotes, blanks, no last newline") {
  const TemporaryFolder folder;
  const auto rows = read_all(folder.file("a.csv", "\xEF\xBB\xBF\"t\",\"y\"\r\n1, 2.5 \r\n2,\"3\""), format(1));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].value[0] == 2.5);
  CHECK(rows[1].value[0] == 3.0);
}

TEST_CASE("columns are picked by name, in the order of the config") {
  const TemporaryFolder folder;
  const std::string file = folder.file("a.csv", "SMI,t,DAX,CAC\n1,10,2,3\n");
  const auto rows = read_all(file, format(2, {"CAC", "SMI"}));
  CHECK(rows[0].time == 10);
  CHECK(rows[0].value == Vector(Eigen::Vector2d(3, 1)));
  CHECK(ends_with(input_error_of([&] { read_all(file, format(1, {"DXA"})); }),
                  "a.csv:1: DXA: the header has no such column (did you mean 'DAX'?)"));
}

TEST_CASE("a cell that is not read may hold anything") {
  const TemporaryFolder folder;
  CHECK(read_all(folder.file("a.csv", "t,y,note\n1,2,hello\n"), format(1, {"y"}))[0].value[0] == 2.0);
}

TEST_CASE("ISO-8601 times count from the first in the model's unit") {
  const TemporaryFolder folder;
  RecordingFormat days = format(1);
  days.time_axis = TimeAxis(86400.0);
  const auto rows = read_all(folder.file("a.csv", "time,y\n1991-07-01,1\n1991-07-02T06:00Z,2\n"), days);
  CHECK(rows[0].time == 0.0);
  CHECK(rows[1].time == Approx(1.25));
}

TEST_CASE("JSON Lines hold an array y, a bare y, or named values") {
  const TemporaryFolder folder;
  const auto rows =
      read_all(folder.file("a.jsonl", "{\"t\":0.5,\"y\":[1.2,null]}\n{\"t\":1,\"y\":[3,4]}\r\n"), format(2));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].value[0] == 1.2);
  CHECK(std::isnan(rows[0].value[1]));
  CHECK(rows[1].value[1] == 4.0);

  const std::string bare = folder.file("b.jsonl", "{\"t\":\"2024-01-01T00:00:01Z\",\"y\":7}");
  CHECK(read_all(bare, format(1))[0].value[0] == 7.0);
  CHECK(read_all(bare, format(1, {"y"}))[0].value[0] == 7.0);

  const std::string named = folder.file("c.txt", "{\"t\":0,\"DAX\":1,\"SMI\":null}");
  const auto values = read_all(named, format(2, {"SMI", "DAX"}))[0].value;
  CHECK(std::isnan(values[0]));
  CHECK(values[1] == 1.0);
}

TEST_CASE("a bad CSV recording is told with file, line and column") {
  const RecordingFormat one = format(1);
  CHECK(recording_complaint("a.csv", "", one).rfind("a.csv: is empty", 0) == 0);
  CHECK(recording_complaint("a.csv", "\n  \n", one).rfind("a.csv: is empty", 0) == 0);
  CHECK(recording_complaint("a.csv", "x,y\n1,2\n", one).rfind("a.csv:1: t: the header 'x,y' has no such column", 0) ==
        0);
  CHECK(recording_complaint("a.csv", "t,y,y\n", one) == "a.csv:1: y: the header has this column twice");
  CHECK(recording_complaint("a.csv", "t,y0,y1\n1,2,3\n", one)
            .rfind("a.csv:1: the header has 2 columns besides the time, expected 1", 0) == 0);
  CHECK(recording_complaint("a.csv", "t,y\n1,2\n2,abc\n", one) ==
        "a.csv:3: y: expected a finite number, or nothing where it is missing, found 'abc'");
  CHECK(recording_complaint("a.csv", "t,y\n1,nan\n", one).rfind("a.csv:2: y: expected a finite number", 0) == 0);
  CHECK(recording_complaint("a.csv", "t,y\n1,-inf\n", one).rfind("a.csv:2: y: expected a finite number", 0) == 0);
  CHECK(recording_complaint("a.csv", "t,y\ninf,1\n", one)
            .rfind("a.csv:2: t: expected a finite number or an ISO-8601 time", 0) == 0);
  CHECK(recording_complaint("a.csv", "t,y\n,1\n", one)
            .rfind("a.csv:2: t: expected a finite number or an ISO-8601 time", 0) == 0);
  CHECK(recording_complaint("a.csv", "t,y\n1,2,3\n", one) == "a.csv:2: expected 2 cells as in the header, found 3");
  CHECK(recording_complaint("a.csv", "t,y\n2,0\n1,0\n", one) == "a.csv:3: t: time goes back from 2 to 1");
  CHECK(recording_complaint("a.csv", std::string("t,y\n1,2\0x\n", 10), one).rfind("a.csv:2: y: expected", 0) == 0);
}

TEST_CASE("a bad JSON Lines recording is told with file, line and key") {
  const RecordingFormat one = format(1);
  CHECK(recording_complaint("a.jsonl", "{\"t\":1,\"y\":[1]}\n{\"t\":2,\"y\":[1,2]}", one) ==
        "a.jsonl:2: y: expected 1 values, found 2");
  CHECK(recording_complaint("a.jsonl", "{\"t\":1,\"y\":[\"1\"]}", one) ==
        "a.jsonl:1: y: expected a number or null, found a text");
  CHECK(recording_complaint("a.jsonl", "{\"y\":[1]}", one) == "a.jsonl:1: t: this key is missing");
  CHECK(recording_complaint("a.jsonl", "{\"t\":1,\"DXA\":1}", format(1, {"DAX"})) ==
        "a.jsonl:1: DAX: this key is missing (did you mean 'DXA'?)");
  CHECK(recording_complaint("a.jsonl", "{\"t\":1,\"y\":[1e999]}", one).rfind("a.jsonl:1: JSON: number overflow", 0) ==
        0);
  CHECK(recording_complaint("a.jsonl", "{\"t\":1,\"y\":[NaN]}", one).rfind("a.jsonl:1: JSON: syntax error", 0) == 0);
  CHECK(recording_complaint("a.jsonl", "[1,2]", one).rfind("a.jsonl:1: JSON: expected an object", 0) == 0);
}

TEST_CASE("a line of ten megabytes and a hundred thousand brackets are refused, not swallowed") {
  CHECK(recording_complaint("a.csv", "t,y\n1,2\n" + std::string(10'000'000, '1'), format(1)) ==
        "a.csv:3: the line is longer than 64 KiB");
  CHECK(recording_complaint("a.jsonl", std::string(100'000, '['), format(1)) ==
        "a.jsonl:1: the line is longer than 64 KiB");
  CHECK(recording_complaint("a.jsonl", "{\"t\":1,\"y\":" + std::string(50'000, '['), format(1)) ==
        "a.jsonl:1: JSON: nested deeper than 64 brackets");
}

TEST_CASE("no observation may be before the initial law") {
  RecordingFormat late = format(1);
  late.earliest = 3.0;
  CHECK(recording_complaint("a.csv", "t,y\n2,1\n", late) == "a.csv:2: t: time 2 is before the initial law's, 3");
}

TEST_CASE("what comes before a bad line is delivered first") {
  const TemporaryFolder folder;
  RecordingReader reader(folder.file("a.csv", "t,y\n1,2\n2,oops\n"), format(1));
  CHECK(reader.next()->value[0] == 2.0);
  CHECK_THROWS_AS(reader.next(), InputError);
}
