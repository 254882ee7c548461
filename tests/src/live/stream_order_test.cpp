#include "src/live/stream_order.hpp"

#include <cmath>

#include "tests/src/live/live_tester.hpp"
#include "tests/test.hpp"

using namespace jko;
using test::arrival;

namespace {

/// Judges arrivals, and takes what is to be filtered.
struct Stream {
  explicit Stream(double lag = 0.0) : order(options(lag)) {}

  static StreamOrderOptions options(double lag) {
    StreamOrderOptions options;
    options.first = 1.0;
    options.interval = 1.0;
    options.lag = lag;
    return options;
  }
  StreamOrder::Ruling put(const Arrival& a) {
    StreamOrder::Ruling ruling = order.judge(a, order.latest() - 100.0);
    for (const auto& timed : ruling.filter) order.took(timed.arrival, timed.time, true);
    return ruling;
  }
  Verdict operator()(double t, double y, double arrived) { return put(arrival(t, y, arrived)).verdict; }
  Verdict operator()(double t, double y) { return (*this)(t, y, 1000.0 + t); }
  void steady(int count) {
    for (int k = 1; k <= count; ++k) (*this)(k, k);
  }

  StreamOrder order;
};

}  // namespace

TEST_CASE("Equal stamps are both used, exact duplicates are not", "[live][stream_order]") {
  Stream stream;
  CHECK(stream(1.0, 0.5) == Verdict::accepted);
  CHECK(stream(1.0, 0.6) == Verdict::accepted);
  CHECK(stream(1.0, 0.5) == Verdict::duplicate);
  CHECK(stream(2.0, NAN) == Verdict::accepted);
  CHECK(stream(2.0, NAN) == Verdict::duplicate);
  CHECK(stream(3.0, 0.5) == Verdict::accepted);
  CHECK(stream(1.0, 0.6) == Verdict::duplicate);  // rather than late
}

TEST_CASE("What is late within the lag window is rewound, what is later ignored", "[live][stream_order]") {
  Stream stream(1.5);
  stream.steady(5);
  CHECK(stream(3.5, 9.0) == Verdict::rewound);
  CHECK(stream(3.4, 9.0) == Verdict::late);
  CHECK(stream(6.0, 9.0) == Verdict::accepted);
  Stream strict;
  strict.steady(2);
  const StreamOrder::Ruling late = strict.put(arrival(1.5, 9.0));
  CHECK(late.verdict == Verdict::late);
  CHECK(late.message == "t = 1.5 is 0.5 late");
}

TEST_CASE("The spacing is the median of the last ones, and the config's before", "[live][stream_order]") {
  Stream stream;
  CHECK(stream.order.expected() == 1.0);
  stream(0.25, 1.0);
  CHECK(stream.order.expected() == 1.25);
  CHECK_FALSE(stream.order.spacing_known());
  for (const double t : {0.5, 0.75, 3.0, 3.25}) stream(t, t);
  CHECK(stream.order.spacing() == 0.25);
  CHECK(stream.order.expected() == 3.5);
}

TEST_CASE("Without a stamp the moment of arrival counts", "[live][stream_order]") {
  Stream stream;
  const auto put = [&](double arrived) { return stream.put({std::nullopt, Vector::Ones(1), arrived, "test"}); };
  CHECK(put(500.0).time == 1.0);  // where the schedule begins
  CHECK(put(500.5).time == 1.5);
  CHECK(put(500.5).verdict == Verdict::accepted);  // the same value again, but no duplicate
  CHECK(put(499.0).time == 1.5);                   // the computer's clock went back
  CHECK(put(502.0).time == 3.0);
}

TEST_CASE("A stamp far ahead is held until others confirm it", "[live][stream_order]") {
  Stream stream;
  stream.steady(6);
  // One wrong stamp is forgotten as soon as the stream goes on.
  CHECK(stream(1e6, 0.0, 1007.0) == Verdict::future);
  CHECK(stream(7.0, 1.0) == Verdict::accepted);
  // A clock that jumped is believed with the third one, and nothing is lost.
  CHECK(stream(5000.0, 1.0, 1008.0) == Verdict::future);
  CHECK(stream(5000.0, 1.0, 1008.0) == Verdict::duplicate);
  CHECK(stream(5001.0, 2.0, 1009.0) == Verdict::future);
  const StreamOrder::Ruling jump = stream.put(arrival(5002.0, 3.0, 1010.0));
  CHECK(jump.verdict == Verdict::accepted);
  CHECK(jump.clock_jump);
  REQUIRE(jump.filter.size() == 3);
  CHECK(jump.filter[0].time == 5000.0);
  CHECK(jump.filter[2].time == 5002.0);
  CHECK(jump.message == "the stream's clock has jumped ahead by 4993, as 3 observations agree");
  CHECK(stream(5003.0, 4.0, 1011.0) == Verdict::accepted);
}

TEST_CASE("Wrong stamps that disagree confirm nothing", "[live][stream_order]") {
  Stream stream;
  stream.steady(6);
  for (const double t : {1e6, 5e8, 1e4, 7e7, 3e5}) CHECK(stream(t, 0.0, 1007.0) == Verdict::future);
  CHECK(stream(7.0, 1.0) == Verdict::accepted);
  // Nor do those of one source whose clock is wrong, while another one's is right.
  for (int k = 8; k < 20; ++k) {
    CHECK(stream(1e6 + k, 0.0, 1000.0 + k) == Verdict::future);
    CHECK(stream(k, k) == Verdict::accepted);
  }
}

TEST_CASE("A pause that the arrivals' clock explains is no jump", "[live][stream_order]") {
  Stream stream;
  stream.steady(6);
  CHECK(stream(5000.0, 1.0, 6000.0) == Verdict::accepted);
}

TEST_CASE("A clock that was set back does not shut the stream out", "[live][stream_order]") {
  Stream stream;
  for (int k = 1; k <= 6; ++k) stream(5000.0 + k, k, 1000.0 + k);
  CHECK(stream(107.0, 7.0, 1007.0) == Verdict::late);
  CHECK(stream(108.0, 8.0, 1008.0) == Verdict::late);
  const StreamOrder::Ruling back = stream.put(arrival(109.0, 9.0, 1009.0));
  CHECK(back.verdict == Verdict::accepted);
  CHECK(back.clock_jump);
  REQUIRE(back.filter.size() == 3);
  CHECK(back.filter[0].time == 5007.0);
  CHECK(back.time == 5009.0);
  CHECK(stream.put(arrival(110.0, 10.0, 1010.0)).time == 5010.0);
}

TEST_CASE("Old observations that are sent once more are late, however many", "[live][stream_order]") {
  Stream stream;
  for (int k = 1; k <= 30; ++k) stream(k, k);
  for (int k = 1; k <= 20; ++k) CHECK(stream(k, k + 0.5, 1031.0 + 1e-3 * k) == Verdict::late);
  CHECK(stream(31.0, 31.0) == Verdict::accepted);
}
