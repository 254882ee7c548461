#include "src/live/live_engine.hpp"

#include <algorithm>

#include "filter/belief.hpp"
#include "src/error.hpp"
#include "src/methods.hpp"
#include "tests/src/live/live_tester.hpp"
#include "tests/test.hpp"

using namespace jko;
using namespace jko::test;

namespace {

/// What plain filtering makes of it: log evidence after each observation, mean, quantiles.
struct Plain {
  std::vector<double> log_evidence;
  std::vector<Vector> mean;
};

Plain filter_plainly(const Config& config, const std::string& method, const std::vector<Arrival>& arrivals) {
  Plain plain;
  const std::unique_ptr<Filter> filter = make_filter(config, method, 0);
  double sum = 0.0;
  for (const Arrival& arrival : arrivals) {
    filter->predict(*arrival.time);
    sum += filter->update(arrival.value).log_evidence_increment;
    plain.log_evidence.push_back(sum);
    plain.mean.push_back(filter->mean());
  }
  return plain;
}

void finish_ahead(LiveEngine& engine) {
  while (engine.work_ahead()) {
  }
}

}  // namespace

TEST_CASE("In order and without hurry the engine is plain filtering, bit for bit", "[live][engine]") {
  const Config config = live_study();
  for (const std::string method : {"jko", "grid", "bootstrap"}) {
    CAPTURE(method);
    const std::vector<Arrival> arrivals = irregular_stream(9);
    const Plain plain = filter_plainly(config, method, arrivals);
    LiveOptions options = unhurried();
    options.method = method;
    LiveEngine engine(config, options);
    for (std::size_t k = 0; k < arrivals.size(); ++k) {
      const LiveResult result = engine.accept(arrivals[k], 0);
      CHECK(result.verdict == Verdict::accepted);
      REQUIRE(result.publish.size() == 1);
      CHECK(result.publish[0].log_evidence == plain.log_evidence[k]);
      CHECK(result.publish[0].posterior.mean == plain.mean[k]);
      CHECK(result.publish[0].live->rung == Rung::full);
    }
    CHECK(engine.counts().of(Verdict::accepted) == 9);
    CHECK(engine.observations() == 9);
  }
}

TEST_CASE("Prediction ahead meets a steady stream: nothing is left to solve on arrival", "[live][engine]") {
  const Config config = live_study();
  const std::vector<Arrival> arrivals = steady_stream(8);
  const Plain plain = filter_plainly(config, "jko", arrivals);
  LiveEngine engine(config, unhurried());
  finish_ahead(engine);
  for (std::size_t k = 0; k < arrivals.size(); ++k) {
    const Index before = engine.counts().steps_ahead;
    CHECK(before > 0);
    const LiveResult result = engine.accept(arrivals[k], 0);
    REQUIRE(result.publish.size() == 1);
    CHECK(result.publish[0].log_evidence == plain.log_evidence[k]);
    CHECK(result.publish[0].posterior.mean == plain.mean[k]);
    CHECK(result.publish[0].predict.steps == 5);  // four short ones and a long one, all of them ahead
    finish_ahead(engine);
  }
}

TEST_CASE("An early observation needs a shorter last step, a late one goes on", "[live][engine]") {
  const Config config = live_study();
  for (const double t : {0.03, 0.2, 0.25, 0.41, 0.5 + 1e-12, 0.9}) {
    CAPTURE(t);
    const Plain plain = filter_plainly(config, "jko", {arrival(t, 0.7)});
    LiveEngine engine(config, unhurried());
    finish_ahead(engine);
    const LiveResult result = engine.accept(arrival(t, 0.7), 0);
    REQUIRE(result.publish.size() == 1);
    CHECK(result.publish[0].time == t);
    CHECK(engine.filter().time() == t);
    // Other steps, the same law but for their error.
    CHECK(std::abs(result.publish[0].log_evidence - plain.log_evidence[0]) < 0.01);
    CHECK((result.publish[0].posterior.mean - plain.mean[0]).norm() < 0.02);
  }
}

