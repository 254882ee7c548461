#include "src/explore/explorer.hpp"

#include <chrono>
#include <cmath>
#include <thread>

#include "src/config.hpp"
#include "src/explore/explore_run.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/src/view/view_tester.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::field;

namespace {

ExploreSettings settings_of(const std::string& potential, const std::string& initial, Index dimension = 1) {
  ExploreSettings settings;
  settings.potential = potential;
  settings.initial = initial;
  settings.dimension = dimension;
  settings.particles = 0;
  return settings;
}

std::vector<std::shared_ptr<const FlowFrame>> frames_after(Explorer& explorer, int steps) {
  for (int k = 0; k < steps; ++k) explorer.step();
  return explorer.view().frames;
}

double standard_deviation(const FlowFrame& frame) {
  const Vector centred = frame.nodes.x.col(0).array() - frame.law->mean(0);
  return std::sqrt(frame.nodes.weights.dot(centred.cwiseAbs2()));
}

std::string value_of(const Explorer& explorer, const std::string& key) { return field(explorer.fields(), key).value; }

}  // namespace

TEST_CASE("A normal law in a parabola flows as the Ornstein-Uhlenbeck process does") {
  const double beta = 2.0, mean = 0.3, deviation = 0.25;  // of the narrow preset
  ExploreSettings settings = settings_of("quadratic", "narrow");
  settings.beta = beta;
  settings.tau = 0.05;
  Explorer explorer(settings);
  const auto frames = frames_after(explorer, 20);
  REQUIRE(frames.size() == 21);
  for (const auto& frame : frames) {
    const double t = frame->time, decay = std::exp(-t);
    const double m = mean * decay, v = deviation * deviation * decay * decay + (1.0 - decay * decay) / beta;
    CHECK(frame->law->mean(0) == Approx(m).margin(2e-3));
    CHECK(standard_deviation(*frame) == Approx(std::sqrt(v)).epsilon(8e-3));
    const double potential = 0.5 * (m * m + v);
    const double entropy = -0.5 / beta * std::log(2.0 * EIGEN_PI * v) - 0.5 / beta;
    CHECK(frame->free_energy.potential == Approx(potential).margin(2e-3));
    CHECK(frame->free_energy.entropy == Approx(entropy).margin(4e-3));
    // Of N(m, v) to N(0, 1/β).
    const double kl = 0.5 * (beta * (v + m * m) - 1.0 - std::log(beta * v));
    CHECK(frame->to_stationary == Approx(kl).margin(5e-3));
    CHECK(frame->kl_grid < 3e-3);
  }
  CHECK(frames.back()->time == Approx(1.0));
  CHECK(explorer.view().stationary_free_energy == Approx(-0.5 / beta * std::log(2.0 * EIGEN_PI / beta)).epsilon(1e-6));
  // The optimal map from one normal law to the next is affine.
  for (std::size_t k = 1; k < frames.size(); ++k) {
    const MapArrows& map = frames[k]->map;
    REQUIRE(map.from.rows() == 40);
    const double slope = standard_deviation(*frames[k]) / standard_deviation(*frames[k - 1]);
    for (Index i = 0; i < map.from.rows(); ++i) {
      const double to = frames[k]->law->mean(0) + slope * (map.from(i, 0) - frames[k - 1]->law->mean(0));
      CHECK(map.to(i, 0) == Approx(to).margin(2e-3));
      CHECK(map.log_det(i) == Approx(std::log(slope)).margin(2e-2));
    }
  }
}

TEST_CASE("The free energy never increases") {
  for (const std::string scheme : {"bdf2", "jko"}) {
    for (const std::string potential : {"quadratic", "sine_well", "double_well", "mixture", "formula"}) {
      for (const std::string initial : {"narrow", "wide", "two_heaps", "three_heaps"}) {
        ExploreSettings settings = settings_of(potential, initial);
        settings.scheme = scheme;
        settings.grid = false;
        Explorer explorer(settings);
        const auto frames = frames_after(explorer, 20);
        INFO(scheme << ", " << potential << ", " << initial);
        REQUIRE(frames.size() == 21);
        for (std::size_t k = 1; k < frames.size(); ++k) {
          CHECK(frames[k]->free_energy.total() <= frames[k - 1]->free_energy.total() + 1e-6);
        }
      }
    }
  }
}

