#include "src/config.hpp"

#include "tests/src/input_error.hpp"
#include "tests/src/program.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::ends_with;
using jko::test::input_error_of;
using jko::test::TemporaryFolder;

namespace {

Config load(const std::string& text) {
  const TemporaryFolder folder;
  return load_config(folder.file("m.json", text));
}

/// What is said of the config, from the file's name on.
std::string config_complaint(const std::string& text) {
  const std::string message = input_error_of([&] { load(text); });
  return message.empty() ? "" : message.substr(message.find("m.json"));
}

/// The linear config with one piece of its text replaced.
std::string changed_config(const std::string& from, const std::string& to) {
  std::string text = test::kOrnsteinUhlenbeck;
  const auto place = text.find(from);
  REQUIRE(place != std::string::npos);
  return text.replace(place, from.size(), to);
}

double potential_at(const Config& config, const Vector& x) {
  Vector value(1);
  Points gradient(1, x.size());
  config.model.potential->evaluate(x.transpose(), 0.0, value, gradient);
  return value[0];
}

double log_likelihood(const Config& config, const Vector& x, const Vector& y) {
  Vector value(1);
  config.model.observation->log_likelihood(x.transpose(), y, 0.0, value);
  return value[0];
}

std::string two_dimensions(const std::string& potential, const std::string& observation) {
  return R"({"state": {"dimension": 2}, "beta": 1, "initial": {"type": "gaussian", "mean": [0, 0], "covariance": [[1, 0],
             [0, 1]]}, "potential": )" +
         potential + R"(, "observation": )" + observation + "}";
}

}  // namespace

TEST_CASE("a config of five lines is a whole study") {
  const Config config = load(test::kFiveLines);
  CHECK(config.name == "m");
  CHECK(config.model.beta == 2.5);
  CHECK(config.columns == std::vector<std::string>{"y"});
  CHECK(potential_at(config, Vector::Constant(1, 2.0)) == Approx(4.0 - 2.0 + 0.4));
  CHECK(log_likelihood(config, Vector::Constant(1, 0.2), Vector::Constant(1, 1.0)) == Approx(-2.5 * std::log(2.0)));
  CHECK(config.filter.method == "jko");
  CHECK(config.filter.jko.scheme == Scheme::bdf2);
  CHECK(config.schedule.time(0) == 1.0);
  CHECK(config.schedule.end == 20.0);
  CHECK(config.time.seconds == 1.0);
}

TEST_CASE("every shipped config is valid") {
  for (const char* name : {"sine_well", "sine_well_long", "dax_volatility", "double_well_2d", "ou_linear"}) {
    CAPTURE(name);
    CHECK(load_config(std::string(JKO_SOURCE_DIR "/configs/") + name + ".json").name == name);
  }
}

TEST_CASE("each potential is the formula that the manual says") {
  const std::string seen = R"({"type": "linear", "R": [[1, 0], [0, 1]]})";
  const auto at = [&](const std::string& potential) {
    return potential_at(load(two_dimensions(potential, seen)), Eigen::Vector2d(0.25, 2.0));
  };
  CHECK(at(R"({"type": "quadratic", "A": [[2, 1], [1, 4]], "b": [1, 0]})") == Approx(0.0625 + 0.5 + 8.0 - 0.25));
  CHECK(at(R"({"type": "sine_well"})") == Approx(1 / M_PI + 0.25 * (0.0625 + 4.0)));
  CHECK(at(R"({"type": "double_well", "height": 2, "width": [0.5, 1]})") == Approx(2 * 0.5625 + 2 * 9.0));
  CHECK(at(R"({"type": "expression", "formula": "x0*x1 + t"})") == Approx(0.5));
  CHECK(at(R"({"type": "mixture", "components": [{"mean": [0.25, 2], "covariance": [[1, 0], [0, 1]]}]})") ==
        Approx(std::log(2 * M_PI)));
}

