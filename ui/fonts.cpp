#include "ui/fonts.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace jko::ui {
namespace {

// Pairs of first and last; ImGui keeps the pointer. What a font lacks is left out.
constexpr ImWchar kGlyphs[] = {0x0020, 0x024F,  // Latin with its accents, ², ½, ±, β's neighbours in Latin-1
                               0x0370, 0x03FF,  // Greek
                               0x1D40, 0x1D6A,  // ᵀ and other small letters above and below
                               0x2010, 0x205E,  // dashes, quotes, …
                               0x2070, 0x209F,  // ⁻¹, subscripts
                               0x2100, 0x215F,  // ℝ, fractions
                               0x2190, 0x21FF,  // arrows
                               0x2200, 0x22FF,  // ∇, ∂, ≤, ≥, ∞
                               0x2300, 0x23FF,  // ⏸, ⏹
                               0x25A0, 0x27BF,  // ▶, ●, ⚠, ✓, ❚
                               0};

bool add(const char* name, float pixels) {
  const std::string file = std::string("/usr/share/fonts/truetype/dejavu/") + name;
  ImFontAtlas* fonts = ImGui::GetIO().Fonts;
  if (access(file.c_str(), R_OK) == 0) {  // ImGui would assert
    ImFontConfig config;
    config.OversampleH = pixels > 24.0f ? 1 : 2;
    config.OversampleV = 1;
    if (fonts->AddFontFromFileTTF(file.c_str(), pixels, &config, kGlyphs)) return true;
  }
  ImFontConfig config;
  config.SizePixels = pixels;
  fonts->AddFontDefault(&config);
  return false;
}

}  // namespace

bool load_fonts(float scale, float density) {
  ImGuiIO& io = ImGui::GetIO();
  io.Fonts->Clear();
  const float pixels = std::clamp(std::round(kFontSize * scale * density), 6.0f, 120.0f);
  const bool text = add("DejaVuSans.ttf", pixels), mono = add("DejaVuSansMono.ttf", pixels);
  io.FontGlobalScale = 1.0f / density;
  // In rows long enough for large letters: at 4 times the size a texture of 1024 columns would be too high.
  io.Fonts->TexDesiredWidth = pixels > 30.0f ? 4096 : 2048;
  io.Fonts->Build();
  return text && mono;
}

}  // namespace jko::ui
