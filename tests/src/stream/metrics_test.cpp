#include <cmath>
#include <limits>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "src/stream/live_metrics.hpp"
#include "src/stream/metrics_server.hpp"
#include "tests/src/stream/stream_tester.hpp"
#include "tests/test.hpp"

using namespace jko;
using namespace jko::test;

namespace {

/// Reads the text format 0.0.4 as strictly as promtool: each family has help and type before its samples, in one
/// piece; counters end in _total; buckets rise up to +Inf, which is the count. Values by name and labels.
std::map<std::string, double> parse_exposition(const std::string& text) {
  static const std::regex kComment("# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)");
  static const std::regex kSample(R"re(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[a-z]+="[^"\\\n]*"\})? (\S+))re");
  std::map<std::string, double> values;
  std::set<std::string> families;
  std::string family, type, help_of;
  double below = 0.0, bound = 0.0;
  std::istringstream stream(text);
  REQUIRE(text.back() == '\n');
  for (std::string line; std::getline(stream, line);) {
    INFO(line);
    std::smatch match;
    if (std::regex_match(line, match, kComment)) {
      if (match[1] == "HELP") {
        help_of = match[2];
        CHECK(families.insert(help_of).second);
      } else {
        family = match[2];
        type = match[3];
        CHECK(family == help_of);
        below = 0.0, bound = -std::numeric_limits<double>::infinity();
        if (type == "counter") CHECK(family.substr(family.size() - 6) == "_total");
      }
      continue;
    }
    REQUIRE(std::regex_match(line, match, kSample));
    const std::string name = match[1], labels = match[2];
    const double value = std::stod(match[3]);
    CHECK(values.emplace(name + labels, value).second);
    if (type != "histogram") {
      CHECK(name == family);
      if (type == "counter") CHECK(value >= 0.0);
    } else if (name == family + "_bucket") {
      const std::string upper = labels.substr(5, labels.size() - 7);
      const double next = upper == "+Inf" ? std::numeric_limits<double>::infinity() : std::stod(upper);
      CHECK(next > bound);
      CHECK(value >= below);
      bound = next, below = value;
    } else if (name == family + "_count") {
      CHECK(bound == std::numeric_limits<double>::infinity());
      CHECK(value == below);
    } else {
      CHECK(name == family + "_sum");
    }
  }
  return values;
}

struct MetricsTester {
  MetricsTester() { io.start(); }
  ~MetricsTester() { io.stop(); }
  std::string ask(const std::string& request) {
    Peer peer(server.port());
    peer.try_send(request);
    return peer.read_all();
  }

  SourceCounts sources;
  PublisherCounts publishers;
  LiveMetrics metrics{sources, publishers};
  IoThread io;
  MetricsServer server{io.context(), metrics, local(0)};
};

std::string get(const std::string& target, const std::string& method = "GET") {
  return method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
}

}  // namespace

TEST_CASE("A histogram counts values up to and with each bound", "[stream]") {
  Histogram histogram({1.0, 2.0, 5.0});
  CHECK(histogram.quantile(0.5) == 0.0);
  for (const double value : {0.5, 1.0, 1.5, 2.0, 4.0, 9.0}) histogram.add(value);
  CHECK(histogram.counts() == std::vector<std::uint64_t>{2, 2, 1, 1});
  CHECK(histogram.count() == 6);
  CHECK(histogram.sum() == 18.0);
  CHECK(histogram.largest() == 9.0);
  CHECK(histogram.quantile(0.0) == 1.0);
  CHECK(histogram.quantile(0.5) == 2.0);
  CHECK(histogram.quantile(0.8) == 5.0);
  CHECK(histogram.quantile(1.0) == 9.0);
}

TEST_CASE("The metrics are Prometheus text of version 0.0.4, and true", "[stream]") {
  MetricsTester tester;
  parse_exposition(tester.metrics.text());  // before the first observation
  tester.sources.messages = 12;
  tester.sources.reject(Rejection::too_long, 3);
  tester.publishers.dropped_clients = 2;
  LiveCounts counts;
  counts.verdicts[static_cast<std::size_t>(Verdict::late)] = 4;
  counts.fallbacks = 1;
  tester.metrics.set(counts, 5, 0.25, 6);
  const auto values = parse_exposition(tester.metrics.text());
  CHECK(values.at("jkofilter_messages_total") == 12);
  CHECK(values.at("jkofilter_rejected_total{reason=\"too_long\"}") == 3);
  CHECK(values.at("jkofilter_dropped_clients_total") == 2);
  CHECK(values.at("jkofilter_observations_total{verdict=\"late\"}") == 4);
  CHECK(values.at("jkofilter_fallbacks_total") == 1);
  CHECK(values.at("jkofilter_queue_depth") == 5);
  CHECK(values.at("jkofilter_lag_seconds") == 0.25);
  CHECK(values.at("jkofilter_write_failures_total") == 6);
  CHECK(values.at("jkofilter_latency_seconds_count") == 0);
  CHECK(values.at("jkofilter_resident_memory_bytes") > 1e6);
}

TEST_CASE("The metrics are served over HTTP", "[stream]") {
  MetricsTester tester;
  const std::string answer = tester.ask(get("/metrics"));
  CHECK(answer.rfind("HTTP/1.1 200 OK\r\n", 0) == 0);
  CHECK(answer.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n") != std::string::npos);
  parse_exposition(answer.substr(answer.find("\r\n\r\n") + 4));
  const std::string head = tester.ask(get("/metrics?x=1", "HEAD"));
  CHECK(head.rfind("HTTP/1.1 200 OK\r\n", 0) == 0);
  CHECK(head.substr(head.find("\r\n\r\n")) == "\r\n\r\n");
  CHECK(tester.ask(get("/other")).rfind("HTTP/1.1 404 ", 0) == 0);
  CHECK(tester.ask(get("/metrics", "DELETE")).rfind("HTTP/1.1 405 ", 0) == 0);

  Peer peer(tester.server.port());  // two requests on one connection
  for (int k = 0; k < 2; ++k) {
    peer.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    std::string line;
    while ((line = peer.read_line()) != "\r") CHECK_FALSE(line.empty());
    peer.read_line();
  }
}

TEST_CASE("Health is that of the filter's thread", "[stream]") {
  MetricsTester tester;
  tester.metrics.set({}, 0, 0.0, 0);
  const std::string well = tester.ask(get("/healthz"));
  CHECK(well.rfind("HTTP/1.1 200 OK\r\n", 0) == 0);
  CHECK(well.find("{\"status\":\"ok\",\"observations\":0}") != std::string::npos);
  CHECK(tester.metrics.alive(60.0));
  CHECK_FALSE(tester.metrics.alive(0.0));
}

TEST_CASE("What is no HTTP, or too much of it, is not answered at length", "[stream]") {
  MetricsTester tester;
  std::string zeros(5000, '\0');
  for (const std::string& request :
       {std::string("garbage\r\n\r\n"), zeros, "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nX: " + std::string(100'000, 'a') + "\r\n\r\n",
        std::string("GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"), std::string("GET / HTTP/9.9\r\n\r\n")}) {
    CHECK(tester.ask(request).size() < 1000);
  }
  std::vector<std::unique_ptr<Peer>> silent;
  silent.reserve(40);
  for (int k = 0; k < 40; ++k) silent.push_back(std::make_unique<Peer>(tester.server.port()));
  CHECK(tester.ask(get("/healthz")).rfind("HTTP/1.1 ", 0) == 0);
  silent.clear();
}
