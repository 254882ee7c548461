#include "ui/workbench.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "src/commands/commands.hpp"
#include "src/explore/explore_run.hpp"
#include "tests/src/program.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/src/view/view_tester.hpp"
#include "tests/test.hpp"
#include "tests/ui/desk.hpp"

using namespace jko;
using namespace jko::ui;
using jko::test::field;
using jko::test::TemporaryFolder;

namespace {

std::string recording(int count) {
  std::string text = "t,y\n";
  for (int k = 1; k <= count; ++k) text += std::to_string(0.5 * k) + "," + std::to_string(std::sin(0.7 * k)) + "\n";
  return text;
}

/// A replay that stands still until it is told to go on.
struct StillReplay {
  TemporaryFolder folder;
  ReplayOptions options;
  std::ostringstream out, err;
  std::unique_ptr<Desk> desk;

  explicit StillReplay(int observations = 6, double speed = 1e-3) {
    options.config = folder.file("m.json", test::kOrnsteinUhlenbeck);
    options.observations = folder.file("obs.csv", recording(observations));
    options.output = folder.path("out");
    options.method = "jko";
    options.compare = "kalman";
    options.speed = speed;
    options.quiet = true;
    desk = std::make_unique<Desk>([this](ViewPort& port) { watched_replay(options, port, out, err); });
    REQUIRE(desk->until([](const Snapshot& s) { return s.study && s.study->now && !s.status.fields.empty(); }));
  }
  void hurry() { desk->run.port.send(SetSpeed{std::numeric_limits<double>::infinity()}); }
  bool until_seen(Index observations) {
    return desk->until([=](const Snapshot& s) { return s.study->history.size() == observations; });
  }
};

/// The points of a series in the file of an export.
int exported(const std::string& csv, const std::string& series) {
  int count = 0;
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);) count += line.find("," + series + ",") != std::string::npos;
  return count;
}

}  // namespace

TEST_CASE("play, pause, step and reset do to the filter what they say", "[window]") {
  StillReplay replay;
  Desk& desk = *replay.desk;
  REQUIRE(desk.backend.click_landmark("control/play"));
  REQUIRE(desk.until([](const Snapshot& s) { return s.status.paused; }));
  REQUIRE(desk.backend.click_landmark("control/step"));
  REQUIRE(desk.until([](const Snapshot& s) { return s.study->predicted && s.study->between; }));
  CHECK(desk.newest().study->history.empty());
  REQUIRE(desk.backend.click_landmark("control/step"));
  REQUIRE(replay.until_seen(1));
  desk.backend.key_press(ImGuiKey_RightArrow);
  desk.backend.key_press(ImGuiKey_RightArrow);
  REQUIRE(replay.until_seen(2));
  REQUIRE(desk.backend.click_landmark("control/reset"));
  REQUIRE(replay.until_seen(0));
  replay.hurry();
  desk.backend.key_press(ImGuiKey_Space);  // plays
  REQUIRE(replay.until_seen(6));
}

TEST_CASE("the speed slider sets the speed, and its right end takes the limit away", "[window]") {
  StillReplay replay;
  Desk& desk = *replay.desk;
  const Landmark slider = *desk.backend.landmark_of("control/speed");
  desk.backend.click({slider.low.x + 0.5f * (slider.high.x - slider.low.x), slider.centre().y});
  REQUIRE(desk.until([](const Snapshot& s) { return s.status.speed > 0.1; }));
  CHECK(desk.newest().status.speed < 100.0);
  desk.backend.click({slider.high.x - 2.0f, slider.centre().y});
  REQUIRE(desk.until([](const Snapshot& s) { return std::isinf(s.status.speed); }));
  CHECK(replay.until_seen(6));  // it went on to the end
}

TEST_CASE("each setting that is typed or chosen reaches the filter", "[window]") {
  StillReplay replay;
  Desk& desk = *replay.desk;
  const std::pair<const char*, const char*> typed[] = {
      {"beta", "2.5"}, {"observation.R", "0.75"}, {"filter.tau", "0.125"}, {"filter.nodes", "128"}, {"seed", "7"}};
  for (const auto& [key, value] : typed) {
    CAPTURE(key);
    REQUIRE(desk.enter(std::string("control/") + key, value));
    REQUIRE(desk.until([key = key, value = value](const Snapshot& s) { return field(s, key).value == value; }));
  }
  REQUIRE(desk.choose("control/method", "kalman"));
  REQUIRE(desk.until([](const Snapshot& s) { return s.status.method == "kalman"; }));
  REQUIRE(desk.choose("control/compare", "grid"));
  REQUIRE(desk.until([](const Snapshot& s) { return s.status.compared == "grid"; }));
  REQUIRE(desk.choose("control/method", "jko"));
  REQUIRE(desk.until([](const Snapshot& s) { return s.status.method == "jko"; }));
  replay.hurry();
  REQUIRE(replay.until_seen(6));
  CHECK(desk.newest().study->engine.nodes >= 100);
  CHECK(desk.newest().study->engine.nodes <= 160);
}

