#include "src/experiments/filtering_study.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "src/experiments/filtering_pictures.hpp"
#include "tests/src/experiments/study_tester.hpp"
#include "tests/src/input_error.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::input_error_of;
using jko::test::options_with;
using jko::test::TemporaryFolder;
using nlohmann::ordered_json;

namespace {

const char* const kSmallFiltering = R"({"repeats": 1, "methods": ["jko", "bootstrap_1000"], "filter": {"tau": 0.1},
  "grid": {"cells": 2000, "step": 0.005}, "euler_step": 0.01})";

/// What a task might have said.
ordered_json made_up(double sym_kl, double seconds) {
  const std::vector<double> flat(kDensityPoints, 0.1);
  return {{"sym_kl", sym_kl}, {"seconds", seconds}, {"grid_seconds", 3.0}, {"density", flat}, {"grid_density", flat}};
}

}  // namespace

TEST_CASE("a recording of the filtering task is drawn by its seed, and spread as the state and its noise are") {
  CHECK(simulate_filtering_task(4) == simulate_filtering_task(4));
  double squares = 0.0;
  int count = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto recording = simulate_filtering_task(seed);
    REQUIRE(recording.size() == 9);
    for (const Vector& y : recording) {
      squares += y.squaredNorm();
      ++count;
    }
  }
  // Unit noise and a state whose variance lies between that of the beginning, 1, and 2, of the parabola without wells.
  CHECK(squares / count > 1.6);
  CHECK(squares / count < 3.6);
}

TEST_CASE("the JKO filter's law is the grid's, and that of a thousand particles is near it") {
  const TemporaryFolder folder;
  const FilteringStudy study(options_with(folder, kSmallFiltering));
  const auto tasks = study.tasks();
  REQUIRE(tasks.size() == 2);
  const ordered_json jko = tasks[0].run(), particles = tasks[1].run();
  CHECK(jko["sym_kl"].get<double>() < 1e-3);
  CHECK(jko["fallbacks"] == 0);
  CHECK(particles["sym_kl"].get<double>() > 3e-3);
  CHECK(particles["sym_kl"].get<double>() < 0.3);
  CHECK(jko["grid_density"] == particles["grid_density"]);
  const auto density = jko["density"].get<std::vector<double>>();
  REQUIRE(density.size() == kDensityPoints);
  const double spacing = 2.0 * kDensityReach / (kDensityPoints - 1);
  CHECK(std::accumulate(density.begin(), density.end(), 0.0) * spacing == Approx(1.0).epsilon(2e-3));
}

TEST_CASE("the filtering table has medians, quartiles and the published counterparts, and does without what failed") {
  const TemporaryFolder folder;
  StudyOptions options = options_with(folder, kSmallFiltering);
  options.repeats = 5;
  const FilteringStudy study(options);
  std::vector<ordered_json> results;
  for (const double value : {0.5, 0.1, 0.4, 0.2, 0.3}) {
    results.push_back(made_up(value, 10.0 * value));
    results.emplace_back(nullptr);
  }
  const StudyTable table = study.report(results).tables.at(0);
  CHECK(table.rows[0] == std::vector<std::string>{"jko", "0.3", "0.2 to 0.4", "0.5", "3", "ICNN_jko", "0.017",
                                                  "0.0133 to 0.0246", "0.568", "10753", "17.6"});
  CHECK(table.rows[1][0] == "bootstrap_1000");
  CHECK(table.rows[1][1].empty());
  CHECK(table.rows[1][6] == "0.04");
  CHECK(table.rows.back()[4] == "3");
  CHECK(study.report(results).pictures.size() == 2);
  CHECK(study.report(std::vector<ordered_json>(10)).pictures.size() == 1);
}

TEST_CASE("the filtering study's config is read with suspicion") {
  const TemporaryFolder folder;
  const auto complaint = [&](const std::string& config) {
    return input_error_of([&] { FilteringStudy(options_with(folder, config)); });
  };
  CHECK(complaint(R"({"grid": {"cell": 1}})").find("grid.cell: unknown key (did you mean 'cells'?)") !=
        std::string::npos);
  CHECK(complaint(R"({"dimensions": 2})").find("expected an integer from 1 to 1") != std::string::npos);
  CHECK(complaint(R"({"filter": {"tau": -1}})").find("filter.tau: expected a positive number") != std::string::npos);
  for (const char* size : {"quick", "paper"}) {
    StudyOptions options;
    options.config = std::string(JKO_SOURCE_DIR "/configs/filtering_") + size + ".json";
    CHECK(FilteringStudy(options).tasks().size() == (size == std::string("quick") ? 3 * 3 : 15 * 5));
  }
}