TEST_CASE("Filtered in whatever order within the lag, the posterior is the same, bit for bit", "[live][engine]") {
  const Config config = live_study();
  const std::vector<Arrival> arrivals = irregular_stream(8);
  const Plain plain = filter_plainly(config, "jko", arrivals);
  LiveOptions options = unhurried();
  options.lag = 100.0;
  // Equal stamps (1 and 2, 6 and 7) count in the order of their arrival, and keep it here.
  for (const std::vector<int>& order : {std::vector<int>{0, 1, 3, 2, 4, 6, 5, 7}, {6, 0, 5, 1, 7, 4, 3, 2}}) {
    LiveEngine engine(config, options);
    std::vector<double> log_evidence(arrivals.size());
    std::vector<Vector> mean(arrivals.size());
    std::vector<std::size_t> number;
    Index revised = 0;
    for (const int k : order) {
      number.push_back(static_cast<std::size_t>(k));
      const LiveResult result = engine.accept(arrivals[static_cast<std::size_t>(k)], 0);
      CHECK((result.verdict == Verdict::accepted || result.verdict == Verdict::rewound));
      CHECK_FALSE(result.publish.front().live->revised);
      for (const FilteredObservation& seen : result.publish) {
        log_evidence[number[static_cast<std::size_t>(seen.index)]] = seen.log_evidence;
        mean[number[static_cast<std::size_t>(seen.index)]] = seen.posterior.mean;
        revised += seen.live->revised ? 1 : 0;
      }
    }
    CHECK(log_evidence == plain.log_evidence);
    CHECK(mean == plain.mean);
    CHECK(revised > 0);
    CHECK(engine.counts().revised == revised);
  }
}

TEST_CASE("No more beliefs are kept than was said, and what is before them is late", "[live][engine]") {
  LiveOptions options = unhurried();
  options.lag = 100.0;
  options.kept = 3;
  LiveEngine engine(live_study(), options);
  for (const Arrival& arrival : steady_stream(6)) engine.accept(arrival, 0);
  CHECK(engine.accept(arrival(1.9, 0.0), 0).verdict == Verdict::late);
  CHECK(engine.accept(arrival(2.1, 0.0), 0).verdict == Verdict::rewound);
}

TEST_CASE("What is no observation of the model, and what is impossible, changes nothing", "[live][engine]") {
  // |x| < 1 almost surely after such an observation of a uniform noise.
  const Config config = live_study(R"json({
    "state": {"dimension": 1}, "potential": {"type": "quadratic", "A": 1}, "beta": 1,
    "initial": {"type": "gaussian", "mean": 0, "covariance": 1},
    "observation": {"type": "expression", "log_likelihood": "-0.5*(y0 - x0)**2 + log(100 - y0)", "columns": ["y"]},
    "filter": {"tau": 0.25, "nodes": 64, "widths": [16]}})json");
  LiveEngine engine(config, unhurried()), undisturbed(config, unhurried());
  engine.accept(arrival(0.5, 0.3), 0);
  undisturbed.accept(arrival(0.5, 0.3), 0);
  const LiveResult impossible = engine.accept(arrival(1.0, 101.0), 0);
  CHECK(impossible.verdict == Verdict::impossible);
  CHECK(impossible.publish.empty());
  CHECK_FALSE(impossible.message.empty());
  CHECK(engine.accept({1.0, Vector::Ones(2), 1001.0, "test"}, 0).verdict == Verdict::impossible);
  CHECK(engine.accept(arrival(1.0, INFINITY), 0).verdict == Verdict::impossible);
  CHECK(engine.accept(arrival(NAN, 1.0), 0).verdict == Verdict::impossible);
  CHECK(engine.counts().of(Verdict::impossible) == 4);
  const LiveResult after = engine.accept(arrival(1.5, 0.2), 0);
  CHECK(untimed(after.publish.at(0)) == untimed(undisturbed.accept(arrival(1.5, 0.2), 0).publish.at(0)));
}

