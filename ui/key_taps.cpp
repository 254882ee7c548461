#include "ui/key_taps.hpp"

#include <imgui.h>

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#include <algorithm>

namespace jko::ui {

#if IMGUI_VERSION_NUM < 18700

void KeyTaps::pressed(int key, int modifiers) {
  if (key >= 0 && key <= GLFW_KEY_LAST) waiting_.emplace_back(key, modifiers);
}

bool KeyTaps::begin_frame() {
  ImGuiIO& io = ImGui::GetIO();
  std::vector<std::pair<int, int>> later;
  for (const auto& [key, modifiers] : waiting_) {
    const bool taken = std::find(altered_.begin(), altered_.end(), key) != altered_.end();
    const bool was_down = io.KeysDownDuration[key] >= 0.0f;
    if (taken || was_down) later.emplace_back(key, modifiers);
    if (taken) continue;
    io.KeysDown[key] = !was_down;
    altered_.push_back(key);
    if (was_down) continue;
    io.KeyCtrl |= (modifiers & GLFW_MOD_CONTROL) != 0;
    io.KeyShift |= (modifiers & GLFW_MOD_SHIFT) != 0;
    io.KeyAlt |= (modifiers & GLFW_MOD_ALT) != 0;
  }
  waiting_ = std::move(later);
  return !waiting_.empty();
}

void KeyTaps::end_frame(GLFWwindow* window) {
  ImGuiIO& io = ImGui::GetIO();
  for (const int key : altered_) io.KeysDown[key] = glfwGetKey(window, key) == GLFW_PRESS;
  altered_.clear();
  io.KeyCtrl = io.KeysDown[GLFW_KEY_LEFT_CONTROL] || io.KeysDown[GLFW_KEY_RIGHT_CONTROL];
  io.KeyShift = io.KeysDown[GLFW_KEY_LEFT_SHIFT] || io.KeysDown[GLFW_KEY_RIGHT_SHIFT];
  io.KeyAlt = io.KeysDown[GLFW_KEY_LEFT_ALT] || io.KeysDown[GLFW_KEY_RIGHT_ALT];
}

#else

void KeyTaps::pressed(int, int) {}
bool KeyTaps::begin_frame() { return false; }
void KeyTaps::end_frame(GLFWwindow*) {}

#endif

}  // namespace jko::ui
