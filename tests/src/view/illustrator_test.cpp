#include "src/view/illustrator.hpp"

#include "src/methods.hpp"
#include "tests/src/program.hpp"
#include "tests/src/view/view_tester.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

Config linear_model() { return parse_config(test::kOrnsteinUhlenbeck, "model.json"); }

/// The filter, moved to the next observation and updated by it.
FilteredObservation filter_one(Filter& filter, Index index, double log_evidence) {
  const PredictSummary predicted = filter.predict(0.5 * static_cast<double>(index + 1));
  const Vector y = Vector::Constant(1, std::sin(static_cast<double>(index)));
  const UpdateSummary updated = filter.update(y);
  return {index,
          filter.time(),
          y,
          log_evidence + updated.log_evidence_increment,
          LawSummary(filter),
          predicted,
          updated,
          1.0,
          1.0,
          std::nullopt};
}

}  // namespace

TEST_CASE("a snapshot shows the laws and the figures that were handed over") {
  const Config config = linear_model();
  const auto filter = make_filter(config, "jko", 0);
  ViewPort port;
  Illustrator illustrator(port);
  illustrator.begin(config);
  illustrator.show(*filter, LawStage::updated);
  filter->predict(0.5);
  illustrator.show(*filter, LawStage::predicted);
  const auto predicted_mean = filter->mean();
  const UpdateSummary updated = filter->update(Vector::Constant(1, 1.0));
  illustrator.show(*filter, LawStage::updated);
  illustrator.add({0,
                   0.5,
                   Vector::Constant(1, 1.0),
                   updated.log_evidence_increment,
                   LawSummary(*filter),
                   {},
                   updated,
                   2.0,
                   1.0,
                   1e-3});
  illustrator.finish_drawing();
  REQUIRE(port.fetch());
  const StudyView& study = *port.snapshot()->study;
  CHECK(study.predicted->mean(0) == Approx(predicted_mean(0)));
  CHECK(study.updated->mean(0) == Approx(filter->mean()(0)));
  CHECK(study.now == study.updated);
  CHECK_FALSE(study.between);
  REQUIRE(study.history.size() == 1);
  CHECK(study.history.last()->updated == study.updated);
  CHECK(study.history.last()->symmetric_kl == 1e-3);
  CHECK(study.observed_in_place);
  // The likelihood N(y; x, 1/4), scaled to 1 at its top.
  CHECK(study.likelihood_curve.at(1.0) == Approx(1.0).margin(0.01));
  CHECK(study.likelihood_curve.at(0.5) == Approx(std::exp(-0.5)).margin(0.01));
  CHECK(study.engine.nodes > 0);
}

TEST_CASE("between observations the law moves along McCann's interpolation of each step") {
  const Config config = linear_model();
  const auto filter = make_filter(config, "jko", 0);
  auto& jko = dynamic_cast<JkoFilter&>(*filter);
  ViewPort port;
  Illustrator illustrator(port);
  illustrator.begin(config);
  StepPlan plan = jko.plan(0.5);
  const double first = jko.time();
  while (!plan.finished()) {
    jko.step(plan, {});
    illustrator.show(jko, plan.finished() ? LawStage::predicted : LawStage::step);
  }
  illustrator.finish_drawing();
  REQUIRE(port.fetch());
  const StudyView& study = *port.snapshot()->study;
  REQUIRE(study.glides.size() >= 4);
  CHECK(study.between);
  double time = first;
  for (const Glide& glide : study.glides) {
    CHECK(glide.begin == Approx(time).margin(1e-9));  // one after another, without gaps
    time = glide.end;
  }
  CHECK(time == Approx(0.5));
  CHECK_FALSE(study.engine.losses.empty());
}

TEST_CASE("a run that is faster than its drawing loses pictures, but no figures, and is told so") {
  const Config config = linear_model();
  const auto filter = make_filter(config, "kalman", 0);
  ViewPort port;
  Illustrator illustrator(port);
  illustrator.begin(config);
  double log_evidence = 0.0;
  for (Index k = 0; k < 3000; ++k) {
    const FilteredObservation seen = filter_one(*filter, k, log_evidence);
    log_evidence = seen.log_evidence;
    illustrator.show(*filter, LawStage::predicted);
    illustrator.show(*filter, LawStage::updated);
    illustrator.add(seen);
  }
  illustrator.finish_drawing();
  REQUIRE(port.fetch());
  const StudyView& study = *port.snapshot()->study;
  CHECK(study.history.size() == 3000);
  CHECK(study.history.last()->index == 2999);
  CHECK(study.history.last()->log_evidence == Approx(log_evidence));
  CHECK(study.engine.observations == 3000);
  Index drawn = 0;
  study.history.for_each(-1.0, 1e9, [&](const HistoryEntry& entry) { drawn += entry.updated ? 1 : 0; });
  CHECK(drawn > 0);
  CHECK((drawn == 3000 || study.engine.undrawn > 0));
}

TEST_CASE("a history's capacity and the coordinates that are shown can change at any time") {
  const Config config = parse_config(R"({"state": {"dimension": 3},
    "potential": {"type": "quadratic", "A": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}, "beta": 1,
    "initial": {"type": "gaussian", "mean": [0, 0, 0], "covariance": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]},
    "observation": {"type": "linear", "H": [[1, 0, 0]], "R": 0.25}})",
                                     "model.json");
  const auto filter = make_filter(config, "kalman", 0);
  ViewPort port;
  Illustrator illustrator(port);
  illustrator.begin(config);
  illustrator.show(*filter, LawStage::updated);
  illustrator.show_coordinates(1, 2);
  illustrator.keep_history(7);
  illustrator.say(LogLine::Level::warning, "look out");
  illustrator.finish_drawing();
  REQUIRE(port.fetch());
  const Snapshot& snapshot = *port.snapshot();
  CHECK(snapshot.study->now->pair(1, 2) != nullptr);
  CHECK(snapshot.study->now->marginals.size() == 3);
  CHECK(snapshot.study->history.capacity() == 7);
  REQUIRE(snapshot.log.size() == 1);
  CHECK(snapshot.log.front().text == "look out");
}
