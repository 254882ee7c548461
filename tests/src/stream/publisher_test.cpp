#include "src/stream/publisher.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "src/methods.hpp"
#include "tests/src/input_error.hpp"
#include "tests/src/live/live_tester.hpp"
#include "tests/src/stream/stream_tester.hpp"
#include "tests/test.hpp"

using namespace jko;
using namespace jko::test;
using boost::asio::ip::udp;

namespace {

Publication line(const std::string& text) { return {std::make_shared<const std::string>(text + "\n"), nullptr}; }

struct PublisherTester {
  ~PublisherTester() { io.stop(); }
  bool has_clients(std::uint64_t count) {
    return eventually([&] { return counts.clients == count; });
  }
  PublisherCounts counts;
  IoThread io;
};

/// A posterior of an observation of d values.
FilteredObservation posterior_of(Index d) {
  const auto diagonal = [&](double value) {
    std::vector<std::vector<double>> rows(static_cast<std::size_t>(d),
                                          std::vector<double>(static_cast<std::size_t>(d)));
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i][i] = value;
    return rows;
  };
  const nlohmann::json study = {{"state", {{"dimension", d}}},
                                {"potential", {{"type", "quadratic"}, {"A", diagonal(1.0)}}},
                                {"beta", 1},
                                {"initial",
                                 {{"type", "gaussian"},
                                  {"mean", std::vector<double>(static_cast<std::size_t>(d))},
                                  {"covariance", diagonal(1.0)}}},
                                {"observation", {{"type", "linear"}, {"R", diagonal(0.25)}}},
                                {"filter", {{"method", "kalman"}}}};
  const auto filter = make_filter(parse_config(study.dump(), "study.json"), "kalman", 0);
  filter->predict(0.5);
  const Vector y = Vector::LinSpaced(d, 0.0, 1.0);
  const UpdateSummary update = filter->update(y);
  return {0, 0.5, y, update.log_evidence_increment, LawSummary(*filter), {}, update, 0.25, 0.125, {}, LiveMark{}};
}

}  // namespace

TEST_CASE("Every client gets every line from when it connects, in order", "[stream]") {
  PublisherTester tester;
  const auto publisher = publish_tcp(tester.io, tester.counts, any_port());
  tester.io.start();
  publisher->publish(line("before"));
  Peer first(publisher->port()), second(publisher->port());
  REQUIRE(tester.has_clients(2));
  for (int k = 0; k < 1000; ++k) publisher->publish(line(std::to_string(k)));
  for (int k = 0; k < 1000; ++k) {
    CHECK(first.read_line() == std::to_string(k));
    CHECK(second.read_line() == std::to_string(k));
  }
  CHECK(eventually([&] { return tester.counts.waiting == 0; }));
  CHECK(tester.counts.sent == 2000);
}