TEST_CASE("a bad value is refused beside its field and stays there to be mended", "[window]") {
  StillReplay replay;
  Desk& desk = *replay.desk;
  CHECK_FALSE(desk.shows("control/beta/error"));
  REQUIRE(desk.enter("control/beta", "minus one"));
  REQUIRE(desk.until([](const Snapshot& s) { return !field(s, "beta").error.empty(); }));
  CHECK(desk.shows("control/beta/error"));
  CHECK(field(desk.newest(), "beta").value == "1");
  REQUIRE(desk.enter("control/beta", "3"));
  REQUIRE(desk.until([](const Snapshot& s) { return field(s, "beta").value == "3"; }));
  CHECK_FALSE(desk.shows("control/beta/error"));
}

TEST_CASE("a click on a time looks back at the density of then, and Escape comes back", "[window]") {
  StillReplay replay;
  Desk& desk = *replay.desk;
  replay.hurry();
  REQUIRE(replay.until_seen(6));
  CHECK_FALSE(desk.shows("density/now"));
  desk.backend.click(desk.centre("time/density"));
  desk.backend.frames(2);
  CHECK(desk.shows("density/now"));
  REQUIRE(desk.backend.click_landmark("density/now"));
  desk.backend.frames(2);
  CHECK_FALSE(desk.shows("density/now"));
  desk.backend.click(desk.centre("log evidence"));
  desk.backend.frames(2);
  CHECK(desk.shows("density/now"));
  desk.backend.key_press(ImGuiKey_Escape);
  desk.backend.frames(2);
  CHECK_FALSE(desk.shows("density/now"));
}

TEST_CASE("what is shown is exported, and is no more than what is visible at that moment while the view is held",
          "[window]") {
  StillReplay replay(40);
  Desk& desk = *replay.desk;
  desk.run.port.send(Pause{});
  for (int k = 0; k < 6; ++k) desk.run.port.send(StepOnce{});
  REQUIRE(replay.until_seen(3));
  REQUIRE(desk.backend.click_landmark("menu/hold"));
  replay.hurry();
  desk.run.port.send(Play{});
  REQUIRE(replay.until_seen(40));  // the filter did not wait, and the port has it all
  REQUIRE(desk.menu("menu/file", "menu/export"));
  desk.backend.frames(2);
  const std::string held = replay.folder.read("out/shown-001.csv");
  CHECK(exported(held, "90 %") == 0);
  CHECK(exported(held, "log evidence") >= 3);
  CHECK(exported(held, "log evidence") <= 6);  // a line, and its points
  desk.backend.letter_press('H');
  desk.backend.frames(3);
  REQUIRE(desk.menu("menu/file", "menu/export"));
  desk.backend.frames(2);
  CHECK(exported(replay.folder.read("out/shown-002.csv"), "log evidence") >= 40);  // nothing was lost meanwhile
}

TEST_CASE("a view that was zoomed stays while data stream in", "[window]") {
  StillReplay replay(60);
  Desk& desk = *replay.desk;
  desk.run.port.send(Pause{});
  for (int k = 0; k < 20; ++k) desk.run.port.send(StepOnce{});
  REQUIRE(replay.until_seen(10));
  const ImVec2 middle = desk.centre("time/density");
  for (int k = 0; k < 4; ++k) desk.backend.wheel(middle.x, middle.y, 1.0f);
  const auto exported_range = [&](const char* file) {
    REQUIRE(desk.menu("menu/file", "menu/export"));
    desk.backend.frames(2);
    return replay.folder.read(std::string("out/") + file);
  };
  // The moment under the cursor tells what is visible there: a click looks back at it.
  desk.backend.click(middle);
  desk.backend.frames(2);
  REQUIRE(desk.shows("density/now"));
  const auto times_of = [](const std::string& csv) {
    double time = -1.0;
    std::istringstream lines(csv);
    for (std::string line; std::getline(lines, line);) {
      if (line.find(",looked at,") == std::string::npos) continue;
      std::istringstream cells(line);
      std::string cell;
      for (int k = 0; k < 3; ++k) std::getline(cells, cell, ',');
      time = std::stod(cell);
    }
    return time;
  };
  const double before = times_of(exported_range("shown-001.csv"));
  replay.hurry();
  desk.run.port.send(Play{});
  REQUIRE(replay.until_seen(60));
  desk.backend.click(middle);
  desk.backend.frames(2);
  CHECK(times_of(exported_range("shown-002.csv")) == before);
  desk.backend.letter_press('F');  // fits: now six times as much is visible
  desk.backend.frames(3);
  desk.backend.click(middle);
  desk.backend.frames(2);
  CHECK(times_of(exported_range("shown-003.csv")) > before);
}

