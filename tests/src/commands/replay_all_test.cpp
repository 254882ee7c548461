#include "tests/src/program.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::json_lines;
using jko::test::one_line;
using jko::test::Outcome;
using jko::test::run;
using jko::test::TemporaryFolder;
using jko::test::timeless_lines;
using nlohmann::json;

TEST_CASE("several recordings side by side give what each gives alone") {
  TemporaryFolder folder;
  const std::string config = folder.file("m.json", test::kOrnsteinUhlenbeck);
  const std::vector<std::string> texts{"t,y\n0.5,1.0\n1.0,0.2\n", "t,y\n0.5,-1.0\n", "t,y\n0.4,0.1\n0.9,0.3\n1.3,0\n"};
  std::vector<std::string> files;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    files.push_back(folder.file("r" + std::to_string(i) + ".csv", texts[i]));
    const Outcome alone = run({"replay", "-c", config, "-i", files.back(), "-m", "jko", "--threads", "1", "-q", "-o",
                               folder.path("alone" + std::to_string(i))});
    REQUIRE(alone.code == 0);
  }
  const Outcome all = run({"replay", "-c", config, "-m", "jko", "--threads", "3", "-o", folder.path("all"), "-i",
                           files[0], files[1], files[2]});
  CAPTURE(all.err);
  REQUIRE(all.code == 0);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CAPTURE(i);
    const std::string name = std::to_string(i);
    CHECK(all.out.find(files[i]) != std::string::npos);
    CHECK(timeless_lines(json_lines(folder.read("all/r" + name + "/posterior.jsonl"))) ==
          timeless_lines(json_lines(folder.read("alone" + name + "/posterior.jsonl"))));
    CHECK(json::parse(folder.read("all/r" + name + "/summary.json"))["device"] == "processor");
  }
}

TEST_CASE("a bad recording among several is said, and the others are filtered") {
  TemporaryFolder folder;
  const std::string config = folder.file("m.json", test::kOrnsteinUhlenbeck);
  const Outcome outcome = run({"replay", "-c", config, "-i", folder.file("good.csv", "t,y\n0.5,1.0\n"),
                               folder.file("bad.csv", "t,y\n0.5,high\n"), "-o", folder.path("out")});
  CHECK(outcome.code == 2);
  CHECK(one_line(outcome.err));
  CHECK(outcome.err.rfind(folder.path("bad.csv") + ":2", 0) == 0);
  CHECK(json_lines(folder.read("out/good/posterior.jsonl")).size() == 1);
  CHECK(json::parse(folder.read("out/bad/summary.json")).contains("error"));
}

TEST_CASE("recordings whose results would go to one folder are refused") {
  TemporaryFolder folder;
  const std::string config = folder.file("m.json", test::kOrnsteinUhlenbeck);
  const std::string recording = folder.file("r.csv", "t,y\n0.5,1.0\n");
  const Outcome outcome = run({"replay", "-c", config, "-i", recording, "-i", recording, "-o", folder.path("out")});
  CHECK(outcome.code == 2);
  CHECK(one_line(outcome.err));
  const Outcome watched = run({"replay", "-c", config, "-i", recording, "x.csv", "--screenshot", "p.png"});
  CHECK(watched.code == 2);
  CHECK(watched.err.find("single recording") != std::string::npos);
}
