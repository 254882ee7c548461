#include "ui/offscreen.hpp"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <imgui.h>
#include <imgui_impl_opengl3.h>

#include <cstdio>
#include <cstring>
#include <utility>

#include "ui/gl.hpp"

namespace jko::ui {
// A current OpenGL 3.3 context that draws nowhere by itself.
class EglContext {
 public:
  // "" or what went wrong.
  std::string open() {
    std::string problem = open_surfaceless();
    if (problem.empty()) return "";
    close();
    const std::string other = open_pbuffer();
    if (other.empty()) return "";
    close();
    return problem + "; " + other;
  }
  EglContext() = default;
  EglContext(const EglContext&) = delete;
  EglContext& operator=(const EglContext&) = delete;
  ~EglContext() { close(); }

 private:
  std::string open_surfaceless() {
    const char* extensions = eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS);
    if (!extensions || !std::strstr(extensions, "EGL_MESA_platform_surfaceless"))
      return "EGL has no surfaceless platform";
    const auto get_display =
        reinterpret_cast<PFNEGLGETPLATFORMDISPLAYEXTPROC>(eglGetProcAddress("eglGetPlatformDisplayEXT"));
    if (!get_display) return "EGL has no surfaceless platform";
    return open(get_display(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, nullptr), false);
  }

  std::string open_pbuffer() { return open(eglGetDisplay(EGL_DEFAULT_DISPLAY), true); }

  std::string open(EGLDisplay display, bool pbuffer) {
    if (display == EGL_NO_DISPLAY || !eglInitialize(display, nullptr, nullptr)) return failed("no EGL display");
    display_ = display;
    if (!eglBindAPI(EGL_OPENGL_API)) return failed("EGL without OpenGL");
    const EGLint wanted[] = {EGL_SURFACE_TYPE, pbuffer ? EGL_PBUFFER_BIT : 0, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT,
                             EGL_NONE};
    EGLConfig config = nullptr;
    EGLint count = 0;
    if (!eglChooseConfig(display, wanted, &config, 1, &count) || count < 1) return failed("no EGL configuration");
    const EGLint version[] = {
        EGL_CONTEXT_MAJOR_VERSION,           3,       EGL_CONTEXT_MINOR_VERSION, 3, EGL_CONTEXT_OPENGL_PROFILE_MASK,
        EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT, EGL_NONE};
    context_ = eglCreateContext(display, config, EGL_NO_CONTEXT, version);
    if (context_ == EGL_NO_CONTEXT) return failed("no OpenGL 3.3");
    if (pbuffer) {
      const EGLint size[] = {EGL_WIDTH, 1, EGL_HEIGHT, 1, EGL_NONE};
      surface_ = eglCreatePbufferSurface(display, config, size);
      if (surface_ == EGL_NO_SURFACE) return failed("no EGL buffer");
    }
    if (!eglMakeCurrent(display, surface_, surface_, context_)) return failed("OpenGL cannot be made current");
    return "";
  }

  static std::string failed(const char* what) {
    char code[16];
    std::snprintf(code, sizeof code, "0x%04x", static_cast<unsigned>(eglGetError()));
    return std::string(what) + " (" + code + ")";
  }

  void close() {
    if (display_ == EGL_NO_DISPLAY) return;
    eglMakeCurrent(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
    if (surface_ != EGL_NO_SURFACE) eglDestroySurface(display_, surface_);
    if (context_ != EGL_NO_CONTEXT) eglDestroyContext(display_, context_);
    // eglTerminate() would take the display, which is one for the process, from whoever else uses it.
    eglReleaseThread();
    display_ = EGL_NO_DISPLAY;
    surface_ = EGL_NO_SURFACE;
    context_ = EGL_NO_CONTEXT;
  }

  EGLDisplay display_ = EGL_NO_DISPLAY;
  EGLContext context_ = EGL_NO_CONTEXT;
  EGLSurface surface_ = EGL_NO_SURFACE;
};

struct Offscreen::Implementation {
  int width, height;
  EglContext egl;  // outlives what is made in it
  GLuint framebuffer = 0, colour = 0;
  ImGuiContext* imgui = nullptr;
  ImGuiContext* imgui_before = nullptr;
  bool renderer = false;

  Implementation(int width, int height) : width(width), height(height) {}
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  std::string open() {
    if (std::string problem = egl.open(); !problem.empty()) return problem;
    GLint most = 0;
    glGetIntegerv(GL_MAX_RENDERBUFFER_SIZE, &most);
    if (width < 1 || height < 1 || width > most || height > most) {
      return "a picture of " + std::to_string(width) + " x " + std::to_string(height) + " pixels; there can be 1 to " +
             std::to_string(most);
    }
    glGenRenderbuffers(1, &colour);
    glBindRenderbuffer(GL_RENDERBUFFER, colour);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, width, height);
    glGenFramebuffers(1, &framebuffer);
    glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, colour);
    if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE) return "no OpenGL framebuffer";
    imgui_before = ImGui::GetCurrentContext();
    imgui = ImGui::CreateContext();
    ImGui::SetCurrentContext(imgui);
    ImGui::GetIO().IniFilename = nullptr;
    renderer = ImGui_ImplOpenGL3_Init("#version 330");
    return renderer ? "" : "ImGui cannot use this OpenGL";
  }

  ~Implementation() {
    if (imgui) {
      ImGui::SetCurrentContext(imgui);
      if (renderer) ImGui_ImplOpenGL3_Shutdown();
      ImGui::DestroyContext(imgui);
      ImGui::SetCurrentContext(imgui_before);
    }
    if (framebuffer) glDeleteFramebuffers(1, &framebuffer);
    if (colour) glDeleteRenderbuffers(1, &colour);
  }
};

Offscreen::Offscreen(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Offscreen::~Offscreen() = default;

std::unique_ptr<Offscreen> Offscreen::make(int width, int height, std::string* problem) {
  auto implementation = std::make_unique<Implementation>(width, height);
  const std::string what = implementation->open();
  if (problem) *problem = what;
  if (!what.empty()) return nullptr;
  return std::unique_ptr<Offscreen>(new Offscreen(std::move(implementation)));
}

void Offscreen::draw(const std::function<void()>& contents, double seconds) {
  const Implementation& own = *implementation_;
  ImGuiIO& io = ImGui::GetIO();
  io.DisplaySize = {static_cast<float>(own.width), static_cast<float>(own.height)};
  io.DeltaTime = seconds > 1e-6 ? static_cast<float>(seconds) : 1e-6f;  // ImGui refuses 0
  ImGui_ImplOpenGL3_NewFrame();
  ImGui::NewFrame();
  contents();
  ImGui::Render();
  glBindFramebuffer(GL_FRAMEBUFFER, own.framebuffer);
  glViewport(0, 0, own.width, own.height);
  clear_framebuffer();
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
}

Pixels Offscreen::read() const {
  glBindFramebuffer(GL_FRAMEBUFFER, implementation_->framebuffer);
  return read_framebuffer(implementation_->width, implementation_->height);
}

void Offscreen::fonts_changed() {
  ImGui_ImplOpenGL3_DestroyFontsTexture();
  ImGui_ImplOpenGL3_CreateFontsTexture();
}

int Offscreen::width() const { return implementation_->width; }
int Offscreen::height() const { return implementation_->height; }

}  // namespace jko::ui