TEST_CASE("keys and menus reach theme, scale, history, panels, help, screenshot and quit", "[window]") {
  StillReplay replay;
  Desk& desk = *replay.desk;
  desk.backend.letter_press('S');
  REQUIRE(desk.screenshots.size() == 1);
  CHECK(desk.screenshots.front() == replay.folder.path("out/screenshot-001.png"));
  REQUIRE(desk.menu("menu/view", "menu/theme"));
  CHECK(desk.settings.light);
  REQUIRE(desk.menu("menu/view", "menu/scale"));
  desk.backend.frames(3);
  REQUIRE(desk.backend.click_landmark("menu/scale/150 %"));
  CHECK(desk.settings.scale == 1.5f);
  REQUIRE(desk.menu("menu/view", "menu/history"));
  desk.backend.frames(3);
  REQUIRE(desk.backend.click_landmark("menu/history/1000"));
  REQUIRE(desk.until([](const Snapshot& s) { return s.study->history.capacity() == 1000; }));
  CHECK(desk.shows("panel/Engine"));
  REQUIRE(desk.menu("menu/view", "menu/panel/Engine"));
  desk.backend.frames(2);
  CHECK_FALSE(desk.shows("panel/Engine"));
  const float before = desk.centre("panel/Time").y;
  const ImVec2 border = desk.centre("border/middle");
  desk.backend.drag(border, {border.x, border.y + 80.0f});
  desk.backend.frames(2);
  CHECK(desk.centre("panel/Time").y > before + 20.0f);
  REQUIRE(desk.menu("menu/view", "menu/reset_layout"));
  desk.backend.frames(2);
  CHECK(desk.shows("panel/Engine"));
  CHECK(desk.centre("panel/Time").y == Approx(before).margin(1.0));
  CHECK_FALSE(desk.shows("help"));
  desk.backend.type("?");
  desk.backend.frames(2);
  CHECK(desk.shows("help"));
  CHECK_FALSE(desk.workbench.wants_to_quit());
  desk.backend.set_modifiers(true);
  desk.backend.letter_press('Q');
  desk.backend.set_modifiers(false);
  CHECK(desk.workbench.wants_to_quit());
}

TEST_CASE("a window of a pixel, and one of four thousand columns, are drawn without harm", "[window]") {
  StillReplay replay;
  Desk& desk = *replay.desk;
  replay.hurry();
  for (const auto& [width, height] : {std::pair{1.0f, 1.0f}, {40.0f, 3000.0f}, {3000.0f, 20.0f}, {3840.0f, 2160.0f}}) {
    desk.backend.resize(width, height);
    desk.backend.frames(5);
  }
  CHECK(desk.backend.vertices() > 0);
  CHECK(replay.until_seen(6));
}

TEST_CASE("in the plane and beyond, pairs, single coordinates and all of them can be shown", "[window]") {
  const TemporaryFolder folder;
  ReplayOptions options;
  options.config = folder.file("m.json", R"({"state": {"dimension": 3},
    "potential": {"type": "quadratic", "A": [[1, 0, 0], [0, 2, 0], [0, 0, 3]]}, "beta": 1,
    "initial": {"type": "gaussian", "mean": [0, 0, 0], "covariance": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]},
    "observation": {"type": "linear", "H": [[1, 0, 0]], "R": 0.25}, "filter": {"method": "kalman"}})");
  options.observations = folder.file("obs.csv", recording(4));
  options.output = folder.path("out");
  options.paced = false;
  options.quiet = true;
  std::ostringstream out, err;
  Desk desk([&](ViewPort& port) { watched_replay(options, port, out, err); });
  REQUIRE(desk.until([](const Snapshot& s) { return s.status.ended; }));
  CHECK(desk.shows("plane"));
  REQUIRE(desk.choose("density/##first", "x2"));
  REQUIRE(desk.until([](const Snapshot& s) { return s.study->first == 1 && s.study->second == 2; }));
  CHECK(desk.shows("plane"));
  REQUIRE(desk.choose("density/##second", "alone"));
  desk.backend.frames(2);
  CHECK_FALSE(desk.shows("plane"));
  CHECK(desk.shows("density"));
  REQUIRE(desk.backend.click_landmark("density/corner"));
  desk.backend.frames(2);
  CHECK(desk.shows("corner 2 0"));
  CHECK(desk.shows("corner 2 2"));
}

