#pragma once
/// ImGui without a window or a renderer, and a user made of function calls. Each call draws the frames that ImGui needs
/// to notice what happened.
///
///     NullBackend backend;
///     backend.frame([&] { workbench.draw(); });     // remembered: the calls below draw it again
///     backend.click(100, 200);
///     backend.wheel(100, 200, 1.0f);
///     CHECK(backend.vertices() < 60000);

#include <imgui.h>

#include <functional>
#include <string>
#include <utility>

#include "ui/landmarks.hpp"

namespace jko::ui {

class NullBackend {
 public:
  explicit NullBackend(float width = 1280.0f, float height = 720.0f) {
    ImGui::CreateContext();
    ImGuiIO& io = ImGui::GetIO();
    io.DisplaySize = {width, height};
    io.DeltaTime = 1.0f / 60.0f;
    io.IniFilename = nullptr;
    io.LogFilename = nullptr;
    io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
    unsigned char* pixels = nullptr;
    int atlas_width = 0, atlas_height = 0;
    io.Fonts->GetTexDataAsRGBA32(&pixels, &atlas_width, &atlas_height);
#if IMGUI_VERSION_NUM < 18700
    for (int key = 0; key < ImGuiKey_COUNT; ++key) io.KeyMap[key] = kFirstNamedKey + key;
#endif
    move_to(-1000.0f, -1000.0f);
  }
  ~NullBackend() { ImGui::DestroyContext(); }
  NullBackend(const NullBackend&) = delete;
  NullBackend& operator=(const NullBackend&) = delete;

  /// Draws a frame, and from now on every frame, by `draw`.
  void frame(std::function<void()> draw) {
    draw_ = std::move(draw);
    frame();
  }
  /// The same again.
  void frame() {
    begin_landmarks();
    ImGui::NewFrame();
    if (draw_) draw_();
    ImGui::Render();
  }
  void frames(int count) {
    for (int i = 0; i < count; ++i) frame();
  }

  void resize(float width, float height) {
    ImGui::GetIO().DisplaySize = {width, height};
    frame();
  }

  void mouse_move(float x, float y) {
    move_to(x, y);
    frame();
  }
  void press(int button = 0) {
    set_button(button, true);
    frame();
  }
  void release(int button = 0) {
    set_button(button, false);
    frame();
  }
  void click(float x, float y, int button = 0) {
    wait_out_double_click();
    mouse_move(x, y);
    press(button);
    release(button);
    frame();
  }
  void click(ImVec2 at, int button = 0) { click(at.x, at.y, button); }
  /// Where something is in a frame that is drawn now; null if it is not.
  const Landmark* landmark_of(const std::string& name) {
    frame();
    begin_landmarks();  // the frame that was drawn last is whole
    return find_landmark(name);
  }
  /// Clicks the middle of what was marked (landmarks.hpp); false if it was not drawn in the last frame.
  bool click_landmark(const std::string& name) {
    const Landmark* landmark = landmark_of(name);
    if (!landmark) return false;
    const ImVec2 at = landmark->centre();
    click(at);
    return true;
  }
  void double_click(float x, float y) {
    click(x, y);
    press();
    release();
    frame();
  }
  /// With a few stops between.
  void drag(ImVec2 from, ImVec2 to, int button = 0) {
    wait_out_double_click();
    mouse_move(from.x, from.y);
    press(button);
    for (int i = 1; i <= 5; ++i) {
      const float t = float(i) / 5.0f;
      mouse_move(from.x + t * (to.x - from.x), from.y + t * (to.y - from.y));
    }
    release(button);
    frame();
  }
  /// `amount` > 0: away from the user.
  void wheel(float x, float y, float amount) {
    mouse_move(x, y);
#if IMGUI_VERSION_NUM >= 18700
    ImGui::GetIO().AddMouseWheelEvent(0.0f, amount);
#else
    ImGui::GetIO().MouseWheel = amount;
#endif
    frame();
    frame();
  }
  void key_down(ImGuiKey key) { set_key(key, true), frame(); }
  void key_up(ImGuiKey key) { set_key(key, false), frame(); }
  void key_press(ImGuiKey key) {
    key_down(key);
    key_up(key);
  }
  /// A key by its letter, 'A' to 'Z' and '0' to '9', also where ImGui has no name for it (before 1.87): there it is the
  /// number of its character, as GLFW has it.
  void letter_press(char letter) {
#if IMGUI_VERSION_NUM >= 18700
    const bool digit = letter >= '0' && letter <= '9';
    key_press(ImGuiKey(digit ? ImGuiKey_0 + (letter - '0') : ImGuiKey_A + (letter - 'A')));
#else
    ImGui::GetIO().KeysDown[static_cast<unsigned char>(letter)] = true;
    frame();
    ImGui::GetIO().KeysDown[static_cast<unsigned char>(letter)] = false;
    frame();
#endif
  }
  /// What is held down with other keys.
  void set_modifiers(bool ctrl, bool shift = false, bool alt = false) {
    ImGuiIO& io = ImGui::GetIO();
#if IMGUI_VERSION_NUM >= 18900
    io.AddKeyEvent(ImGuiMod_Ctrl, ctrl);
    io.AddKeyEvent(ImGuiMod_Shift, shift);
    io.AddKeyEvent(ImGuiMod_Alt, alt);
#elif IMGUI_VERSION_NUM >= 18700
    io.AddKeyEvent(ImGuiKey_ModCtrl, ctrl);
    io.AddKeyEvent(ImGuiKey_ModShift, shift);
    io.AddKeyEvent(ImGuiKey_ModAlt, alt);
#else
    io.KeyCtrl = ctrl, io.KeyShift = shift, io.KeyAlt = alt;
#endif
    frame();
  }
  void type(const std::string& text) {
    ImGui::GetIO().AddInputCharactersUTF8(text.c_str());
    frame();
  }

