#pragma once
/// Everything inside the window: panels, menus, keys, the log strip. Draws a snapshot and sends commands; knows nothing
/// of GLFW, OpenGL or files but by what it is given.
///
///     Workbench workbench(port, textures, settings);
///     ImGui::NewFrame();
///     workbench.draw();                       // fetches the newest snapshot
///     ImGui::Render();
///     if (workbench.wants_to_quit()) …;

#include <functional>
#include <memory>
#include <string>

#include "src/view/view_port.hpp"
#include "ui/settings.hpp"
#include "ui/textures.hpp"

namespace jko::ui {

/// What only the owner of the window can do.
struct WindowServices {
  /// Writes the next frame to a PNG file.
  std::function<void(const std::string& file)> screenshot;
};

class Workbench {
 public:
  Workbench(ViewPort& port, Textures& textures, Settings& settings, WindowServices services);
  ~Workbench();
  Workbench(const Workbench&) = delete;
  Workbench& operator=(const Workbench&) = delete;

  /// One frame, between ImGui::NewFrame() and ImGui::Render(); fills the whole display.
  void draw();

  bool wants_to_quit() const;
  /// A line of the log strip: of what the window itself has to say.
  void say(const std::string& text, bool error = false);
  /// Seconds until something will have moved so far that it is worth another frame, although no snapshot comes;
  /// infinity if nothing moves.
  double until_movement() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace jko::ui
