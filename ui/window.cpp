#include "ui/window.hpp"

#include <imgui.h>
#include <imgui_impl_glfw.h>
#include <imgui_impl_opengl3.h>

// The backends' headers first: GLFW's own would bring another OpenGL header in.
#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "ui/colours.hpp"
#include "ui/display_guard.hpp"
#include "ui/fonts.hpp"
#include "ui/gl.hpp"
#include "ui/gl_textures.hpp"
#include "ui/key_taps.hpp"
#include "ui/offscreen.hpp"
#include "ui/png.hpp"
#include "ui/screenshot.hpp"
#include "ui/settings.hpp"
#include "ui/workbench.hpp"

namespace jko::ui {
namespace {

constexpr char kLost[] = "the display was lost";
constexpr double kFrame = 1.0 / 60.0;          // seconds
constexpr double kSoftwareFrame = 1.0 / 30.0;  // where the processor draws, which the filter needs too
constexpr double kLongestSleep = 0.5;          // seconds; until a closed port is noticed at the latest
constexpr int kFramesAfterInput = 3;           // ImGui needs more than one to answer
constexpr double kLateFrame = 0.6;             // seconds after an input: what appears with a delay, like a tooltip
constexpr double kCaret = 0.2;                 // seconds between frames while a text is edited: its caret blinks

// What GLFW had to say, each text once. Its callback knows no context, and any thread may come.
class GlfwErrors {
 public:
  static GlfwErrors& instance() {
    static GlfwErrors errors;
    return errors;
  }
  static void on_error(int code, const char* text) {
    if (code == GLFW_FORMAT_UNAVAILABLE) return;  // the clipboard holds no text
    instance().add(text ? text : "unknown error");
  }
  void add(const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (counts_[text]++ == 0) news_.push_back(text);
    last_ = text;
  }
  std::vector<std::string> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(news_, {});
  }
  std::string summary() {
    const std::lock_guard lock(mutex_);
    std::string text;
    for (const auto& [error, count] : counts_) {
      text += (text.empty() ? "" : ", ") + error + " (" + std::to_string(count) + (count == 1 ? " time)" : " times)");
    }
    return text;
  }
  std::string last() {
    const std::lock_guard lock(mutex_);
    return last_.empty() ? "unknown error" : last_;
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    counts_.clear();
    news_.clear();
    last_.clear();
  }

 private:
  std::mutex mutex_;
  std::map<std::string, int> counts_;
  std::vector<std::string> news_;
  std::string last_;
};

bool set(const char* name) {
  const char* value = std::getenv(name);
  return value && value[0] != '\0';
}

// "" or what went wrong.
std::string start_glfw() {
  if (DisplayGuard::lost()) return kLost;
  if (!set("DISPLAY") && !set("WAYLAND_DISPLAY")) return "no display (DISPLAY and WAYLAND_DISPLAY are not set)";
  GlfwErrors::instance().clear();
  glfwSetErrorCallback(GlfwErrors::on_error);
  if (!glfwInit()) return "no display: " + GlfwErrors::instance().last();
  DisplayGuard::watch();
  return "";
}

// The window with all that is in it. After a loss of the display it must be leaked: see DisplayGuard.
class Window {
 public:
  Window(ViewPort& port, const WindowOptions& options) : port_(port), options_(options) {}
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  /// Each of these makes calls to GLFW and OpenGL, and belongs into DisplayGuard::run(). "" or what went wrong.
  std::string open();
  void wait();
  void draw();
  void close();

  bool done() const {
    return glfwWindowShouldClose(window_) || workbench_->wants_to_quit() || port_.closed() || port_.finished();
  }
  std::string save_settings() const;
  std::string errors() const;

 private:
  static Window& of(GLFWwindow* window) { return *static_cast<Window*>(glfwGetWindowUserPointer(window)); }
  void set_callbacks();
  void on_input();
  void remember_size();
  bool visible() const;
  double next_frame() const;
  void follow_look();
  void follow_title();
  void tell_errors();
  void write_screenshot();

  ViewPort& port_;
  const WindowOptions options_;
  Settings settings_;
  GLFWwindow* window_ = nullptr;
  ImGuiContext* imgui_ = nullptr;
  bool platform_ = false, renderer_ = false;
  std::optional<GlTextures> textures_;
  std::optional<Workbench> workbench_;