TEST_CASE("Above its infimum the free energy is the divergence from the stationary law, over β") {
  for (const std::string potential : {"double_well", "sine_well", "mixture"}) {
    ExploreSettings settings = settings_of(potential, "wide");
    settings.beta = 1.7;
    Explorer explorer(settings);
    const auto frames = frames_after(explorer, 5);
    const ExploreView view = explorer.view();
    for (const auto& frame : frames) {
      // By quadrature of the drawn curves, which the engine's own figure does not use.
      const SampledCurve& density = frame->law->marginals[0];
      double kl = 0.0;
      for (std::size_t i = 0; i < density.values.size(); ++i) {
        const double x = density.low + static_cast<double>(i) * density.step(), p = density.values[i];
        const double log_q = -settings.beta * view.potential_curve.at(x) + settings.beta * view.stationary_free_energy;
        const bool drawn = x >= view.potential_curve.low && x <= view.potential_curve.high;
        if (p > 0.0 && drawn) kl += density.step() * p * (std::log(p) - log_q);
      }
      CHECK(frame->to_stationary == Approx(kl).margin(2e-3).epsilon(0.012));
      CHECK(frame->free_energy.total() - view.stationary_free_energy ==
            Approx(frame->to_stationary / settings.beta).margin(1e-3));
    }
    double mass = 0.0;
    for (const float value : view.stationary_curve.values) mass += value * view.stationary_curve.step();
    CHECK(mass == Approx(1.0).margin(1e-3));
  }
}

TEST_CASE("A bad setting is refused with a message, and nothing changes") {
  Explorer explorer(settings_of("double_well", "narrow"));
  explorer.step();
  const struct {
    const char *key, *text, *message;
  } kBad[] = {
      {"beta", "-1", "expected a number from"},
      {"beta", "warm", "'warm'"},
      {"filter.tau", "1e9", "expected a number from"},
      {"filter.scheme", "euler", "bdf2, jko"},
      {"dimension", "3", "expected a number from 1 to 2"},
      {"potential", "sine", "sine_well"},
      {"initial", "ring", "two dimensions"},
      {"particles", "1.5", "whole number"},
      {"seed", "-1", "expected"},
      {"colour", "red", "no field"},
      {"formula", "x0 +", ""},
      {"formula", "x1**2", "'x1'"},
  };
  for (const auto& bad : kBad) {
    const std::string before = explorer.config_text();
    const std::string error = explorer.set(bad.key, bad.text);
    INFO(bad.key << " = " << bad.text << ": " << error);
    CHECK_FALSE(error.empty());
    CHECK(error.find(bad.message) != std::string::npos);
    CHECK(explorer.config_text() == before);
    CHECK(explorer.view().frames.size() == 2);
    if (std::string(bad.key) != "colour") CHECK(field(explorer.fields(), bad.key).error == error);
  }
  CHECK(explorer.set("beta", "2").empty());
  CHECK(field(explorer.fields(), "formula").error.empty());
  CHECK(explorer.view().frames.size() == 1);
  CHECK(explorer.view().beta == 2.0);
}

TEST_CASE("A typing error in a formula is answered with the nearest name") {
  Explorer explorer(settings_of("double_well", "narrow"));
  CHECK(explorer.set("formula", "sine(x0) + x0**2") == "unknown name 'sine' at column 1; did you mean 'sin'?");
  CHECK(explorer.set("formula", "sin(x0) + x0**2").empty());
  CHECK(value_of(explorer, "potential") == "formula");
  CHECK(value_of(explorer, "formula") == "sin(x0) + x0**2");
  explorer.step();
  CHECK(explorer.view().frames.size() == 2);
}

TEST_CASE("A potential that does not confine has no stationary law, and says so") {
  Explorer explorer(settings_of("double_well", "narrow"));
  REQUIRE(explorer.set("formula", "-x0**2").empty());
  CHECK(explorer.take_message().find("does not confine") != std::string::npos);
  CHECK(explorer.take_message().empty());
  const auto frames = frames_after(explorer, 3);
  REQUIRE(frames.size() == 4);
  CHECK(std::isnan(frames.back()->to_stationary));
  CHECK(std::isnan(explorer.view().stationary_free_energy));
  CHECK(explorer.view().stationary_curve.empty());
  CHECK(std::isfinite(frames.back()->free_energy.total()));
}

