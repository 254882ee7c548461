#pragma once
/// Pictures on their way to the graphics card. Drawing code asks for a texture by name and gives pixels only when they
/// have changed; whoever owns the graphics context implements it (gl_textures.hpp), tests give one that does nothing.

#include <imgui.h>

#include <cstdint>
#include <string>

#include "ui/colours.hpp"

namespace jko::ui {

class Textures {
 public:
  virtual ~Textures() = default;
  /// The texture `name`. If its `version` is not the one that is there, `pixels` are uploaded first. `smooth`: between
  /// pixels by interpolation.
  virtual ImTextureID texture(const std::string& name, std::uint64_t version, const Pixels& pixels, bool smooth) = 0;
  /// Whether the texture is there already with this version: then its pixels need not be made.
  virtual bool has(const std::string& name, std::uint64_t version) const = 0;
};

}  // namespace jko::ui