TEST_CASE("A client that does not read is dropped, and nobody waits for it", "[stream]") {
  PublisherTester tester;
  const auto publisher = publish_tcp(tester.io, tester.counts, any_port());
  tester.io.start();
  Peer slow(publisher->port()), quick(publisher->port());
  REQUIRE(tester.has_clients(2));
  const std::string text(10'000, 'x');
  int read = 0;
  // Turn by turn with the quick one, whose queue so stays short, until the slow one's is full.
  for (int k = 0; k < 100'000 && tester.counts.dropped_clients == 0; ++k) {
    publisher->publish(line(text));
    read += quick.read_line() == text ? 1 : 0;
  }
  CHECK(tester.counts.dropped_clients == 1);
  CHECK(tester.has_clients(1));
  publisher->publish(line("the last"));
  CHECK(quick.read_line() == "the last");
  CHECK(tester.counts.sent > static_cast<std::uint64_t>(read));
  // What it gets, when it reads at last, is whole lines up to where it was dropped.
  std::string line = slow.read_line();
  CHECK(line == text);
  CHECK(eventually([&] { return tester.counts.waiting == 0; }));
}

TEST_CASE("A thousand readers come and go while lines are published", "[stream]") {
  PublisherTester tester;
  const auto publisher = publish_tcp(tester.io, tester.counts, any_port());
  tester.io.start();
  std::atomic<bool> over{false};
  std::thread filter([&] {
    while (!over) {
      publisher->publish(line("{\"time\":1}"));
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  });
  int wrong = 0;
  for (int k = 0; k < 1000; ++k) {
    Peer reader(publisher->port());
    if (k % 10 == 0) wrong += reader.read_line() == "{\"time\":1}" ? 0 : 1;
    if (k % 7 == 0) reader.reset();
  }
  over = true;
  filter.join();
  CHECK(wrong == 0);
  CHECK(tester.has_clients(0));
  CHECK(eventually([&] { return tester.counts.waiting == 0; }));
}

TEST_CASE("What a client sends is ignored", "[stream]") {
  PublisherTester tester;
  const auto publisher = publish_tcp(tester.io, tester.counts, any_port());
  tester.io.start();
  Peer talker(publisher->port());
  REQUIRE(tester.has_clients(1));
  talker.send(std::string(1'000'000, 'x'));
  publisher->publish(line("still here"));
  CHECK(talker.read_line() == "still here");
}

TEST_CASE("PlotJuggler gets one document of plain numbers a datagram", "[stream]") {
  PublisherTester tester;
  boost::asio::io_context io;
  udp::socket plotjuggler(io, {boost::asio::ip::address_v4::loopback(), 0});
  const auto publisher = publish_udp(tester.io, tester.counts,
                                     {Endpoint::Transport::udp, "127.0.0.1", plotjuggler.local_endpoint().port()});
  tester.io.start();
  const FilteredObservation seen = posterior_of(2);
  publisher->publish(line("no posterior"));  // a density: nothing for PlotJuggler
  publisher->publish({nullptr, std::make_shared<const std::string>(plotjuggler_document(seen, {}))});
  std::array<char, 2000> buffer;
  const std::size_t size = plotjuggler.receive(boost::asio::buffer(buffer));
  const auto document = nlohmann::json::parse(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
  CHECK(document.at("timestamp") == 0.5);
  CHECK(document.at("y/1") == 1.0);
  CHECK(document.at("mean/1") == seen.posterior.mean(1));
  CHECK(document.at("sd/0") == std::sqrt(seen.posterior.covariance(0, 0)));
  CHECK(document.at("predict_ms") == 0.25);
}

TEST_CASE("A document for PlotJuggler is numbers only, in seconds, and fits a datagram", "[stream]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Index d : {1, 3, 16, 32}) {
    FilteredObservation seen = posterior_of(d);
    seen.observation(0) = nan;
    seen.update.log_evidence_increment = -std::numeric_limits<double>::infinity();
    seen.posterior.mean(d - 1) = nan;
    const std::string text = plotjuggler_document(seen, {"hour", 3600.0, 1'000'000});
    CHECK(text.size() <= kLargestDatagram);
    const auto document = nlohmann::json::parse(text);
    CHECK(document.at("timestamp") == 1.0 + 1800.0);
    for (const auto& item : document.items()) CHECK(item.value().is_number());
    CHECK_FALSE(document.contains("y/0"));
    CHECK_FALSE(document.contains("log_evidence_increment"));
    if (d > 1) CHECK(document.contains("mean/0"));
  }
}

TEST_CASE("A publisher that cannot be is told by its option", "[stream]") {
  PublisherTester tester;
  const auto publisher = publish_tcp(tester.io, tester.counts, any_port());
  const std::uint16_t taken = publisher->port();
  CHECK(input_error_of([&] { publish_tcp(tester.io, tester.counts, local(taken)); }).rfind("--publish: cannot", 0) ==
        0);
  CHECK(input_error_of([&] {
          publish_udp(tester.io, tester.counts, {Endpoint::Transport::udp, "no.such.host.invalid", 1});
        }).rfind("--publish: cannot send to", 0) == 0);
}