TEST_CASE("What blows up ends in a message") {
  ExploreSettings settings = settings_of("formula", "wide");
  settings.formula = "-x0**4";
  settings.particles = 1000;
  Explorer explorer(settings);
  frames_after(explorer, 60);
  bool said = false;
  for (std::string m = explorer.take_message(); !m.empty(); m = explorer.take_message()) said = true;
  CHECK(said);
  for (const auto& frame : explorer.view().frames) {
    for (const float value : frame->law->marginals[0].values) CHECK(std::isfinite(value));
  }
}

TEST_CASE("The landscape moves with a potential that depends on time") {
  ExploreSettings settings = settings_of("formula", "narrow");
  settings.formula = "(x0 - sin(t))**2";
  Explorer explorer(settings);
  frames_after(explorer, 10);
  const SampledCurve later = explorer.view().potential_curve;
  explorer.scrub(0);
  const SampledCurve first = explorer.view().potential_curve;
  CHECK(first.at(0.0) == Approx(0.0).margin(1e-3));
  CHECK(later.at(0.0) == Approx(std::pow(std::sin(1.0), 2)).epsilon(0.01));
  CHECK(explorer.view().frames.back()->kl_grid < 5e-3);
}

TEST_CASE("A drawn law has the mean that was drawn, however many heaps the stroke left") {
  for (const Index dimension : {1, 2}) {
    Explorer explorer(settings_of("double_well", "narrow", dimension));
    DrawLaw law;
    law.at = Points::Random(731, dimension);
    law.mass = Vector::LinSpaced(731, 0.0, 2.0);
    law.width = 0.2;
    REQUIRE(explorer.draw(law).empty());
    const Vector mean = law.at.transpose() * law.mass / law.mass.sum();
    CHECK((explorer.view().frames[0]->law->mean - mean).norm() < 2e-3);
    CHECK(value_of(explorer, "initial") == "drawn");
    law.mass.setZero();
    CHECK(explorer.draw(law) == "nothing was drawn");
    law.at = Points::Zero(1, 3);
    CHECK_FALSE(explorer.draw(law).empty());
  }
}

TEST_CASE("Scrubbing shows the same frames again, and a step goes on from the end") {
  Explorer explorer(settings_of("double_well", "two_heaps"));
  const auto before = frames_after(explorer, 6);
  explorer.scrub(2);
  CHECK(explorer.view().shown == 2);
  CHECK(explorer.view().frames == before);
  explorer.scrub(99);
  CHECK(explorer.view().shown == 6);
  explorer.scrub(0);
  explorer.step();
  CHECK(explorer.view().shown == 7);
  CHECK(explorer.view().frames.back()->time == Approx(0.7));
  explorer.restart();
  CHECK(explorer.view().frames.size() == 1);
  // The same settings give the same flow.
  CHECK(frames_after(explorer, 6).back()->law->mean == before.back()->law->mean);
}

TEST_CASE("Frames stay bounded") {
  ExploreSettings settings = settings_of("quadratic", "narrow");
  settings.grid = false;
  settings.frames = 20;
  Explorer explorer(settings);
  frames_after(explorer, 15);
  CHECK_FALSE(explorer.view().forgot);
  const auto frames = frames_after(explorer, 60);
  CHECK(frames.size() <= 20);
  CHECK(frames.size() >= 10);
  CHECK(explorer.view().forgot);
  CHECK(frames.front()->time == 0.0);
  CHECK(frames.back()->time == Approx(7.5));
  for (std::size_t k = 1; k < frames.size(); ++k) CHECK(frames[k]->time > frames[k - 1]->time);
}

