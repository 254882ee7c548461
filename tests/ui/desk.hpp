#pragma once
/// A whole window without a screen, over a real run: what a user does in it, and what comes of it.
///
///     Desk desk([&](ViewPort& port) { watched_replay(options, port, out, err); });
///     REQUIRE(desk.until([](const Snapshot& s) { return s.status.paused; }));
///     CHECK(desk.backend.click_landmark("control/play"));

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/src/view/view_tester.hpp"
#include "tests/ui/null_backend.hpp"
#include "ui/colours.hpp"
#include "ui/workbench.hpp"

namespace jko::ui {

class NoTextures final : public Textures {
 public:
  ImTextureID texture(const std::string&, std::uint64_t, const Pixels&, bool) override { return {}; }
  bool has(const std::string&, std::uint64_t) const override { return false; }
};

class Desk {
 public:
  explicit Desk(std::function<void(ViewPort&)> run_it, float width = 1280.0f, float height = 720.0f)
      : backend(width, height),
        run(std::move(run_it)),
        workbench(run.port, textures, settings, {[this](const std::string& file) { screenshots.push_back(file); }}) {
    set_theme(Theme::dark, 1.0f);
    backend.frame([this] { workbench.draw(); });
  }

  /// Draws frames until a snapshot that is shown is as it should be; false if none is within a minute.
  bool until(const std::function<bool(const Snapshot&)>& good) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (std::chrono::steady_clock::now() < end) {
      backend.frame();
      if (run.port.snapshot() && good(*run.port.snapshot())) {
        backend.frames(2);
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
  }
  const Snapshot& newest() const { return *run.port.snapshot(); }

  bool shows(const std::string& landmark) { return backend.landmark_of(landmark) != nullptr; }
  ImVec2 centre(const std::string& landmark) {
    const Landmark* found = backend.landmark_of(landmark);
    return found ? found->centre() : ImVec2{-1.0f, -1.0f};
  }

  /// Types into a field and presses Enter.
  bool enter(const std::string& field, const std::string& text) {
    if (!backend.click_landmark(field)) return false;
    backend.set_modifiers(true);
    backend.key_press(ImGuiKey_A);
    backend.set_modifiers(false);
    backend.type(text);
    backend.key_press(ImGuiKey_Enter);
    backend.frames(2);
    return true;
  }
  bool choose(const std::string& field, const std::string& choice) {
    if (!backend.click_landmark(field)) return false;
    backend.frames(2);
    return backend.click_landmark(field + "/" + choice);
  }
  bool menu(const std::string& menu, const std::string& item) {
    if (!backend.click_landmark(menu)) return false;
    backend.frames(2);
    return backend.click_landmark(item);
  }

  NullBackend backend;
  NoTextures textures;
  Settings settings;
  std::vector<std::string> screenshots;
  test::WatchedRun run;
  Workbench workbench;
};

}  // namespace jko::ui
