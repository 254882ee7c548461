#pragma once
/// OpenGL 3.3 for our own few calls, by libOpenGL, and what its errors were.

#ifndef GL_GLEXT_PROTOTYPES
#define GL_GLEXT_PROTOTYPES
#endif
#include <GL/gl.h>
#include <GL/glext.h>

#include <map>
#include <string>
#include <vector>

#include "ui/colours.hpp"

namespace jko::ui {

/// Takes OpenGL's errors after each frame and tells each kind once.
class GlErrors {
 public:
  /// Errors of a kind that was not seen before, as "GL error 0x0502".
  std::vector<std::string> take();
  /// "GL error 0x0502 (3 times), …"; empty if there was none.
  std::string summary() const;

 private:
  std::map<GLenum, int> counts_;
};

/// Whether Mesa's software renderers, or others, draw on the processor.
bool draws_by_software();

/// Fills the framebuffer with the colour of ImGui's windows: the workbench then need not draw its own background, which
/// would cost a fifth of a frame where the processor draws.
void clear_framebuffer();

/// The pixels of the framebuffer that is bound, opaque.
Pixels read_framebuffer(int width, int height);

}  // namespace jko::ui