TEST_CASE("a live stream cannot be paused: space holds the view", "[window]") {
  // Nothing runs here: what the window asks for is looked at itself.
  Desk desk([](ViewPort& port) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->status.kind = RunKind::live;
    snapshot->status.can_pause = false;
    snapshot->study = std::make_shared<StudyView>();
    port.publish(snapshot);
    while (!port.closed()) port.wait_for_command(1.0);
    for (const ViewCommand& command : port.take_commands()) {
      if (std::holds_alternative<Pause>(command) || std::holds_alternative<StepOnce>(command))
        throw std::runtime_error("a live stream was asked to stand still");
    }
  });
  REQUIRE(desk.until([](const Snapshot& s) { return s.status.kind == RunKind::live; }));
  CHECK_FALSE(desk.shows("control/play"));
  desk.backend.key_press(ImGuiKey_Space);
  desk.backend.key_press(ImGuiKey_RightArrow);
  CHECK(desk.run.close().empty());
}

TEST_CASE("explore plays, steps, scrubs back and tells what is wrong with a formula while it is typed", "[window]") {
  Desk desk([](ViewPort& port) {
    ExploreSettings settings;
    settings.particles = 500;
    explore_run(port, settings);
  });
  REQUIRE(desk.until([](const Snapshot& s) { return s.explore && !s.explore->frames.empty(); }));
  REQUIRE(desk.backend.click_landmark("control/step"));
  REQUIRE(desk.until([](const Snapshot& s) { return s.explore->frames.size() == 2; }));
  desk.backend.key_press(ImGuiKey_RightArrow);
  REQUIRE(desk.until([](const Snapshot& s) { return s.explore->frames.size() == 3; }));
  desk.run.port.send(SetSpeed{std::numeric_limits<double>::infinity()});
  REQUIRE(desk.backend.click_landmark("control/play"));
  REQUIRE(desk.until([](const Snapshot& s) { return s.explore->frames.size() >= 6; }));
  desk.backend.key_press(ImGuiKey_Space);
  REQUIRE(desk.until([](const Snapshot& s) { return !s.explore->playing; }));
  const auto frames = desk.newest().explore->frames.size();
  const Landmark scrub = *desk.backend.landmark_of("flow/scrub");
  desk.backend.click({scrub.low.x + 3.0f, scrub.centre().y});
  REQUIRE(desk.until([](const Snapshot& s) { return s.explore->shown == 0; }));
  CHECK(desk.newest().explore->frames.size() == frames);
  CHECK(desk.shows("map"));
  CHECK(desk.shows("jacobian"));
  CHECK(desk.shows("energy"));
  CHECK(desk.shows("distance"));

  REQUIRE(desk.choose("control/potential", "formula"));
  REQUIRE(desk.until([](const Snapshot& s) { return field(s, "potential").value == "formula"; }));
  REQUIRE(desk.backend.click_landmark("control/formula"));
  desk.backend.type("+ sinn(x0)");
  REQUIRE(desk.until([](const Snapshot& s) { return !field(s, "formula").error.empty(); }));
  CHECK(field(desk.newest(), "formula").error.find("sin") != std::string::npos);
  CHECK(desk.shows("control/formula/error"));
}

TEST_CASE("the initial law is drawn with the mouse", "[window]") {
  Desk desk([](ViewPort& port) {
    ExploreSettings settings;
    settings.particles = 0;
    explore_run(port, settings);
  });
  REQUIRE(desk.until([](const Snapshot& s) { return s.explore && !s.explore->frames.empty(); }));
  const double before = desk.newest().explore->frames.front()->law->mean(0);
  REQUIRE(desk.backend.click_landmark("flow/draw"));
  const Landmark plot = *desk.backend.landmark_of("flow");
  const float width = plot.high.x - plot.low.x;
  // A heap in the right quarter of the plot.
  desk.backend.drag({plot.low.x + 0.72f * width, plot.centre().y}, {plot.low.x + 0.8f * width, plot.centre().y});
  REQUIRE(desk.until([](const Snapshot& s) { return field(s, "initial").value == "drawn"; }));
  const LawPicture& law = *desk.newest().explore->frames.front()->law;
  CHECK(law.mean(0) > before + 0.3);
  const double sd = 0.5 * (law.quantiles(3, 0) - law.quantiles(1, 0)) / 0.6745;
  CHECK(sd < 0.5);  // a narrow heap
}
