#pragma once
/// Survives the loss of an X display. Xlib calls exit() when its server is gone, which would take the filter along:
/// here the call that met the loss is left by a long jump instead.
///
///     DisplayGuard::watch();                                       // after glfwInit()
///     if (!DisplayGuard::run([&] { glfwPollEvents(); })) …;        // the display was lost
///
/// Xlib, Mesa and GLFW are left in the middle of what they did, perhaps with locks held: after a loss nothing of them
/// may be called or destroyed any more in this process, and run() no longer calls anything. Objects on the stack of
/// what run() called are not destroyed: keep them few there, and no locks.

#include <functional>
#include <string>

namespace jko::ui {

class DisplayGuard {
 public:
  /// Sets the handlers of Xlib. Does nothing where the window is not on X.
  static void watch();
  /// Calls `calls`, on the thread that called glfwInit() only and not from within another run(). False if the display
  /// was lost now or before.
  static bool run(const std::function<void()>& calls);
  static bool lost();
  /// Requests that the X server refused since the last call; Xlib alone would end the program.
  static int take_refused();
};

}  // namespace jko::ui
