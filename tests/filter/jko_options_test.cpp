#include "jko/jko_options.hpp"

#include "jko/baselines.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

/// What is wrong with the options; empty if nothing is.
template <class Options>
std::string wrong_with(const Options& options) {
  std::string why = "untouched";
  const bool valid = options.validate(&why);
  CHECK(valid == why.empty());
  CHECK(options.validate() == why.empty());
  return why;
}

template <class Options, class Change>
std::string wrong_with_changed(const Change& change) {
  Options options;
  change(options);
  return wrong_with(options);
}

}  // namespace

TEST_CASE("default options are valid") {
  CHECK(wrong_with(JkoOptions{}).empty());
  CHECK(wrong_with(GridOptions{}).empty());
  CHECK(wrong_with(ParticleOptions{}).empty());
  CHECK(wrong_with(AuxiliaryParticleOptions{}).empty());
  CHECK(wrong_with(EnsembleKalmanOptions{}).empty());
  CHECK(wrong_with(GaussianSumOptions{}).empty());
}

TEST_CASE("options that make no sense are refused in words") {
  const auto jko = [](auto change) { return wrong_with_changed<JkoOptions>(change); };
  CHECK(jko([](auto& o) { o.step = -1.0; }) == "the step must be positive (or 0: automatic)");
  CHECK(jko([](auto& o) { o.step = kNaN; }) == "the step must be positive (or 0: automatic)");
  CHECK(jko([](auto& o) { o.nodes = 31; }) == "at least 32 nodes are needed");
  CHECK(jko([](auto& o) { o.nodes = -5; }) == "at least 32 nodes are needed");
  CHECK(jko([](auto& o) { o.iterations = 0; }) == "at least one iteration is needed");
  CHECK(jko([](auto& o) { o.tolerance = kNaN; }) == "the tolerance must not be negative");
  CHECK(jko([](auto& o) { o.budget_ms = -0.1; }) == "the budget must not be negative");
  CHECK(jko([](auto& o) { o.resample_below = 1.1; }) == "resample_below must lie in [0, 1]");
  CHECK(jko([](auto& o) { o.resample_below = kNaN; }) == "resample_below must lie in [0, 1]");
  CHECK(jko([](auto& o) { o.chain = -1; }) == "the chain's length must not be negative");
  CHECK(jko([](auto& o) { o.widths = {4, 0}; }) == "a layer needs at least one hidden unit");
  CHECK(!jko([](auto& o) { o.solver = Solver::newton, o.widths = {4, 4}; }).empty());
  CHECK(!jko([](auto& o) { o.solver = Solver::pooled, o.widths = {4, 4}; }).empty());
  CHECK(!jko([](auto& o) { o.solver = Solver::pooled, o.widths = {1}; }).empty());
  CHECK(!wrong_with_changed<GridOptions>([](auto& o) { o.cells = 15; }).empty());
  CHECK(!wrong_with_changed<GridOptions>([](auto& o) { o.step = kNaN; }).empty());
  CHECK(!wrong_with_changed<GridOptions>([](auto& o) { o.domain = {{1.0, 1.0}}; }).empty());
  CHECK(!wrong_with_changed<ParticleOptions>([](auto& o) { o.particles = 1; }).empty());
  CHECK(!wrong_with_changed<ParticleOptions>([](auto& o) { o.resample_below = -0.1; }).empty());
  CHECK(!wrong_with_changed<AuxiliaryParticleOptions>([](auto& o) { o.step = -1.0; }).empty());
  CHECK(!wrong_with_changed<EnsembleKalmanOptions>([](auto& o) { o.members = 2; }).empty());
  CHECK(!wrong_with_changed<GaussianSumOptions>([](auto& o) { o.components = 0; }).empty());
}
