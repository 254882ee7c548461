#include "src/experiments/runner.hpp"

#include <fstream>
#include <set>
#include <sstream>

#include "src/experiments/table_text.hpp"
#include "tests/src/input_error.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::input_error_of;
using jko::test::TemporaryFolder;
using nlohmann::ordered_json;

namespace {

/// Stands for a signal: no std::exception, so that nothing catches it.
struct Interruption {};

/// Squares of the numbers from 0 to 5, one task each.
struct Squares final : Study {
  ordered_json settings() const override {
    return {{"power", power}, {"list", {1, list_end}}, {"inner", {{"x", 0.1}}}};
  }

  std::vector<StudyTask> tasks() const override {
    std::vector<StudyTask> tasks;
    tasks.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      tasks.push_back({"n" + std::to_string(i), "number " + std::to_string(i), 1.0 + i, [this, i]() -> ordered_json {
                         if (i == interrupted_at) throw Interruption{};
                         done.insert(i);
                         if (failing.count(i) > 0) throw std::runtime_error("no luck with " + std::to_string(i));
                         // A number that a careless writer would round, and how often it was asked for.
                         return {{"square", i * i + 0.1}, {"asked", ++asked}};
                       }});
    }
    return tasks;
  }

  StudyReport report(const std::vector<ordered_json>& results) const override {
    StudyTable table{"squares", "All of them.", {"result", "a|b"}, {}};
    for (const ordered_json& result : results) table.rows.push_back({result.dump(), "x,\"y\""});
    return {{table}, {{"curve", picture}}};
  }

  int power = 2, list_end = 2, count = 6, interrupted_at = -1;
  std::set<int> failing;
  std::string picture = "plot x";
  mutable std::set<int> done;
  mutable int asked = 0;
};

struct Said {
  std::string out, err;
};
Said run_squares(const Study& study, const TemporaryFolder& folder, bool resume = false, bool quiet = false) {
  std::ostringstream out, err;
  run_study(study, folder.path("study"), {resume, quiet}, out, err);
  return {out.str(), err.str()};
}

}  // namespace

TEST_CASE("a study leaves a result for each task, its settings, and tables of them all") {
  const TemporaryFolder folder;
  const Squares study;
  const Said said = run_squares(study, folder);
  CHECK(ordered_json::parse(folder.read("study/study.json")) == study.settings());
  CHECK(ordered_json::parse(folder.read("study/results/n3.json"))["square"] == 9.1);
  CHECK(folder.read("study/squares.md").find("| {\"square\":25.1,\"asked\":6} | x,\"y\" |") != std::string::npos);
  CHECK(folder.read("study/squares.csv").find("\"{\"\"square\"\":25.1,\"\"asked\"\":6}\",\"x,\"\"y\"\"\"\n") !=
        std::string::npos);
  CHECK(said.out.find(folder.read("study/squares.md")) != std::string::npos);
  CHECK(said.out.find("written to " + folder.path("study")) != std::string::npos);
  CHECK(run_squares(study, folder, true, true).out.empty());
}

TEST_CASE("a study that was interrupted goes on with what is left, and its tables are those of one that was not") {
  const TemporaryFolder whole, halves;
  const Squares study;
  run_squares(study, whole);
  Squares interrupted;
  interrupted.interrupted_at = 3;
  CHECK_THROWS_AS(run_squares(interrupted, halves), Interruption);
  CHECK_FALSE(halves.has("study/squares.md"));
  CHECK(interrupted.done == std::set<int>{0, 1, 2});
  Squares rest;
  rest.asked = 3;
  run_squares(rest, halves, true);
  CHECK(rest.done == std::set<int>{3, 4, 5});
  for (const char* file : {"study/squares.md", "study/squares.csv", "study/results/n4.json"}) {
    CHECK(halves.read(file) == whole.read(file));
  }

  Squares more;
  more.count = 7;
  run_squares(more, halves, true);
  CHECK(more.done == std::set<int>{6});
}

