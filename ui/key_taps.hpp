#pragma once
/// Keys that are pressed for less than a frame.
///
/// Before 1.87 ImGui sees only how a key is when a frame begins, and one that was pressed and let go between two frames
/// was never pressed. Here each press is seen: in a frame in which the key is down, with Ctrl, Shift and Alt as they
/// were then, after one in which it is up. Later versions queue events by themselves; there nothing is done.
///
///     taps.pressed(key, modifiers);              // the key callback, on GLFW_PRESS
///     frames_wanted += taps.begin_frame();       // between ImGui_ImplGlfw_NewFrame() and ImGui::NewFrame()
///     taps.end_frame(window);                    // after ImGui::Render()

#include <utility>
#include <vector>

struct GLFWwindow;

namespace jko::ui {

class KeyTaps {
 public:
  /// `key` and `modifiers` as GLFW has them.
  void pressed(int key, int modifiers);
  /// Whether presses are left for another frame.
  bool begin_frame();
  void end_frame(GLFWwindow* window);

 private:
  std::vector<std::pair<int, int>> waiting_;  ///< presses that ImGui has not seen yet, with their modifiers
  std::vector<int> altered_;                  ///< keys that are for this frame other than they are
};

}  // namespace jko::ui
