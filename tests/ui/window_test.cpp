#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/src/program.hpp"
#include "tests/src/program_process.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"
#include "tests/ui/virtual_display.hpp"
#include "ui/png.hpp"

using namespace jko;
using namespace jko::ui;
using jko::test::contains;
using jko::test::lines_in;
using jko::test::ProgramProcess;
using jko::test::TemporaryFolder;

namespace {

const std::string kConfig = JKO_SOURCE_DIR "/configs/sine_well.json";
const std::string kData = JKO_SOURCE_DIR "/data/sine_well.csv";
constexpr int kObservations = 9;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
std::string with_option(const char* variable, const std::string& option) {
  const char* before = std::getenv(variable);
  return before && before[0] ? before + (":" + option) : option;
}
#endif

/// A home of the program's own, so that the settings of whoever runs the tests are neither read nor written.
class Home {
 public:
  const TemporaryFolder& folder() const { return folder_; }
  std::string path(const std::string& name) const { return folder_.path(name); }
  std::string settings() const { return folder_.read("config/jkofilter/window.json"); }

  std::vector<std::string> replay(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{"replay", "-c", kConfig, "-i", kData, "-o", path("out")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  /// A replay that stays where it is unless it is told to go on: its first pause is of minutes.
  std::vector<std::string> slow_replay(std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--speed", "1e-3"});
    return replay(more);
  }

  int posteriors(const std::string& run = "out") const {
    const std::string text = folder_.read(run + "/posterior.jsonl");
    return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  }
  /// Results of `count` observations, to the last line, all of it JSON.
  void check_complete(int count = kObservations, const std::string& run = "out") const {
    std::istringstream lines(folder_.read(run + "/posterior.jsonl"));
    int index = 0;
    for (std::string line; std::getline(lines, line); ++index) CHECK(nlohmann::json::parse(line)["index"] == index);
    CHECK(index == count);
    const auto summary = nlohmann::json::parse(folder_.read(run + "/summary.json"), nullptr, false);
    REQUIRE(summary.is_object());
    CHECK(summary["observations"] == count);
  }

 private:
  TemporaryFolder folder_;
  Variable config_{"XDG_CONFIG_HOME", folder_.path("config")};
#ifdef __SANITIZE_ADDRESS__
  // Mesa and its LLVM leave memory at the end, and so does, on purpose, a program that has lost its display.
  Variable asan_{"ASAN_OPTIONS", with_option("ASAN_OPTIONS", "detect_leaks=0")};
#endif
#ifdef __SANITIZE_THREAD__
  // Mesa draws with threads of its own, whose code, made at run time, is not instrumented: all that they hand to each
  // other looks like a race. What is ours in the window is tested for races without one, by the tests of src/view/.
  Variable tsan_{"TSAN_OPTIONS", with_option("TSAN_OPTIONS", "report_bugs=0")};
#endif
};

/// Where there is what, in a window of 1280 x 720 at a scale of 1.
constexpr Area kState{1000, 2, 278, 18};         // of the menu bar: "sine_well   playing"
constexpr Area kMenus{0, 2, 300, 18};            // of the menu bar: "File View Help Hold view"
constexpr Area kPlay{5, 25, 90, 30};             // the button: "Pause"
constexpr Area kDensity{320, 70, 500, 230};      // a plot, without its legend
constexpr Area kDensityAxis{334, 316, 610, 16};  // the numbers below it
constexpr Area kMiddle{400, 200, 480, 300};      // where the help appears
constexpr Area kPlots{560, 30, 400, 580};        // to the right of the cursor, which the screen shows too

/// Somebody who looks at a part of the screen.
class Look {
 public:
  Look(const VirtualDisplay& display, const Area& area) : display_(display), area_(area), seen_(now()) {}
  /// Whether there comes something else than what was seen before; it is what was seen from then on.
  bool changes() {
    return comes([&] {
      Pixels pixels = now();
      if (same(pixels, seen_)) return false;
      seen_ = std::move(pixels);
      return true;
    });
  }
  /// Whether it comes to rest: seen for some time without a change.
  bool settles() {
    int same_looks = 0;
    return comes([&] {
      Pixels pixels = now();
      same_looks = same(pixels, seen_) ? same_looks + 1 : 0;
      seen_ = std::move(pixels);
      return same_looks == 10;
    });
  }
  /// If it never does, the failure says where it differs.
  bool becomes(const Pixels& pixels) {
    if (comes([&] { return same(now(), pixels); })) return true;
    UNSCOPED_INFO("still other than expected: " << difference(now(), pixels));
    return false;
  }
  const Pixels& seen() const { return seen_; }

 private:
  Pixels now() const { return display_.screen(area_); }

  const VirtualDisplay& display_;
  Area area_;
  Pixels seen_;
};

/// Until the program's window shows its run; its number, or "".
std::string shown(const VirtualDisplay& display, const Area& area = kState) {
  const std::string window = display.window();
  return comes([&] { return !blank(display.screen(area)); }) ? window : "";
}

std::string screenshot(const Home& home, int number) {
  return home.path("out/screenshot-00" + std::to_string(number) + ".png");
}

/// The picture that is taken next.
Pixels take_picture(const VirtualDisplay& display, const std::string& file) {
  display.user("key s");
  CHECK(comes([&] { return std::filesystem::exists(file); }));
  std::string problem;
  Pixels pixels = read_png(file, &problem);
  CHECK(problem.empty());
  return pixels;
}

}  // namespace

TEST_CASE("A replay is steered by keys and the mouse, and complete when its window is closed", "[window]") {
  const Home home;
  const VirtualDisplay display;
  ProgramProcess program(home.slow_replay());
  const std::string window = shown(display);
  REQUIRE_FALSE(window.empty());
  CHECK(contains(display.user("getwindowname " + window), "sine_well - jkofilter"));

  // What is looked for again later is kept only once it has come to rest.
  Look state(display, kState);
  CHECK(state.settles());
  const Pixels playing = state.seen();
  display.user("key space");
  CHECK(state.changes());
  CHECK(state.settles());
  const Pixels paused = state.seen();
  display.user("key space");
  CHECK(state.becomes(playing));
  display.user("key space");
  CHECK(state.becomes(paused));

  // A prediction, then an update.
  Look density(display, kDensity);
  CHECK(home.posteriors() == 0);
  display.user("key Right");
  CHECK(density.changes());
  CHECK(home.posteriors() == 0);
  display.user("key Right");
  CHECK(comes([&] { return home.posteriors() == 1; }));
  CHECK(state.becomes(paused));

  // With the mouse at rest in the plot and nothing moving, a fitted plot looks as it did before.
  display.user("mousemove 500 200 key f");
  CHECK(density.settles());
  display.user("click 4");
  CHECK(density.changes());
  display.user("key f");
  CHECK(density.settles());
  const Pixels fitted = density.seen();
  display.user("click 4 click 4");
  CHECK(density.changes());
  display.user("key f");
  CHECK(density.becomes(fitted));
  // A button that goes down and a mouse that moves within one frame are no drag yet.
  Look axis(display, kDensityAxis);
  CHECK(axis.settles());
  const Pixels before = axis.seen();
  display.user("mousedown 1");
  CHECK(comes([&] {
    display.user("mousemove_relative 10 1");
    return !same(display.screen(kDensityAxis), before);
  }));
  display.user("mouseup 1 mousemove 500 200 key f");
  CHECK(axis.becomes(before));
  CHECK(density.becomes(fitted));

  Look menus(display, kMenus);
  CHECK(menus.settles());
  const Pixels free = menus.seen();
  display.user("key h");
  CHECK(menus.changes());
  display.user("key h");
  CHECK(menus.becomes(free));

  Look middle(display, kMiddle);
  CHECK(middle.settles());
  const Pixels without_help = middle.seen();
  display.user("key question");
  CHECK(middle.changes());
  CHECK(middle.settles());
  display.user("key Escape");
  CHECK(middle.becomes(without_help));

  Look plots(display, kPlots);
  CHECK(plots.settles());
  const Pixels picture = take_picture(display, screenshot(home, 1));
  CHECK(picture.width == 1280);
  CHECK(picture.height == 720);
  CHECK(same(part(picture, kPlots), plots.seen()));
  display.user("windowsize --sync " + window + " 900 600");
  // In the frame after the window has grown smaller at the latest.
  int number = 1;
  CHECK(comes([&] {
    const Pixels smaller = take_picture(display, screenshot(home, ++number));
    return number == 9 || (smaller.width == 900 && smaller.height == 600);
  }));
  CHECK(number < 9);

  display.user("key ctrl+q");
  CHECK(exit_status(program) == 0);
  CHECK_FALSE(contains(program.err(), "GL error"));
  CHECK_FALSE(contains(program.err(), "refused"));
  CHECK(contains(program.err(), "the window is closed"));
  home.check_complete();
}

TEST_CASE("A key counts however shortly it is pressed", "[window]") {
  const Home home;
  const VirtualDisplay display;
  ProgramProcess program(home.slow_replay());
  REQUIRE_FALSE(shown(display).empty());
  display.user("key space");  // so that nothing else asks for frames
  for (int number = 1; number <= 4; ++number) {
    // Both events come within one frame.
    display.user("keydown s keyup s");
    CHECK(comes([&] { return std::filesystem::exists(screenshot(home, number)); }));
  }
  display.user("keydown ctrl keydown q keyup q keyup ctrl");
  CHECK(exit_status(program) == 0);
}

TEST_CASE("The window closes when its manager asks it to, and by its menu", "[window]") {
  const Home home;
  const VirtualDisplay display;
  {
    ProgramProcess program(home.replay());
    const std::string window = shown(display);
    REQUIRE_FALSE(window.empty());
    display.close(window);
    CHECK(exit_status(program) == 0);
    home.check_complete();
  }
  ProgramProcess program({"explore"});
  REQUIRE_FALSE(shown(display).empty());
  Look below(display, {5, 25, 200, 80});
  display.user("mousemove 23 11 click 1");
  REQUIRE(below.changes());
  REQUIRE(below.settles());
  // Quit is the last entry, whose lower end is where the menu ends.
  display.user("mousemove 40 78 click 1");
  CHECK(exit_status(program) == 0);
}

TEST_CASE("A replay survives the loss of its display", "[window]") {
  const Home home;
  VirtualDisplay display;
  ProgramProcess program(home.slow_replay());
  REQUIRE_FALSE(shown(display).empty());
  CHECK(home.posteriors() == 0);
  display.kill();
  CHECK(exit_status(program) == 0);
  CHECK(contains(program.err(), "the display was lost"));
  home.check_complete();
}

TEST_CASE("Exploring ends when its connection to the display is cut", "[window]") {
  const Home home;
  const VirtualDisplay display;
  ProgramProcess program({"explore", "--play"});
  const std::string window = shown(display);
  REQUIRE_FALSE(window.empty());
  display.user("windowkill " + window);
  CHECK(exit_status(program) == 0);
  CHECK(program.err() == "jkofilter: window: the display was lost\n");
}

TEST_CASE("A live run goes on filtering when its display is lost", "[window]") {
  const Home home;
  VirtualDisplay display;
  const std::string fifo = home.path("fifo");
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  const int end = open(fifo.c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(end >= 0);
  const auto send = [&](int index) {
    const std::string line = std::to_string(0.5 * (index + 1)) + ",0.25\n";
    return write(end, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  };
  ProgramProcess program(
      {"live", "-c", kConfig, "--input", fifo, "--budget", "none", "-o", home.path("out"), "--record", home.path("r")});
  REQUIRE_FALSE(shown(display).empty());
  for (int index = 0; index < 3; ++index) CHECK(send(index));
  CHECK(comes([&] { return home.posteriors() == 3; }));
  display.kill();
  CHECK(program.says("the display was lost"));
  for (int index = 3; index < kObservations; ++index) {
    CHECK(send(index));
    CHECK(comes([&] { return home.posteriors() == index + 1; }));
  }
  close(end);
  CHECK(exit_status(program) == 0);
  home.check_complete();
}

TEST_CASE("A window may be of a pixel", "[window]") {
  const Home home;
  const VirtualDisplay display;
  ProgramProcess program(home.replay({"--size", "1x1", "--speed", "100"}));
  const std::string window = display.window();
  REQUIRE_FALSE(window.empty());
  CHECK(contains(display.user("getwindowgeometry " + window), "Geometry: 1x1"));
  CHECK(comes([&] { return home.posteriors() == kObservations; }));
  display.user("windowfocus --sync " + window + " key ctrl+q");
  CHECK(exit_status(program) == 0);
  CHECK_FALSE(contains(program.err(), "GL error"));
  home.check_complete();
}

TEST_CASE("A window may be as large as screens are, shrink to a pixel, and grow again", "[window]") {
  const Home home;
  const VirtualDisplay display(3840, 2160);
  ProgramProcess program(home.replay({"--size", "3840x2160", "--speed", "3"}));
  const std::string window = shown(display, {3500, 2, 338, 18});
  REQUIRE_FALSE(window.empty());
  const Pixels picture = take_picture(display, screenshot(home, 1));
  CHECK(picture.width == 3840);
  CHECK(picture.height == 2160);
  display.user("windowsize --sync " + window + " 1 1");
  CHECK(comes([&] { return home.posteriors() >= 2; }));
  display.user("windowsize --sync " + window + " 1280 720");
  CHECK(comes([&] { return !blank(display.screen(kState)); }));
  display.user("key ctrl+q");
  CHECK(exit_status(program) == 0);
  CHECK_FALSE(contains(program.err(), "GL error"));
  home.check_complete();
}

TEST_CASE("Theme and size of the window are remembered", "[window]") {
  const Home home;
  const VirtualDisplay display(1280, 800);
  const Area corner{600, 700, 80, 15};  // of the log
  {
    ProgramProcess program({"explore"});
    const std::string window = shown(display);
    REQUIRE_FALSE(window.empty());
    CHECK(brightness(display.screen(corner)) < 0.5);
    Look below(display, {50, 25, 200, 40});
    display.user("mousemove 66 11 click 1");
    REQUIRE(below.changes());
    REQUIRE(below.settles());
    display.user("mousemove 90 34 click 1");  // the first entry
    CHECK(comes([&] { return brightness(display.screen(corner)) > 0.5; }));
    display.user("windowsize --sync " + window + " 1100 780");
    CHECK(comes([&] { return brightness(display.screen({600, 760, 80, 10})) > 0.5; }));
    display.user("key ctrl+q");
    CHECK(exit_status(program) == 0);
  }
  const auto settings = nlohmann::json::parse(home.settings(), nullptr, false);
  REQUIRE(settings.is_object());
  CHECK(settings["light"] == true);
  CHECK(settings["width"] == 1100);
  CHECK(settings["height"] == 780);

  ProgramProcess program({"explore"});
  const std::string window = display.window();
  REQUIRE_FALSE(window.empty());
  CHECK(contains(display.user("getwindowgeometry " + window), "Geometry: 1100x780"));
  CHECK(comes([&] { return brightness(display.screen(corner)) > 0.5; }));
  display.user("key ctrl+q");
  CHECK(exit_status(program) == 0);
}

TEST_CASE("With --headless there is no window, though there is a display", "[window]") {
  const Home home;
  const VirtualDisplay display;
  const std::string fifo = home.path("fifo");
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  const int end = open(fifo.c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(end >= 0);
  ProgramProcess live({"live", "-c", kConfig, "--input", fifo, "-o", home.path("live"), "--headless"});
  const std::string line = "0.5,0.25\n";
  CHECK(write(end, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
  CHECK(comes([&] { return home.posteriors("live") == 1; }));
  CHECK_FALSE(display.has_window());
  close(end);
  CHECK(exit_status(live) == 0);
  home.check_complete(1, "live");
  CHECK(home.settings().empty());
}

TEST_CASE("Without a display replays run, exploring says why not, and pictures are drawn", "[window]") {
  const Home home;
  const Variable no_x("DISPLAY", std::nullopt), no_wayland("WAYLAND_DISPLAY", std::nullopt);
  {
    ProgramProcess replay(home.replay());
    CHECK(exit_status(replay) == 0);
    home.check_complete();
  }
  {
    ProgramProcess explore({"explore"});
    CHECK(exit_status(explore) == 1);
    CHECK(lines_in(explore.err()) == 1);
    CHECK(contains(explore.err(), "explore needs a window: no display"));
  }
  ProgramProcess picture(
      {"explore", "--play", "--screenshot", home.path("window.png"), "--after", "0", "--size", "800x450"});
  CHECK(exit_status(picture) == 0);
  std::string problem;
  const Pixels pixels = read_png(home.path("window.png"), &problem);
  CHECK(problem.empty());
  CHECK(pixels.width == 800);
  CHECK(pixels.height == 450);
  CHECK_FALSE(blank(pixels));
}

TEST_CASE("A display that is not there is as none", "[window]") {
  const Home home;
  VirtualDisplay display;
  display.kill();
  ProgramProcess replay(home.replay());
  CHECK(exit_status(replay) == 0);
  home.check_complete();
}

TEST_CASE("Densities are explored until the window is closed", "[window]") {
  const Home home;
  const VirtualDisplay display;
  ProgramProcess program({"explore", "--play"});
  REQUIRE_FALSE(shown(display).empty());
  Look button(display, kPlay);
  CHECK(button.settles());
  const Pixels playing = button.seen();
  display.user("key space");
  CHECK(button.changes());
  display.user("key space");
  CHECK(button.becomes(playing));
  display.user("key ctrl+q");
  CHECK(exit_status(program) == 0);
  CHECK_FALSE(contains(program.err(), "GL error"));
}