  std::atomic<bool> fresh_{true};  ///< a snapshot has come since the last frame
  int frames_wanted_ = kFramesAfterInput;
  double late_frame_ = 0.0;  ///< time; 0: none
  double last_frame_ = 0.0;  ///< when it was begun
  double due_ = 0.0;         ///< no frame before
  double frame_ = kFrame;    ///< seconds from one frame to the next, at least
  KeyTaps taps_;
  float scale_ = 0.0f, density_ = 0.0f;
  bool light_ = false;
  std::string title_, screenshot_;
  GlErrors gl_errors_;
  int refused_ = 0;
};

std::string Window::open() {
  std::string problem;
  settings_ = Settings::load(Settings::default_file(), &problem);
  const WindowOptions usual;
  if (options_.width != usual.width || options_.height != usual.height) {
    settings_.width = std::clamp(options_.width, 1, 16'384);
    settings_.height = std::clamp(options_.height, 1, 16'384);
  }

  glfwDefaultWindowHints();
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
  glfwWindowHint(GLFW_DEPTH_BITS, 0);
  glfwWindowHint(GLFW_STENCIL_BITS, 0);
  glfwWindowHintString(GLFW_X11_CLASS_NAME, "jkofilter");
  glfwWindowHintString(GLFW_X11_INSTANCE_NAME, "jkofilter");
  title_ = options_.title;
  window_ = glfwCreateWindow(settings_.width, settings_.height, title_.c_str(), nullptr, nullptr);
  if (!window_) return "no window with OpenGL 3.3: " + GlfwErrors::instance().last();
  glfwMakeContextCurrent(window_);
  int interval = 1;
#ifdef GLFW_PLATFORM_WAYLAND
  // There the wait for a window that is hidden would be without end.
  if (glfwGetPlatform() == GLFW_PLATFORM_WAYLAND) interval = 0;
#endif
  glfwSwapInterval(interval);
  if (draws_by_software()) frame_ = kSoftwareFrame;

  imgui_ = ImGui::CreateContext();
  ImGui::SetCurrentContext(imgui_);
  ImGui::GetIO().IniFilename = nullptr;
  set_callbacks();  // before ImGui's, which call those that were there
  platform_ = ImGui_ImplGlfw_InitForOpenGL(window_, true);
  renderer_ = platform_ && ImGui_ImplOpenGL3_Init("#version 330");
  if (!renderer_) return "ImGui cannot use this window's OpenGL";

  textures_.emplace();
  workbench_.emplace(port_, *textures_, settings_, WindowServices{[this](const std::string& file) {
                       screenshot_ = file;
                       frames_wanted_ = std::max(frames_wanted_, 1);
                     }});
  if (!problem.empty()) workbench_->say(problem, true);
  port_.on_snapshot([this] {
    fresh_ = true;
    glfwPostEmptyEvent();
  });
  return "";
}

void Window::close() {
  workbench_.reset();
  textures_.reset();
  if (renderer_) ImGui_ImplOpenGL3_Shutdown();
  if (platform_) ImGui_ImplGlfw_Shutdown();
  if (imgui_) ImGui::DestroyContext(imgui_);
  if (window_) glfwDestroyWindow(window_);
  glfwTerminate();
}

void Window::set_callbacks() {
  glfwSetWindowUserPointer(window_, this);
  glfwSetKeyCallback(window_, [](GLFWwindow* window, int key, int, int action, int modifiers) {
    if (action == GLFW_PRESS) of(window).taps_.pressed(key, modifiers);
    of(window).on_input();
  });
  glfwSetCharCallback(window_, [](GLFWwindow* window, unsigned) { of(window).on_input(); });
  glfwSetMouseButtonCallback(window_, [](GLFWwindow* window, int, int, int) { of(window).on_input(); });
  glfwSetScrollCallback(window_, [](GLFWwindow* window, double, double) { of(window).on_input(); });
  glfwSetCursorPosCallback(window_, [](GLFWwindow* window, double, double) { of(window).on_input(); });
  glfwSetCursorEnterCallback(window_, [](GLFWwindow* window, int) { of(window).on_input(); });
  glfwSetWindowFocusCallback(window_, [](GLFWwindow* window, int) { of(window).on_input(); });
  glfwSetWindowIconifyCallback(window_, [](GLFWwindow* window, int) { of(window).on_input(); });
  glfwSetWindowRefreshCallback(window_, [](GLFWwindow* window) { of(window).on_input(); });
  glfwSetFramebufferSizeCallback(window_, [](GLFWwindow* window, int, int) { of(window).on_input(); });
  glfwSetWindowContentScaleCallback(window_, [](GLFWwindow* window, float, float) { of(window).on_input(); });
  glfwSetWindowSizeCallback(window_, [](GLFWwindow* window, int, int) { of(window).remember_size(); });
}

void Window::on_input() {
  frames_wanted_ = kFramesAfterInput;
  late_frame_ = glfwGetTime() + kLateFrame;
}

void Window::remember_size() {
  on_input();
  if (glfwGetWindowAttrib(window_, GLFW_MAXIMIZED) || glfwGetWindowAttrib(window_, GLFW_ICONIFIED)) return;
  glfwGetWindowSize(window_, &settings_.width, &settings_.height);
}

bool Window::visible() const {
  int width = 0, height = 0;
  glfwGetFramebufferSize(window_, &width, &height);
  return width > 0 && height > 0 && !glfwGetWindowAttrib(window_, GLFW_ICONIFIED);
}

// The time of the next frame, if nothing more happens.
double Window::next_frame() const {
  if (frames_wanted_ > 0 || fresh_) return due_;
  double next = last_frame_ + workbench_->until_movement();
  if (late_frame_ > 0.0) next = std::min(next, late_frame_);
  if (ImGui::GetIO().WantTextInput) next = std::min(next, last_frame_ + kCaret);
  return std::max(next, due_);
}

void Window::wait() {
  glfwPollEvents();
  while (!done()) {
    const double left = visible() ? next_frame() - glfwGetTime() : kLongestSleep;
    // Less than the clock of the system's waits can tell.
    if (left < 5e-4) return;
    glfwWaitEventsTimeout(std::min(left, kLongestSleep));
  }
}

// Scale and theme as the settings say, and the display.
void Window::follow_look() {
  int width = 0, height = 0, columns = 0, rows = 0;
  glfwGetWindowSize(window_, &width, &height);
  glfwGetFramebufferSize(window_, &columns, &rows);
  float content = 1.0f, ignored = 1.0f;
  glfwGetWindowContentScale(window_, &content, &ignored);
  // Where a window is measured in other units than pixels, the display's scale is in them already. A window of a few
  // units gives no exact ratio: the one before stays.
  float density = density_ > 0.0f ? density_ : 1.0f;
  if (width >= 100) density = std::clamp(static_cast<float>(columns) / static_cast<float>(width), 0.5f, 8.0f);
  if (std::abs(density - density_) < 0.02f) density = density_;
  const float scale = std::clamp((settings_.scale > 0.0f ? settings_.scale : content) / density, 0.25f, 8.0f);
  if (scale == scale_ && density == density_ && settings_.light == light_) return;
  if (scale != scale_ || density != density_) {
    load_fonts(scale, density);
    ImGui_ImplOpenGL3_DestroyFontsTexture();
    ImGui_ImplOpenGL3_CreateFontsTexture();
    frames_wanted_ = std::max(frames_wanted_, kFramesAfterInput);
  }
  scale_ = scale;
  density_ = density;
  light_ = settings_.light;
  set_theme(light_ ? Theme::light : Theme::dark, scale_);
}

void Window::follow_title() {
  const std::shared_ptr<const Snapshot>& snapshot = port_.snapshot();
  std::string title = options_.title;
  if (snapshot && !snapshot->status.name.empty()) title = snapshot->status.name + " - " + title;
  if (title == title_) return;
  title_ = title;
  glfwSetWindowTitle(window_, title_.c_str());
}

void Window::tell_errors() {
  for (const std::string& error : gl_errors_.take()) workbench_->say(error, true);
  for (const std::string& error : GlfwErrors::instance().take()) workbench_->say(error, true);
  if (const int refused = DisplayGuard::take_refused(); refused > 0) {
    if (refused_ == 0) workbench_->say("the X server refused a request", true);
    refused_ += refused;
  }
}

void Window::write_screenshot() {
  const std::string file = std::exchange(screenshot_, {});
  int columns = 0, rows = 0;
  glfwGetFramebufferSize(window_, &columns, &rows);
  const std::string problem = write_png(file, read_framebuffer(columns, rows));
  workbench_->say(problem.empty() ? "wrote " + file : problem, !problem.empty());
  frames_wanted_ = std::max(frames_wanted_, 1);
}

void Window::draw() {
  const double now = glfwGetTime();
  last_frame_ = now;
  due_ = std::max(due_ + frame_, now);  // evenly, although each wait is a little late
  frames_wanted_ = std::max(frames_wanted_ - 1, 0);
  if (late_frame_ > 0.0 && now >= late_frame_) late_frame_ = 0.0;
  fresh_ = false;  // before the snapshot is fetched

  follow_look();
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplGlfw_NewFrame();
  if (taps_.begin_frame()) frames_wanted_ = std::max(frames_wanted_, 1);
  ImGui::NewFrame();
  const bool picture = !screenshot_.empty();  // one asked for in this frame is of the next
  workbench_->draw();
  ImGui::Render();
  taps_.end_frame(window_);
  int columns = 0, rows = 0;
  glfwGetFramebufferSize(window_, &columns, &rows);
  glViewport(0, 0, columns, rows);
  clear_framebuffer();
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  if (picture) write_screenshot();
  textures_->end_frame();
  follow_title();
  tell_errors();
  glfwSwapBuffers(window_);
}

std::string Window::save_settings() const {
  const std::string file = Settings::default_file();
  return file.empty() ? "" : settings_.save(file);
}

std::string Window::errors() const {
  std::string text = gl_errors_.summary();
  const std::string glfw = GlfwErrors::instance().summary();
  if (!glfw.empty()) text += (text.empty() ? "" : ", ") + glfw;
  if (refused_ > 0) {
    text += (text.empty() ? "" : ", ") + std::string("X requests refused: ") + std::to_string(refused_);
  }
  return text;
}

std::string show_window(ViewPort& port, const WindowOptions& options) {
  std::string problem;
  auto window = std::make_unique<Window>(port, options);
  bool opened = false;
  DisplayGuard::run([&] {
    problem = start_glfw();
    if (!problem.empty()) return;
    opened = true;
    problem = window->open();
  });
  if (opened && problem.empty()) {
    while (!DisplayGuard::lost() && !window->done()) {
      DisplayGuard::run([&] { window->wait(); });
      if (DisplayGuard::lost() || window->done()) break;
      DisplayGuard::run([&] { window->draw(); });
    }
  }
  port.on_snapshot({});
  port.close(DisplayGuard::lost() || !problem.empty());
  if (opened && problem.empty()) {
    for (const std::string& line : {window->save_settings(), window->errors()}) {
      if (!line.empty()) std::fprintf(stderr, "jkofilter: window: %s\n", line.c_str());
    }
  }
  if (opened) DisplayGuard::run([&] { window->close(); });
  if (DisplayGuard::lost()) {
    static_cast<void>(window.release());  // with Xlib, GLFW and OpenGL as they were left
    return kLost;
  }
  return problem;
}

class WindowFrontEnd : public FrontEnd {
 public:
  WindowFrontEnd() = default;
  ~WindowFrontEnd() override { DisplayGuard::run(glfwTerminate); }
  WindowFrontEnd(const WindowFrontEnd&) = delete;
  WindowFrontEnd& operator=(const WindowFrontEnd&) = delete;

  std::string unavailable(const WindowOptions& options) const override {
    if (!options.screenshot.empty()) {
      std::string problem;
      Offscreen::make(1, 1, &problem);
      return problem;
    }
    std::string problem;
    // Stays connected for show(): an X server that ends or resets with its last client must not do so in between.
    DisplayGuard::run([&] { problem = start_glfw(); });
    return DisplayGuard::lost() ? kLost : problem;
  }

  std::string show(ViewPort& port, const WindowOptions& options) override {
    return options.screenshot.empty() ? show_window(port, options) : take_screenshot(port, options);
  }
};

}  // namespace

std::unique_ptr<FrontEnd> make_front_end() { return std::make_unique<WindowFrontEnd>(); }

}  // namespace jko::ui