TEST_CASE("Every rung of the ladder is taken by the queue behind, seen and counted", "[live][engine][ladder]") {
  const Config config = live_study();
  const Arrival first = arrival(2.0, 0.7);
  const Plain plain = filter_plainly(config, "jko", {first});
  struct Case {
    Index waiting;
    Rung rung;
    double error;
  };
  for (const Case& c : {Case{0, Rung::full, 0.0}, Case{4, Rung::fewer, 0.2}, Case{16, Rung::longer, 0.3},
                        Case{64, Rung::plain, 1.0}, Case{100000, Rung::plain, 1.0}}) {
    CAPTURE(c.waiting);
    LiveEngine engine(config, LiveOptions{});
    const LiveResult result = engine.accept(first, c.waiting);
    REQUIRE(result.publish.size() == 1);
    const FilteredObservation& seen = result.publish[0];
    CHECK(seen.live->rung == c.rung);
    CHECK(seen.to_json()["rung"] == name_of(c.rung));
    CHECK(engine.counts().of(c.rung) == 1);
    CHECK(std::abs(seen.log_evidence - plain.log_evidence[0]) <= c.error);
    CHECK(seen.posterior.covariance.allFinite());
    if (c.rung == Rung::fewer) CHECK(seen.predict.iterations <= 3 * seen.predict.steps);
    if (c.rung == Rung::longer) CHECK(seen.predict.steps == 5);  // two of τ·4, the first in four parts
    if (c.rung == Rung::plain) CHECK(seen.predict.iterations == 0);
  }
}

TEST_CASE("At the deadline a step ends with the best so far", "[live][engine][ladder]") {
  OddClock clock;
  LiveOptions options;
  options.clock = clock.function();
  options.settings.budget_ms = 0.001;
  LiveEngine engine(live_study(), options);
  const LiveResult result = engine.accept(arrival(1.0, 0.7), 0);
  REQUIRE(result.publish.size() == 1);
  CHECK(result.publish[0].live->rung == Rung::deadline);
  CHECK(result.publish[0].predict.iterations <= 2 * result.publish[0].predict.steps);
  CHECK(engine.counts().of(Rung::deadline) == 1);
}

TEST_CASE("A leap of thousands of time scales is made in few steps", "[live][engine][ladder]") {
  LiveEngine engine(live_study(R"({
    "state": {"dimension": 1}, "potential": {"type": "quadratic", "A": 1}, "beta": 1,
    "initial": {"type": "gaussian", "mean": 3, "covariance": 1}, "observation": {"type": "linear", "R": 0.25},
    "filter": {"tau": 0.25, "nodes": 64, "widths": [16]}})"),
                    unhurried());
  const LiveResult result = engine.accept(arrival(1e9, 0.0), 0);
  REQUIRE(result.publish.size() == 1);
  CHECK(result.publish[0].live->rung == Rung::longer);
  CHECK(result.publish[0].predict.steps <= 1300);
  // The stationary law N(0, 1), seen through a variance of 0.25.
  CHECK(std::abs(result.publish[0].posterior.mean(0)) < 0.02);
  CHECK(std::abs(result.publish[0].posterior.covariance(0, 0) - 0.2) < 0.02);
}

TEST_CASE("The gate holds outliers back, publishes them and never locks itself out", "[live][engine][gate]") {
  LiveOptions options = unhurried();
  options.settings.gate = 8.0;
  const Config config = live_study();
  LiveEngine engine(config, options), without(config, unhurried());
  for (const Arrival& arrival : steady_stream(4)) {
    CHECK(engine.accept(arrival, 0).verdict == Verdict::accepted);
    without.accept(arrival, 0);
  }
  const LiveResult held = engine.accept(arrival(2.25, 40.0), 0);
  CHECK(held.verdict == Verdict::gated);
  REQUIRE(held.publish.size() == 1);
  CHECK(held.publish[0].live->gated);
  CHECK(held.publish[0].log_evidence == engine.log_evidence());
  CHECK(held.publish[0].update.log_evidence_increment < -100.0);
  CHECK(std::abs(held.publish[0].posterior.mean(0)) < 3.0);
  // The belief has not seen it.
  const LiveResult after = engine.accept(arrival(2.5, 0.4), 0);
  CHECK(after.publish.at(0).log_evidence == without.accept(arrival(2.5, 0.4), 0).publish.at(0).log_evidence);
  // A state that has really gone elsewhere is found again: they agree, so that the third in a row passes, each time
  // that the well has pulled the law back so far that they are held once more.
  Index gated = 0;
  for (int k = 0; k < 12; ++k)
    gated += engine.accept(arrival(3.0 + 0.5 * k, 9.0 + 0.1 * (k % 3)), 0).verdict == Verdict::gated;
  CHECK(gated >= 1);
  CHECK(gated <= 8);  // two of three
  CHECK(engine.counts().gate_openings >= 1);
  CHECK(engine.filter().mean()(0) > 3.0);
}