TEST_CASE("a result that is torn is done again") {
  const TemporaryFolder folder;
  run_squares(Squares(), folder);
  const std::string whole = folder.read("study/results/n2.json");
  for (const std::string& torn : {whole.substr(0, whole.size() / 2), std::string(), std::string("12")}) {
    folder.file("study/results/n2.json", torn);
    const Squares again;
    run_squares(again, folder, true);
    CHECK(again.done == std::set<int>{2});
    CHECK(ordered_json::parse(folder.read("study/results/n2.json"))["square"] == 4.1);
  }
}

TEST_CASE("a task that fails is told of, is null to the report, and is tried again") {
  const TemporaryFolder folder;
  Squares study;
  study.failing = {1, 4};
  const Said said = run_squares(study, folder);
  CHECK(study.done.size() == 6);
  CHECK(said.err.find("number 4 failed: no luck with 4") != std::string::npos);
  CHECK(said.err.find("2 of 6 tasks failed") != std::string::npos);
  CHECK(ordered_json::parse(folder.read("study/results/n4.json")) == ordered_json{{"failed", "no luck with 4"}});
  CHECK(folder.read("study/squares.csv").find("\nnull,") != std::string::npos);
  const Squares again;
  run_squares(again, folder, true);
  CHECK(again.done == std::set<int>{1, 4});
  CHECK(folder.read("study/squares.csv").find("null") == std::string::npos);
}

TEST_CASE("results of other settings are refused with the key that differs") {
  const TemporaryFolder folder;
  run_squares(Squares(), folder);
  Squares other;
  other.power = 3;
  CHECK(input_error_of([&] { run_squares(other, folder, true); }) ==
        folder.path("study/study.json") +
            ": power: the results were made with 2, now it is 3; without --resume, the study begins anew");
  other.power = 2;
  other.list_end = 7;
  CHECK(input_error_of([&] {
          run_squares(other, folder, true);
        }).find("list: the results were made with [1,2], now it is [1,7]") != std::string::npos);
  CHECK(other.done.empty());
  folder.file("study/study.json", "{\"power\": ");
  CHECK(input_error_of([&] { run_squares(Squares(), folder, true); }).find("is not JSON") != std::string::npos);
  run_squares(other, folder);
  CHECK(other.done.size() == 6);
}

TEST_CASE("a study that begins anew removes what an earlier one has left, and nothing else") {
  const TemporaryFolder folder;
  run_squares(Squares(), folder);
  folder.file("study/results/n99.json", "{}");
  folder.file("study/results/n1.json.tmp", "{");
  folder.file("study/results/notes.txt", "mine");
  folder.file("study/notes.md", "mine");
  folder.file("other.md", "mine");
  folder.file("study/report.json", R"(["squares.md", "squares.csv", "../other.md", 7])");
  Squares interrupted;
  interrupted.interrupted_at = 1;
  CHECK_THROWS_AS(run_squares(interrupted, folder), Interruption);
  for (const char* gone : {"results/n1.json", "results/n99.json", "results/n1.json.tmp", "squares.md", "squares.csv"}) {
    CHECK_FALSE(folder.has(std::string("study/") + gone));
  }
  CHECK(folder.read("study/results/notes.txt") == "mine");
  CHECK(folder.read("study/notes.md") == "mine");
  CHECK(folder.read("other.md") == "mine");
}

TEST_CASE("a picture that cannot be drawn is a warning") {
  const TemporaryFolder folder;
  Squares study;
  study.picture = "plot nothing that gnuplot knows";
  const Said said = run_squares(study, folder);
  CHECK(said.err.find("no picture curve.svg") != std::string::npos);
  CHECK(folder.has("study/squares.md"));
}

TEST_CASE("a table's columns are aligned whatever they hold, and its CSV keeps empty entries") {
  const StudyTable table{"t", "Caption.", {"D", "β"}, {{"", "½"}, {"12", "a|b"}}};
  CHECK(markdown(table) ==
        "Caption.\n\n"
        "| D   | β    |\n"
        "|-----|------|\n"
        "|     | ½    |\n"
        "| 12  | a\\|b |\n");
  CHECK(csv(table) == "D,β\n,½\n12,a|b\n");
}
