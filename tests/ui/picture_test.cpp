// Pictures of the panels, drawn off-screen and compared with those in tests/data/pictures. What depends on the clock
// (times, memory) is drawn from made-up numbers.
//
// JKO_UPDATE_PICTURES=1 writes them anew: look at them before they are committed.

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <sstream>

#include "src/commands/commands.hpp"
#include "src/explore/explore_run.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/src/view/view_tester.hpp"
#include "tests/test.hpp"
#include "ui/fonts.hpp"
#include "ui/gl.hpp"
#include "ui/gl_textures.hpp"
#include "ui/landmarks.hpp"
#include "ui/offscreen.hpp"
#include "ui/png.hpp"
#include "ui/workbench.hpp"

using namespace jko;
using namespace jko::ui;
using jko::test::TemporaryFolder;
using jko::test::WatchedRun;

namespace {

constexpr int kWidth = 1280, kHeight = 720;

struct Box {
  int left, top, right, bottom;
};

/// A panel's part of a picture.
Pixels part(const Pixels& whole, const Box& box) {
  Pixels cut;
  cut.width = box.right - box.left;
  cut.height = box.bottom - box.top;
  for (int y = box.top; y < box.bottom; ++y) {
    const auto row = whole.rgba.begin() + static_cast<std::ptrdiff_t>(y) * whole.width;
    cut.rgba.insert(cut.rgba.end(), row + box.left, row + box.right);
  }
  return cut;
}

/// The mean difference of the colours of blocks of 8 x 8 pixels, from 0 to 255: other font hinting or another rounding
/// of a line is little, a missing curve is much. 255 if the sizes differ.
double picture_difference(const Pixels& a, const Pixels& b) {
  if (a.width != b.width || a.height != b.height) return 255.0;
  constexpr int kBlock = 8;
  double sum = 0.0;
  int blocks = 0;
  for (int y = 0; y + kBlock <= a.height; y += kBlock) {
    for (int x = 0; x + kBlock <= a.width; x += kBlock) {
      double difference[3] = {};
      for (int i = 0; i < kBlock * kBlock; ++i) {
        const auto at = static_cast<std::size_t>(y + i / kBlock) * static_cast<std::size_t>(a.width) +
                        static_cast<std::size_t>(x + i % kBlock);
        for (int channel = 0; channel < 3; ++channel) {
          difference[channel] += static_cast<double>((a.rgba[at] >> (8 * channel)) & 255u) -
                                 static_cast<double>((b.rgba[at] >> (8 * channel)) & 255u);
        }
      }
      for (const double d : difference) sum += std::abs(d) / (kBlock * kBlock) / 3.0;
      ++blocks;
    }
  }
  return sum / std::max(blocks, 1);
}

constexpr double kTolerance = 1.5;  // of 255; panels of different studies differ by 5 and more

/// A window over a run, drawn off-screen until it stands still.
Pixels picture_of(ViewPort& port, const std::vector<std::string>& closed, bool light = false) {
  std::string problem;
  const auto screen = Offscreen::make(kWidth, kHeight, &problem);
  CAPTURE(problem);
  REQUIRE(screen);
  load_fonts(1.0f);
  set_theme(light ? Theme::light : Theme::dark, 1.0f);
  Settings settings;
  settings.light = light;
  for (const std::string& panel : closed) settings.layout["closed/" + panel] = 1.0f;
  GlTextures textures;
  GlErrors errors;
  Workbench workbench(port, textures, settings, {});
  for (int frame = 0; frame < 12; ++frame) {
    begin_landmarks();
    screen->draw([&] { workbench.draw(); });
    textures.end_frame();
  }
  CHECK(errors.take().empty());
  begin_landmarks();
  return screen->read();
}

/// Compares a panel of a picture with the stored one.
void check_panel(const Pixels& picture, const std::string& panel, const std::string& name) {
  const Landmark* place = find_landmark("panel/" + panel);
  REQUIRE(place);
  const Pixels now = part(picture, {static_cast<int>(place->low.x), static_cast<int>(place->low.y),
                                    static_cast<int>(place->high.x), static_cast<int>(place->high.y)});
  const std::string file = std::string(JKO_SOURCE_DIR) + "/tests/data/pictures/" + name + ".png";
  const char* update = std::getenv("JKO_UPDATE_PICTURES");
  if (update && *update == '1') {
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    REQUIRE(write_png(file, now).empty());
  }
  std::string problem;
  const Pixels stored = read_png(file, &problem);
  CAPTURE(file, problem);
  REQUIRE(problem.empty());
  const double apart = picture_difference(now, stored);
  CAPTURE(apart);
  CHECK(apart < kTolerance);
  if (apart >= kTolerance) {  // to be looked at
    const std::string beside = std::filesystem::temp_directory_path() / ("jkofilter-" + name + ".png");
    write_png(beside, now);
    WARN("the picture as it is now: " << beside);
  }
}

/// A whole replay of a shipped recording.
struct Shown {
  TemporaryFolder folder;
  ReplayOptions options;
  std::ostringstream out, err;
  std::unique_ptr<WatchedRun> run;

