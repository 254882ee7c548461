#include <csignal>
#include <filesystem>
#include <sstream>

#include "tests/src/program.hpp"
#include "tests/src/program_process.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::Outcome;
using jko::test::run;
using jko::test::TemporaryFolder;
using nlohmann::json;

namespace {

const char* const kFilteringStudy = R"({"study": "filtering", "methods": ["bootstrap_100"], "repeats": 3,
  "grid": {"cells": 500, "step": 0.02}, "euler_step": 0.02})";

std::vector<std::string> arguments(const TemporaryFolder& folder, const std::string& output,
                                   const std::vector<std::string>& more) {
  std::vector<std::string> all = {"experiment", "filtering",         "-c", folder.file("config.json", kFilteringStudy),
                                  "-o",         folder.path(output), "-q"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// A CSV file without its columns of wall time.
std::string without_seconds(const std::string& csv) {
  std::vector<bool> kept;
  std::string text;
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line); text += "\n") {
    std::istringstream entries(line);
    std::size_t i = 0;
    for (std::string entry; std::getline(entries, entry, ','); ++i) {
      if (i == kept.size()) kept.push_back(entry != "seconds");
      if (kept[i]) text += entry + ",";
    }
  }
  return text;
}

}  // namespace

TEST_CASE("an experiment is run, and run again with more repeats") {
  const TemporaryFolder folder;
  const Outcome outcome = run(arguments(folder, "out", {}));
  CAPTURE(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(outcome.out.empty());
  for (const char* file : {"study.json", "filtering.md", "filtering.csv", "results/r02-bootstrap_100.json"}) {
    CHECK(folder.has(std::string("out/") + file));
  }
  const std::string first = folder.read("out/results/r00-bootstrap_100.json"), table = folder.read("out/filtering.csv");
  REQUIRE(run(arguments(folder, "out", {"--repeats", "4", "--resume"})).code == 0);
  CHECK(folder.has("out/results/r03-bootstrap_100.json"));
  REQUIRE(run(arguments(folder, "out", {"--resume"})).code == 0);
  CHECK(folder.read("out/results/r00-bootstrap_100.json") == first);
  CHECK(folder.read("out/filtering.csv") == table);

  const Outcome refused = run(arguments(folder, "out", {"--resume", "--seed", "1"}));
  CHECK(refused.code == 2);
  CHECK(refused.err.find("study.json: seed: the results were made with 0, now it is 1") != std::string::npos);
  CHECK(folder.read("out/filtering.csv") == table);
}

TEST_CASE("an experiment that is killed goes on as if nothing had been") {
  const TemporaryFolder folder;
  // More than it could do before it is killed.
  test::ProgramProcess process(arguments(folder, "killed", {"--repeats", "2000"}));
  REQUIRE(test::eventually([&] { return folder.has("killed/results/r02-bootstrap_100.json"); }));
  CHECK(process.stop(SIGKILL) == -SIGKILL);
  REQUIRE_FALSE(folder.has("killed/filtering.csv"));
  const std::string kept = folder.read("killed/results/r01-bootstrap_100.json");
  int done = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path("killed/results"))) {
    done += entry.path().extension() == ".json";
  }

  const std::string repeats = std::to_string(done + 2);
  REQUIRE(run(arguments(folder, "killed", {"--repeats", repeats, "--resume"})).code == 0);
  REQUIRE(run(arguments(folder, "whole", {"--repeats", repeats})).code == 0);
  CHECK(folder.read("killed/results/r01-bootstrap_100.json") == kept);
  const std::string table = without_seconds(folder.read("killed/filtering.csv"));
  CHECK(table.find("bootstrap_100,") != std::string::npos);
  CHECK(table == without_seconds(folder.read("whole/filtering.csv")));
}

TEST_CASE("an experiment refuses names, methods and configs that are none, with the nearest one") {
  const TemporaryFolder folder;
  const Outcome name = run({"experiment", "filtring"});
  CHECK(name.code == 2);
  CHECK(name.err.find("unknown study 'filtring'") != std::string::npos);
  CHECK(name.err.find("(did you mean 'filtering'?)") != std::string::npos);
  const Outcome method = run(arguments(folder, "out", {"-m", "jko,bootstrap_1000,bootstrp_100"}));
  CHECK(method.code == 2);
  CHECK(method.err.find("--methods: unknown method 'bootstrp_100'") == 0);
  CHECK(run({"experiment", "ornstein-uhlenbeck", "-c", folder.file("config.json", kFilteringStudy)}).code == 2);
  CHECK(run(arguments(folder, "out", {"--dims", "2"})).err.find("--dims: expected integers from 1 to 1, found 2") == 0);
  CHECK(run(arguments(folder, "out", {"--repeats", "0"})).code == 2);
  CHECK(run(arguments(folder, "out", {"--data", "data"})).err == "--data: this study has no data sets\n");
  CHECK(run(arguments(folder, "out", {"--save", "flow"})).code == 2);
  CHECK_FALSE(folder.has("out"));
}

TEST_CASE("an experiment's help names the studies and teaches by example") {
  const Outcome help = run({"experiment", "--help"});
  CHECK(help.code == 0);
  CHECK(help.out.find("filtering, ornstein-uhlenbeck") != std::string::npos);
  CHECK(help.out.find("jkofilter experiment filtering --config") != std::string::npos);
}
