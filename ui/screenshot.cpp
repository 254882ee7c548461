#include "ui/screenshot.hpp"

#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>

#include "ui/colours.hpp"
#include "ui/fonts.hpp"
#include "ui/gl.hpp"
#include "ui/gl_textures.hpp"
#include "ui/offscreen.hpp"
#include "ui/png.hpp"
#include "ui/settings.hpp"
#include "ui/workbench.hpp"

namespace jko::ui {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kLongestWait = std::chrono::milliseconds(100);
// Drawing by software takes a core from the filter: no more often than the eye needs.
constexpr auto kShortestFrame = std::chrono::milliseconds(40);
constexpr int kSettlingFrames = 4, kMostSettlingFrames = 30;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Wakes the thread that draws.
class Bell {
 public:
  void ring() {
    {
      const std::lock_guard lock(mutex_);
      rung_ = true;
    }
    changed_.notify_one();
  }
  void wait(Clock::duration most) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, most, [this] { return rung_; });
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool rung_ = false;
};

// The port's wake function must not outlive the bell.
class Listening {
 public:
  Listening(ViewPort& port, Bell& bell) : port_(port) {
    port.on_snapshot([&bell] { bell.ring(); });
  }
  ~Listening() {
    port_.on_snapshot({});
    port_.close();
  }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

 private:
  ViewPort& port_;
};

std::string draw_until_taken(ViewPort& port, const WindowOptions& options, Bell& bell) {
  std::string problem;
  const std::unique_ptr<Offscreen> screen = Offscreen::make(options.width, options.height, &problem);
  if (!screen) return problem;

  Settings settings = Settings::load(Settings::default_file());
  float scale = 0.0f;
  bool light = false;
  GlTextures textures;
  GlErrors errors;
  std::string wanted;  // a picture that the workbench asked for
  Workbench workbench(port, textures, settings, {[&wanted](const std::string& file) { wanted = file; }});

  const auto write = [&](const std::string& file) {
    std::string failure = write_png(file, screen->read());
    workbench.say(failure.empty() ? "wrote " + file : failure, !failure.empty());
    return failure;
  };
  const auto draw = [&](double seconds) {
    const float now = settings.scale > 0.0f ? settings.scale : 1.0f;
    if (scale != now || light != settings.light) {
      if (scale != now) {
        load_fonts(now);
        screen->fonts_changed();
      }
      scale = now;
      light = settings.light;
      set_theme(light ? Theme::light : Theme::dark, scale);
    }
    screen->draw([&] { workbench.draw(); }, seconds);
    textures.end_frame();
    for (const std::string& error : errors.take()) workbench.say(error, true);
    if (!wanted.empty()) write(std::exchange(wanted, {}));
  };

  const Clock::time_point start = Clock::now();
  Clock::time_point last = start;
  while (true) {
    // Looked at before the snapshot is fetched: what is drawn then is the last one.
    const bool finished = port.finished();
    const Clock::time_point now = Clock::now();
    draw(std::chrono::duration<double>(now - last).count());
    last = now;
    const bool ended = finished || (port.snapshot() && port.snapshot()->status.ended);
    if (port.closed() || workbench.wants_to_quit()) break;
    if (options.after < 0.0 ? ended : seconds_since(start) >= options.after) break;
    Clock::duration most = kLongestWait;
    if (options.after >= 0.0) {
      const auto left = std::chrono::duration<double>(options.after - seconds_since(start));
      if (left < most) most = std::chrono::duration_cast<Clock::duration>(left);
    }
    bell.wait(most);
    std::this_thread::sleep_until(now + kShortestFrame);
  }
  for (int i = 0; i < kMostSettlingFrames && (i < kSettlingFrames || std::isfinite(workbench.until_movement())); ++i)
    draw(1.0 / 60.0);
  problem = write(options.screenshot);
  if (const std::string summary = errors.summary(); !summary.empty()) {
    std::fprintf(stderr, "jkofilter: window: %s\n", summary.c_str());
  }
  return problem;
}

}  // namespace

std::string take_screenshot(ViewPort& port, const WindowOptions& options) {
  Bell bell;
  const Listening listening(port, bell);
  return draw_until_taken(port, options, bell);
}

}  // namespace jko::ui