TEST_CASE("A confirmed clock jump filters all that it held", "[live][engine]") {
  LiveEngine engine(live_study(), unhurried());
  for (const Arrival& arrival : steady_stream(5)) engine.accept(arrival, 0);
  CHECK(engine.accept(arrival(500.0, 0.1, 1003.0), 0).publish.empty());
  CHECK(engine.accept(arrival(500.5, 0.2, 1003.5), 0).publish.empty());
  const LiveResult jump = engine.accept(arrival(501.0, 0.3, 1004.0), 0);
  CHECK(jump.publish.size() == 3);
  CHECK(jump.publish.front().time == 500.0);
  CHECK(engine.counts().clock_jumps == 1);
  CHECK(engine.counts().of(Verdict::future) == 2);
  CHECK(engine.observations() == 8);
}

TEST_CASE("Reloading takes beta and noise, and nothing else of the model", "[live][engine][reload]") {
  const Config config = live_study();
  LiveEngine engine(config, unhurried());
  for (const Arrival& arrival : steady_stream(3)) engine.accept(arrival, 0);
  const auto changed = [](const std::string& from, const std::string& to) {
    std::string text = kLiveStudy;
    text.replace(text.find(from), from.size(), to);
    return live_study(text);
  };
  LiveSettings settings = unhurried().settings;
  const Config other = changed("\"widths\": [24]", "\"widths\": [32]");
  CHECK_THROWS_AS(engine.reload(other, settings), InputError);
  const Vector mean = engine.filter().mean();
  settings.gate = 12.0;
  engine.reload(changed("\"chain\": 9}", "\"chain\": 9}, \"live\": {\"gate\": 12}"), settings);  // no other model
  CHECK(engine.filter().mean() == mean);
  engine.reload(changed("\"R\": 0.5", "\"R\": 0.0001"), settings);
  CHECK(engine.settings().gate == 12.0);
  CHECK((engine.filter().mean() - mean).norm() < 1e-3);
  // Without noise the observation is the state.
  const LiveResult result = engine.accept(arrival(2.0, 0.8), 0);
  CHECK(std::abs(result.publish.at(0).posterior.mean(0) - 0.8) < 0.02);
}

TEST_CASE("Reloading takes another length of steps and number of nodes, from there on", "[live][engine][reload]") {
  LiveEngine engine(live_study(), unhurried());
  for (const Arrival& arrival : steady_stream(3)) engine.accept(arrival, 0);
  const auto steps_of_next = [&](double t) {
    const LiveResult result = engine.accept(arrival(t, 0.3), 0);
    return result.publish.at(0).predict.steps;
  };
  const int coarse = steps_of_next(2.0);
  std::string text = kLiveStudy;
  text.replace(text.find("0.25"), 4, "0.0625");
  text.replace(text.find("\"nodes\": 96"), 11, "\"nodes\": 300");
  engine.reload(live_study(text), unhurried().settings);
  const auto nodes = [&] { return dynamic_cast<const JkoFilter&>(engine.filter()).belief().nodes().x.rows(); };
  CHECK(nodes() > 200);
  CHECK(steps_of_next(2.5) > coarse);
  CHECK(nodes() > 200);
  // The law itself was not changed by the reload.
  LiveEngine other(live_study(), unhurried());
  for (const Arrival& arrival : steady_stream(3)) other.accept(arrival, 0);
  const Vector before = other.filter().mean();
  other.reload(live_study(text), unhurried().settings);
  CHECK(std::abs(other.filter().mean()(0) - before(0)) < 1e-3);
}
