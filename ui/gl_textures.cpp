#include "ui/gl_textures.hpp"

#include <iterator>

#include "ui/gl.hpp"

namespace jko::ui {

GlTextures::~GlTextures() {
  for (const auto& [name, entry] : entries_) glDeleteTextures(1, &entry.id);
}

ImTextureID GlTextures::texture(const std::string& name, std::uint64_t version, const Pixels& pixels, bool smooth) {
  const bool there = has(name, version);
  const auto count = static_cast<std::size_t>(pixels.width) * static_cast<std::size_t>(pixels.height);
  const bool sound = pixels.width > 0 && pixels.height > 0 && pixels.rgba.size() == count;
  if (!there && !sound) return {};

  Entry& entry = entries_[name];
  entry.unused = 0;
  const bool fresh = entry.id == 0;
  if (fresh) glGenTextures(1, &entry.id);
  // ImGui's backend has its own idea of what is bound, and restores it after each frame; so do we.
  GLint bound = 0;
  glGetIntegerv(GL_TEXTURE_BINDING_2D, &bound);
  glBindTexture(GL_TEXTURE_2D, entry.id);
  if (fresh) {
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, 0);
  }
  if (fresh || entry.smooth != smooth) {
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, smooth ? GL_LINEAR : GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, smooth ? GL_LINEAR : GL_NEAREST);
    entry.smooth = smooth;
  }
  if (!there) {
    glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
    glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
    if (entry.width == pixels.width && entry.height == pixels.height) {
      glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, pixels.width, pixels.height, GL_RGBA, GL_UNSIGNED_BYTE,
                      pixels.rgba.data());
    } else {
      glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, pixels.width, pixels.height, 0, GL_RGBA, GL_UNSIGNED_BYTE,
                   pixels.rgba.data());
      entry.width = pixels.width;
      entry.height = pixels.height;
    }
    entry.version = version;
  }
  glBindTexture(GL_TEXTURE_2D, static_cast<GLuint>(bound));
  // A pointer in ImGui up to 1.91, an integer after: only this cast makes either.
  return (ImTextureID) static_cast<std::uintptr_t>(entry.id);  // NOLINT(performance-no-int-to-ptr)
}

bool GlTextures::has(const std::string& name, std::uint64_t version) const {
  const auto found = entries_.find(name);
  return found != entries_.end() && found->second.version == version && found->second.width > 0;
}

void GlTextures::end_frame() {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (++entry->second.unused <= kFramesKept) {
      ++entry;
      continue;
    }
    glDeleteTextures(1, &entry->second.id);
    entry = entries_.erase(entry);
  }
}

}  // namespace jko::ui