TEST_CASE("each observation model is the law that the manual says") {
  const std::string well = R"({"type": "sine_well"})";
  const auto at = [&](const std::string& observation, const Vector& y) {
    return log_likelihood(load(two_dimensions(well, observation)), Eigen::Vector2d(0.5, 2.0), y);
  };
  const double root = 0.5 * std::log(2 * M_PI);
  CHECK(at(R"({"type": "linear", "H": [[1, 1]], "R": 4})", Vector::Constant(1, 4.5)) ==
        Approx(-0.5 - root - std::log(2.0)));
  CHECK(at(R"({"type": "nonlinear", "formulas": "x0*x1", "noise": {"standard_deviation": 2}})",
           Vector::Constant(1, 3.0)) == Approx(-0.5 - root - std::log(2.0)));
  CHECK(
      at(R"({"type": "nonlinear", "formulas": ["x0"], "noise": {"type": "student_t", "scale": 1, "degrees_of_freedom": 1}})",
         Vector::Constant(1, 1.5)) == Approx(-std::log(2 * M_PI)));
  CHECK(at(R"({"type": "poisson", "rates": ["x1"]})", Vector::Constant(1, 3.0)) == Approx(std::log(8.0 / 6.0) - 2.0));
  CHECK(at(R"({"type": "bernoulli", "logits": ["x1"]})", Vector::Constant(1, 1.0)) ==
        Approx(-std::log1p(std::exp(-2.0))));
  CHECK(at(R"({"type": "stochastic_volatility"})", Eigen::Vector2d(0, 0)) == Approx(-2 * root - 1.25));
  CHECK(at(R"({"type": "expression", "log_likelihood": "x0*y0 + x1*y1"})", Eigen::Vector2d(2, 3)) == Approx(7.0));
}

TEST_CASE("diffusion is another way to say beta") {
  CHECK(load(changed_config("\"beta\": 1", "\"diffusion\": 0.5")).model.beta == Approx(8.0));
  CHECK(config_complaint(changed_config("\"beta\": 1", "\"beta\": 1, \"diffusion\": 1")) ==
        "m.json:4: diffusion: expected beta or diffusion, not both");
  CHECK(config_complaint(changed_config("\"beta\": 1,", "")) == "m.json:1: beta: this key is missing");
}

TEST_CASE("an initial law may be a mixture at a time of its own") {
  const Config config = load(changed_config(R"({"type": "gaussian", "mean": 0, "covariance": 1})",
                                            R"({"type": "mixture", "time": 2, "components": [
                                         {"weight": 3, "mean": 1, "covariance": 1}, {"mean": -1, "covariance": 2}]})"));
  CHECK(config.model.start_time == 2.0);
  CHECK(config.model.initial.mean()[0] == Approx(0.5));
  CHECK(config.schedule.start == 2.5);
}

TEST_CASE("filter settings reach the filters' options") {
  const Config config =
      load(changed_config(R"("filter": {"method": "kalman", "grid": {"cells": 400}, "bootstrap": {"particles": 2000}})",
                          R"("filter": {"scheme": "jko", "solver": "lbfgs", "tau": 0.2, "nodes": 300,
      "widths": [16, 8], "iterations": 7, "budget_ms": 3, "resample_below": 0.4, "chain": 5,
      "grid": {"cells": 100, "step": 0.01, "domain": [[-3, 4]]},
      "bootstrap": {"particles": 77, "step": 0.02, "resample_below": 0.9, "bandwidth": "scott"},
      "apf": {"particles": 78, "step": 0.03, "bandwidth": "scott"}, "enkf": {"members": 79, "step": 0.04},
      "gaussian_sum": {"components": 80}})"));
  const JkoOptions& jko = config.filter.jko;
  CHECK(jko.scheme == Scheme::jko);
  CHECK(jko.solver == Solver::lbfgs);
  CHECK(jko.step == 0.2);
  CHECK(jko.nodes == 300);
  CHECK(jko.widths == std::vector<Index>{16, 8});
  CHECK(jko.iterations == 7);
  CHECK(jko.budget_ms == 3.0);
  CHECK(jko.resample_below == 0.4);
  CHECK(jko.chain == 5);
  CHECK(config.filter.grid.cells == 100);
  CHECK(config.filter.grid.step == 0.01);
  CHECK(config.filter.grid.domain == std::vector<std::pair<double, double>>{{-3.0, 4.0}});
  CHECK(config.filter.bootstrap.particles == 77);
  CHECK(config.filter.bootstrap.step == 0.02);
  CHECK(config.filter.bootstrap.resample_below == 0.9);
  CHECK(config.filter.bootstrap.bandwidth == Bandwidth::scott);
  CHECK(config.filter.apf.particles == 78);
  CHECK(config.filter.apf.step == 0.03);
  CHECK(config.filter.apf.bandwidth == Bandwidth::scott);
  CHECK(config.filter.enkf.members == 79);
  CHECK(config.filter.enkf.step == 0.04);
  CHECK(config.filter.gaussian_sum.components == 80);
}

