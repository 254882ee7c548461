#include "jko/step_limits.hpp"

#include <functional>
#include <limits>
#include <vector>

#include "filter/belief.hpp"
#include "filter/jko_state.hpp"
#include "jko/jko_filter.hpp"
#include "tests/filter/filter_tester.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

JkoOptions options_for(Index dimension, Solver solver = Solver::automatic) {
  JkoOptions options;
  options.step = 0.1;
  options.nodes = dimension == 1 ? 128 : dimension == 2 ? 400 : 256;
  options.solver = solver;
  options.iterations = 12;  // what is bit for bit the same need not be good
  options.chain = 6;        // so that anchors are renewed
  return options;
}

/// Predicts and updates at irregular times; `limits` is asked for each step.
template <class Limits>
void filter_some(JkoFilter& filter, int from, int to, Limits limits) {
  for (int k = from; k < to; ++k) {
    const double t = 0.31 * (k + 1) + 0.05 * (k % 3);
    for (StepPlan plan = filter.plan(t); !plan.finished();) limits(filter, plan);
    filter.update(Vector::Constant(filter.dimension(), 0.4 * (k % 4) - 0.5));
  }
}

void plainly(JkoFilter& filter, StepPlan& plan) { filter.step(plan, {}); }

bool same(const JkoFilter& a, const JkoFilter& b) {
  const Nodes &x = a.belief().nodes(), &y = b.belief().nodes();
  // Eigen compares matrices of equal shapes only.
  if (x.x.rows() != y.x.rows() || x.x.cols() != y.x.cols()) return false;
  return a.time() == b.time() && x.x == y.x && x.weights == y.weights && x.log_density == y.log_density;
}

}  // namespace

TEST_CASE("A run steered by a clock is repeated bit for bit by its iterations", "[step_limits]") {
  for (const Solver solver : {Solver::newton, Solver::lbfgs, Solver::pooled}) {
    for (const Index d : {1, 2, 3}) {
      CAPTURE(d, static_cast<int>(solver));
      if (solver != Solver::newton && d == 2) continue;
      const Model model = ou_model(d);
      JkoFilter hurried(model, options_for(d, solver)), again(model, options_for(d, solver));
      std::vector<SolveRecord> records;
      int calls = 0, stopped = 0;
      filter_some(hurried, 0, 5, [&](JkoFilter& filter, StepPlan& plan) {
        StepLimits limits;
        // Strikes at odd moments, and is plain now and then.
        limits.stop = [&] { return ++calls % 7 == 3 || calls % 5 == 1; };
        limits.plain = records.size() % 11 == 10;
        const StepReport report = filter.step(plan, limits);
        records.push_back(report.solve);
        stopped += report.stopped;
      });
      CHECK(stopped > 3);
      std::size_t next = 0;
      filter_some(again, 0, 5, [&](JkoFilter& filter, StepPlan& plan) {
        filter.step(plan, StepLimits::repeating(records.at(next++)));
      });
      CHECK(next == records.size());
      CHECK(same(hurried, again));
      JkoFilter leisurely(model, options_for(d, solver));
      filter_some(leisurely, 0, 5, plainly);
      CHECK_FALSE(same(hurried, leisurely));
    }
  }
}

TEST_CASE("A filter goes on bit for bit from its state, wherever it was taken", "[jko_state]") {
  for (const Solver solver : {Solver::newton, Solver::lbfgs, Solver::pooled}) {
    for (const Index d : {1, 2, 3}) {
      CAPTURE(d, static_cast<int>(solver));
      if (solver != Solver::newton && d == 2) continue;
      const Model model = ou_model(d);
      JkoFilter straight(model, options_for(d, solver));
      filter_some(straight, 0, 4, plainly);
      for (const int stop : {0, 1, 3}) {
        JkoFilter first(model, options_for(d, solver)), second(model, options_for(d, solver));
        filter_some(first, 0, stop, plainly);
        second.restore(first.state());
        CHECK(same(first, second));
        filter_some(second, stop, 4, plainly);
        CHECK(same(straight, second));
        const Points points = Points::Constant(1, d, 0.3);
        CHECK(straight.log_density(points) == second.log_density(points));
      }
      // In the middle of a prediction the warm start and the previous nodes count too.
      JkoFilter first(model, options_for(d, solver)), second(model, options_for(d, solver));
      StepPlan plan = first.plan(0.55);
      for (int k = 0; k < 3; ++k) first.step(plan, {});
      second.restore(first.state());
      first.predict(0.7);
      second.predict(0.7);
      CHECK(same(first, second));
    }
  }
}

TEST_CASE("A clone goes its own way", "[jko_state]") {
  JkoFilter filter(ou_model(2), options_for(2));
  filter.predict(0.5);
  const std::unique_ptr<Filter> kept = filter.clone();
  const Vector mean = filter.mean();
  filter.predict(1.0);
  filter.update(Vector::Constant(2, 3.0));
  CHECK(kept->time() == 0.5);
  CHECK(kept->mean() == mean);
  kept->predict(1.0);
  kept->update(Vector::Constant(2, 3.0));
  CHECK(kept->mean() == filter.mean());
}

TEST_CASE("A state that cannot be this filter's is refused", "[jko_state]") {
  JkoFilter filter(ou_model(2), options_for(2));
  filter.predict(0.5);
  filter.update(Vector::Constant(2, 0.5));
  filter.predict(0.8);
  const JkoState good = filter.state();
  const auto refuses = [&](const std::function<void(JkoState&)>& spoil) {
    JkoState bad = good;
    spoil(bad);
    CHECK_THROWS_AS(filter.restore(bad), std::invalid_argument);
    filter.restore(good);
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  refuses([&](JkoState& s) { s.time = nan; });
  refuses([&](JkoState& s) { s.previous_length = -1.0; });
  refuses([&](JkoState& s) { s.previous.conservativeResize(3, 2); });
  refuses([&](JkoState& s) { s.belief.nodes.weights *= 2.0; });
  refuses([&](JkoState& s) { s.belief.nodes.x(0, 0) = nan; });
  refuses([&](JkoState& s) { s.belief.nodes.x.conservativeResize(s.belief.nodes.x.rows(), 1); });
  refuses([&](JkoState& s) { s.belief.placed_at = 1000; });
  refuses([&](JkoState& s) { s.belief.chain.back().map.Q *= -1.0; });
  refuses([&](JkoState& s) { s.belief.chain.back().map.layers.front().w(0) = -1.0; });
  refuses([&](JkoState& s) { s.belief.chain.back().map.layers.front().A.resize(0, 0); });
  refuses([&](JkoState& s) { s.belief.anchor.kind = AnchorState::spline; });
  refuses([&](JkoState& s) { s.belief.anchor.kind = 17; });
  refuses([&](JkoState& s) { s.solver.u.conservativeResize(2); });
  JkoFilter other(ou_model(1), options_for(1));
  CHECK_THROWS_AS(other.restore(good), std::invalid_argument);
}