  /// Of the last frame.
  int vertices() const { return ImGui::GetDrawData()->TotalVtxCount; }
  int indices() const { return ImGui::GetDrawData()->TotalIdxCount; }
  /// Calls `see(vertex)` for every corner of every triangle of the last frame, as a renderer would find it.
  template <typename See>
  void for_each_corner(See see) const {
    const ImDrawData* data = ImGui::GetDrawData();
    for (int n = 0; n < data->CmdListsCount; ++n) {
      const ImDrawList& list = *data->CmdLists[n];
      for (const ImDrawCmd& command : list.CmdBuffer) {
        for (unsigned i = 0; i < command.ElemCount; ++i) {
          const unsigned index = command.VtxOffset + list.IdxBuffer[int(command.IdxOffset + i)];
          see(list.VtxBuffer[int(index)]);
        }
      }
    }
  }

 private:
  static constexpr int kFirstNamedKey = 400;  ///< away from characters

  static void move_to(float x, float y) {
#if IMGUI_VERSION_NUM >= 18700
    ImGui::GetIO().AddMousePosEvent(x, y);
#else
    ImGui::GetIO().MousePos = {x, y};
#endif
  }
  static void set_button(int button, bool down) {
#if IMGUI_VERSION_NUM >= 18700
    ImGui::GetIO().AddMouseButtonEvent(button, down);
#else
    ImGui::GetIO().MouseDown[button] = down;
#endif
  }
  static void set_key(ImGuiKey key, bool down) {
#if IMGUI_VERSION_NUM >= 18700
    ImGui::GetIO().AddKeyEvent(key, down);
#else
    ImGui::GetIO().KeysDown[kFirstNamedKey + int(key)] = down;
#endif
  }
  /// So that two clicks of a test are two clicks.
  void wait_out_double_click() {
    ImGuiIO& io = ImGui::GetIO();
    const float step = io.DeltaTime;
    io.DeltaTime = 2.0f * io.MouseDoubleClickTime;
    frame();
    io.DeltaTime = step;
  }

  std::function<void()> draw_;
};

}  // namespace jko::ui
