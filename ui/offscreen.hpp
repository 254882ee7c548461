#pragma once
/// ImGui without a window: frames drawn off-screen by EGL, which needs no display. For pictures and tests.
///
///     std::string problem;
///     std::unique_ptr<Offscreen> screen = Offscreen::make(1280, 720, &problem);
///     load_fonts(1.0f);
///     screen->draw([&] { workbench.draw(); });           // as often as needed
///     write_png("out.png", screen->read());
///
/// Its ImGui context and its OpenGL context are the thread's current ones until it is gone: one at a time, one thread.

#include <functional>
#include <memory>
#include <string>

#include "ui/colours.hpp"

namespace jko::ui {

class Offscreen {
 public:
  /// Null, and why in `problem`, if there is no OpenGL 3.3 here.
  static std::unique_ptr<Offscreen> make(int width, int height, std::string* problem = nullptr);
  ~Offscreen();
  Offscreen(const Offscreen&) = delete;
  Offscreen& operator=(const Offscreen&) = delete;

  /// One frame: `contents` is called between ImGui::NewFrame() and ImGui::Render(). `seconds`: since the frame before.
  /// Mouse and keys are whatever the caller put into ImGui's IO.
  void draw(const std::function<void()>& contents, double seconds = 1.0 / 60.0);
  /// The last frame.
  Pixels read() const;
  /// After load_fonts(), if frames have been drawn with the old ones.
  void fonts_changed();

  int width() const;
  int height() const;

 private:
  struct Implementation;
  explicit Offscreen(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace jko::ui
