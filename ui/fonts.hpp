#pragma once
/// The fonts of the window: DejaVu, which has the Greek letters and signs that the panels write.

#include <imgui.h>

namespace jko::ui {

inline constexpr float kFontSize = 15.0f;  ///< pixels at a scale of 1

/// Makes the two fonts of ImGui's current context anew: text_font() and mono_font(). `density`: pixels of the screen to
/// a unit of ImGui's coordinates (2 on some Wayland displays, else 1). The renderer must then make its texture anew.
/// Returns false if ImGui's own font, which has no Greek, had to stand in.
bool load_fonts(float scale, float density = 1.0f);

inline ImFont* text_font() { return ImGui::GetIO().Fonts->Fonts[0]; }
inline ImFont* mono_font() { return ImGui::GetIO().Fonts->Fonts[1]; }

}  // namespace jko::ui
