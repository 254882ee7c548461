#pragma once
/// A line of text to edit, of bounded length.

#include <imgui.h>

#include <array>
#include <string>

namespace jko::ui {

class TextField {
 public:
  /// What is edited, unless the user is at it just now.
  void show(const std::string& text) {
    if (editing_) return;
    set(text);
  }
  void set(const std::string& text) {
    const std::size_t length = text.copy(buffer_.data(), buffer_.size() - 1);
    buffer_[length] = '\0';
  }
  std::string text() const { return buffer_.data(); }

  /// Draws it; true when Enter was pressed, or when it was left with another text.
  bool draw(const char* id) {
    const bool entered = ImGui::InputText(id, buffer_.data(), buffer_.size(), ImGuiInputTextFlags_EnterReturnsTrue);
    editing_ = ImGui::IsItemActive();
    return entered || ImGui::IsItemDeactivatedAfterEdit();
  }
  /// The same; true after each change of the text: for what is checked while it is typed.
  bool draw_as_typed(const char* id) {
    const bool changed = ImGui::InputText(id, buffer_.data(), buffer_.size());
    editing_ = ImGui::IsItemActive();
    return changed;
  }

 private:
  std::array<char, 1024> buffer_{};
  bool editing_ = false;
};

}  // namespace jko::ui