  Shown(const std::string& config, const std::string& data, const std::string& until = "") {
    options.config = std::string(JKO_SOURCE_DIR) + "/configs/" + config;
    options.observations = std::string(JKO_SOURCE_DIR) + "/data/" + data;
    options.output = folder.path("out");
    options.compare = "grid";
    options.paced = false;
    options.quiet = true;
    if (!until.empty()) options.until = std::stod(until);
    run = std::make_unique<WatchedRun>([this](ViewPort& port) { watched_replay(options, port, out, err); });
    REQUIRE(run->wait_for([](const Snapshot& s) { return s.status.ended; }));
  }
};

EngineView made_up_engine() {
  EngineView engine;
  for (int i = 0; i < 9; ++i) engine.losses.push_back(std::pow(10.0, -i) + 1e-9);
  for (int i = 0; i < 40; ++i) engine.steps.push_back({0.1 * i, 1.5, 3 + i % 4, false, i == 20});
  engine.deadline_ms = 12.0;
  engine.observations = 1234;
  engine.fallbacks = 1;
  engine.waiting = 20;
  engine.queue_capacity = 4096;
  engine.dropped = 3;
  engine.memory_mib = 210;
  engine.nodes = 512;
  engine.chain = 3;
  return engine;
}

}  // namespace

TEST_CASE("the sine well is drawn as it was: density, time and control", "[window][picture]") {
  const Shown shown("sine_well.json", "sine_well.csv");
  shown.run->port.fetch();
  const Pixels picture = picture_of(shown.run->port, {"Engine"});
  check_panel(picture, "Density", "sine_well_density");
  check_panel(picture, "Time", "sine_well_time");
}

TEST_CASE("the double well is drawn as it was: the plane, its marginals and its contours", "[window][picture]") {
  const Shown shown("double_well_2d.json", "double_well_2d.csv", "1.5");
  const Pixels picture = picture_of(shown.run->port, {"Engine", "Control"});
  check_panel(picture, "Density", "double_well_density");
  check_panel(picture, "Time", "double_well_time");
}

TEST_CASE("the volatility of the DAX is drawn as it was, in the light theme", "[window][picture][optimised]") {
  const Shown shown("dax_volatility.json", "eu_stock_returns.csv", "400");
  const Pixels picture = picture_of(shown.run->port, {"Engine"}, true);
  check_panel(picture, "Density", "dax_density");
  check_panel(picture, "Time", "dax_time");
}

TEST_CASE("the engine panel is drawn as it was", "[window][picture]") {
  ViewPort port;
  auto study = std::make_shared<StudyView>();
  study->engine = made_up_engine();
  HistoryLog log(1000);
  for (Index k = 0; k < 60; ++k) {
    HistoryEntry entry;
    entry.index = k;
    entry.time = static_cast<double>(k);
    entry.predict_ms = 6.0 + 3.0 * std::sin(0.4 * static_cast<double>(k));
    log.add(entry);
  }
  study->history = log.view();
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->status.kind = RunKind::live;
  snapshot->status.can_pause = false;
  snapshot->status.name = "made up";
  snapshot->status.fields = {{"beta", "β", "1", "", {}, "", "", ""},
                             {"filter.tau", "τ", "-1", "", {}, "", "expected a positive number, found -1", ""}};
  snapshot->study = study;
  port.publish(snapshot);
  const Pixels picture = picture_of(port, {});
  check_panel(picture, "Engine", "engine");
  check_panel(picture, "Control", "control");
}

TEST_CASE("the flow of a density is drawn as it was", "[window][picture]") {
  WatchedRun run([](ViewPort& port) {
    ExploreSettings settings;
    settings.particles = 2000;
    ExploreRunOptions options;
    options.speed = std::numeric_limits<double>::infinity();
    explore_run(port, settings, options);
  });
  for (int k = 0; k < 5; ++k) run.port.send(StepOnce{});
  REQUIRE(run.wait_for([](const Snapshot& s) { return s.explore && s.explore->frames.size() == 6; }));
  const Pixels picture = picture_of(run.port, {});
  check_panel(picture, "Flow", "flow");
  check_panel(picture, "Free energy", "free_energy");
}

TEST_CASE("pictures of different panels are told apart", "[window][picture]") {
  const std::string folder = std::string(JKO_SOURCE_DIR) + "/tests/data/pictures/";
  const Pixels sine = read_png(folder + "sine_well_time.png"), plane = read_png(folder + "double_well_time.png");
  REQUIRE(sine.width > 0);
  Pixels other = sine;
  // The same picture without its middle: as if a curve had not been drawn.
  for (int y = other.height / 4; y < other.height / 2; ++y) {
    for (int x = other.width / 4; x < other.width / 2; ++x)
      other.rgba[static_cast<std::size_t>(y) * static_cast<std::size_t>(other.width) + static_cast<std::size_t>(x)] =
          0xff161411u;
  }
  CHECK(picture_difference(sine, sine) == 0.0);
  CHECK(picture_difference(sine, other) > kTolerance);
  CHECK(picture_difference(sine, plane) > kTolerance);
}