TEST_CASE("settings of a live run, each with its default") {
  CHECK(load(test::kOrnsteinUhlenbeck).live.budget_ms == 0.0);
  const Config config =
      load(changed_config(R"("filter": {)", R"("live": {"budget_ms": 40, "gate": 12.5}, "filter": {)"));
  CHECK(config.live.budget_ms == 40.0);
  CHECK(config.live.gate == 12.5);
  CHECK(config.gpsd_fields.empty());
}

TEST_CASE("gpsd's fields are one for each observed value") {
  const auto with = [](const std::string& gpsd) {
    return changed_config(R"("filter": {)", R"("live": {"gpsd": )" + gpsd + R"(}, "filter": {)");
  };
  CHECK(load(with(R"({"fields": ["speed"]})")).gpsd_fields == std::vector<std::string>{"speed"});
  CHECK(config_complaint(with(R"({"fields": ["lat", "lon"]})")) ==
        "m.json:8: live.gpsd.fields: expected 1, one for each observed value, found 2");
  CHECK(config_complaint(with(R"({"field": ["lat"]})")).find("did you mean 'fields'") != std::string::npos);
}

TEST_CASE("a mistyped key or name anywhere is told with the nearest valid one") {
  CHECK(config_complaint(changed_config("potential", "potental")) ==
        "m.json:3: potental: unknown key (did you mean 'potential'?)");
  CHECK(config_complaint(changed_config("\"quadratic\"", "\"quadratc\"")) ==
        "m.json:3: potential.type: expected double_well, expression, mixture, quadratic or sine_well, found 'quadratc' "
        "(did you mean 'quadratic'?)");
  CHECK(config_complaint(changed_config("interval", "intervall")) ==
        "m.json:7: schedule.intervall: unknown key (did you mean 'interval'?)");
  CHECK(config_complaint(changed_config("particles", "partikles")) ==
        "m.json:8: filter.bootstrap.partikles: unknown key (did you mean 'particles'?)");
  CHECK(config_complaint(changed_config("\"kalman\"", "\"calman\"")) ==
        "m.json:8: filter.method: expected apf, bootstrap, ekf, enkf, gaussian_sum, grid, jko, kalman or ukf, found "
        "'calman' (did you mean 'kalman'?)");
}

TEST_CASE("numbers out of range and sizes that do not fit are told with line and key") {
  CHECK(config_complaint(changed_config("\"dimension\": 1", "\"dimension\": 65")) ==
        "m.json:2: state.dimension: expected an integer from 1 to 64, found 65");
  CHECK(config_complaint(changed_config("\"beta\": 1", "\"beta\": -1")) ==
        "m.json:4: beta: expected a positive number, found -1");
  CHECK(config_complaint(changed_config("\"mean\": 0", "\"mean\": [0, 0]")) ==
        "m.json:5: initial.mean: expected an array of 1 number, found an array of 2");
  CHECK(config_complaint(changed_config("\"R\": 0.25", "\"R\": -0.25")).rfind("m.json:6: observation.R: ", 0) == 0);
  CHECK(config_complaint(changed_config("\"covariance\": 1", "\"covariance\": 0"))
            .rfind("m.json:5: initial.covariance: ", 0) == 0);
  CHECK(config_complaint(changed_config("\"R\": 0.25", "\"R\": 0.25, \"columns\": [\"a\", \"b\"]")) ==
        "m.json:6: observation.columns: expected 1 name, one for each observed value, found 2");
  CHECK(config_complaint(changed_config("\"end\": 8", "\"end\": 1")) ==
        "m.json:7: schedule.end: expected a time not before the last observation's");
  CHECK(
      config_complaint(changed_config("\"beta\": 1", "\"beta\": 1e999")).rfind("m.json:4: JSON: number overflow", 0) ==
      0);
  CHECK(config_complaint(changed_config("\"beta\": 1", "\"beta\": 1, \"name\": \"../a\"")) ==
        "m.json:4: name: expected a name that a folder can have");
}

TEST_CASE("a formula that does not compile is told with the compiler's message") {
  std::string text = test::kFiveLines;
  text.replace(text.find("x0/5"), 4, "sine(x0)");
  const std::string unknown = config_complaint(text);
  CHECK(unknown.rfind("m.json:2: potential.formula: ", 0) == 0);
  CHECK(unknown.find("'sine'") != std::string::npos);
  CHECK(unknown.find("did you mean 'sin'?") != std::string::npos);

  text.replace(text.find("sine(x0)"), 8, "");
  const std::string incomplete = config_complaint(text);
  CHECK(incomplete.rfind("m.json:2: potential.formula: ", 0) == 0);
  CHECK(incomplete.find('\n') == std::string::npos);
}
