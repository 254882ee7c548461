#include "ui/gl.hpp"

#include <imgui.h>

#include <algorithm>
#include <cstdio>

namespace jko::ui {
namespace {

std::string error_text(GLenum error) {
  char text[32];
  std::snprintf(text, sizeof text, "GL error 0x%04x", static_cast<unsigned>(error));
  return text;
}

}  // namespace

std::vector<std::string> GlErrors::take() {
  std::vector<std::string> news;
  constexpr int kMost = 16;  // a context that is lost may answer with an error for ever
  for (int i = 0; i < kMost; ++i) {
    const GLenum error = glGetError();
    if (error == GL_NO_ERROR) break;
    if (counts_[error]++ == 0) news.push_back(error_text(error));
  }
  return news;
}

std::string GlErrors::summary() const {
  std::string text;
  for (const auto& [error, count] : counts_) {
    if (!text.empty()) text += ", ";
    text += error_text(error) + " (" + std::to_string(count) + (count == 1 ? " time)" : " times)");
  }
  return text;
}

Pixels read_framebuffer(int width, int height) {
  Pixels pixels;
  pixels.width = width;
  pixels.height = height;
  const auto columns = static_cast<std::size_t>(width), rows = static_cast<std::size_t>(height);
  pixels.rgba.resize(columns * rows);
  glPixelStorei(GL_PACK_ALIGNMENT, 4);
  glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, pixels.rgba.data());
  // OpenGL's first row is the lowest one.
  for (std::size_t row = 0; row < rows / 2; ++row) {
    const auto upper = pixels.rgba.begin() + static_cast<std::ptrdiff_t>(row * columns);
    const auto lower = pixels.rgba.begin() + static_cast<std::ptrdiff_t>((rows - 1 - row) * columns);
    std::swap_ranges(upper, upper + width, lower);
  }
  // What blending left of the alpha means nothing to who looks at the picture.
  for (std::uint32_t& pixel : pixels.rgba) pixel |= IM_COL32_A_MASK;
  return pixels;
}

bool draws_by_software() {
  const auto* text = reinterpret_cast<const char*>(glGetString(GL_RENDERER));
  const std::string renderer = text ? text : "";
  for (const char* name : {"llvmpipe", "softpipe", "swrast", "SwiftShader"}) {
    if (renderer.find(name) != std::string::npos) return true;
  }
  return false;
}

void clear_framebuffer() {
  const ImVec4& colour = ImGui::GetStyle().Colors[ImGuiCol_WindowBg];
  glClearColor(colour.x, colour.y, colour.z, 1.0f);
  glClear(GL_COLOR_BUFFER_BIT);
}

}  // namespace jko::ui
