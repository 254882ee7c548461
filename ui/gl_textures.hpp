#pragma once
/// Textures of OpenGL by name. Needs a current context from the first texture to the destructor.
///
///     GlTextures textures;
///     ImTextureID id = textures.texture("density", version, pixels, true);
///     textures.end_frame();                        // after each frame; frees what was not asked for in a while

#include <map>
#include <string>

#include "ui/textures.hpp"

namespace jko::ui {

class GlTextures : public Textures {
 public:
  GlTextures() = default;
  ~GlTextures() override;
  GlTextures(const GlTextures&) = delete;
  GlTextures& operator=(const GlTextures&) = delete;

  /// Null for pixels that are none.
  ImTextureID texture(const std::string& name, std::uint64_t version, const Pixels& pixels, bool smooth) override;
  bool has(const std::string& name, std::uint64_t version) const override;

  void end_frame();
  std::size_t size() const { return entries_.size(); }

  static constexpr int kFramesKept = 300;  ///< that a texture is kept without being asked for

 private:
  struct Entry {
    unsigned id = 0;
    std::uint64_t version = 0;
    int width = 0, height = 0;
    bool smooth = false;
    int unused = 0;  ///< frames
  };
  std::map<std::string, Entry> entries_;
};

}  // namespace jko::ui