TEST_CASE("In the plane the flow agrees with the grid") {
  Explorer explorer(settings_of("double_well", "narrow", 2));
  const auto frames = frames_after(explorer, 4);
  REQUIRE(frames.size() == 5);
  const FlowFrame& last = *frames.back();
  CHECK(last.kl_grid < 1e-2);
  CHECK(last.grid);
  CHECK(last.to_stationary < frames.front()->to_stationary);
  CHECK(last.map.from.rows() >= 100);
  CHECK(last.map.from.rows() <= 200);
  CHECK(last.map.to.allFinite());
  CHECK(last.map.log_det.allFinite());
  const ExploreView view = explorer.view();
  CHECK(view.potential_field.values.size() == view.stationary_field.values.size());
  REQUIRE(explorer.set("initial", "ring").empty());
  REQUIRE(explorer.set("dimension", "1").empty());
  CHECK(value_of(explorer, "initial") == "narrow");
}

TEST_CASE("A study is saved as a config, and opened from one") {
  test::TemporaryFolder folder;
  Explorer explorer(settings_of("mixture", "three_heaps", 2));
  REQUIRE(explorer.set("beta", "1.5").empty());
  const Config saved = parse_config(explorer.config_text(), "saved.json");
  CHECK(saved.model.dimension() == 2);
  CHECK(saved.model.beta == 1.5);
  CHECK(saved.filter.jko.step == 0.1);

  Explorer other(settings_of("quadratic", "narrow"));
  REQUIRE(other.open(folder.file("saved.json", explorer.config_text())).empty());
  CHECK(other.settings().dimension == 2);
  CHECK(value_of(other, "potential") == "study");
  CHECK(other.view().frames[0]->law->mean == explorer.view().frames[0]->law->mean);
  CHECK(other.formula() == explorer.formula());
  // Other fields can still be changed, and another potential chosen and the study's chosen again.
  CHECK(other.set("potential", "double_well").empty());
  CHECK(other.set("potential", "study").empty());
  CHECK_FALSE(other.open(folder.path("missing.json")).empty());
  CHECK(other.open(JKO_SOURCE_DIR "/configs/eu_volatility_4d.json").find("4 dimensions") != std::string::npos);
}

TEST_CASE("A window plays, pauses, changes and closes a flow") {
  ViewPort port;
  ExploreSettings settings = settings_of("double_well", "narrow");
  settings.grid = false;
  std::thread run([&] { explore_run(port, settings); });
  const auto until = [&](const auto& condition) {
    for (int k = 0; k < 3000; ++k) {
      port.fetch();
      if (port.snapshot() && condition(*port.snapshot())) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  };
  CHECK(until([](const Snapshot& s) { return s.status.kind == RunKind::explore && s.explore->frames.size() == 1; }));
  CHECK(port.snapshot()->status.paused);
  port.send(StepOnce{});
  CHECK(until([](const Snapshot& s) { return s.explore->frames.size() == 2; }));
  port.send(SetSpeed{std::numeric_limits<double>::infinity()});
  port.send(Play{});
  CHECK(until([](const Snapshot& s) { return s.explore->frames.size() > 5 && s.explore->playing; }));
  port.send(Pause{});
  CHECK(until([](const Snapshot& s) { return s.status.paused; }));
  const std::size_t frames = port.snapshot()->explore->frames.size();
  port.send(SetField{"beta", "cold"});
  CHECK(until([](const Snapshot& s) { return !field(s.status.fields, "beta").error.empty(); }));
  CHECK(port.snapshot()->explore->frames.size() == frames);
  REQUIRE_FALSE(port.snapshot()->log.empty());
  CHECK(port.snapshot()->log.back().level == LogLine::Level::error);
  port.send(ScrubTo{1});
  CHECK(until([](const Snapshot& s) { return s.explore->shown == 1; }));
  port.send(SetField{"beta", "3"});
  CHECK(until([](const Snapshot& s) { return s.explore->beta == 3.0 && s.explore->frames.size() == 1; }));
  test::TemporaryFolder folder;
  port.send(SaveConfig{folder.path("study.json")});
  CHECK(until([](const Snapshot& s) { return s.log.back().level == LogLine::Level::note; }));
  CHECK(load_config(folder.path("study.json")).model.beta == 3.0);
  port.send(SetSpeed{10.0});
  port.send(Play{});
  CHECK(until([](const Snapshot& s) { return s.explore->frames.size() > 3; }));
  port.send(Reset{});
  port.close();
  run.join();
}
