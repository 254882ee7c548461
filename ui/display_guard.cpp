#include "ui/display_guard.hpp"

#include <dlfcn.h>

#include <atomic>
#include <csetjmp>
#include <csignal>
#include <exception>

namespace jko::ui {
namespace {

// Xlib's handlers know no context but the display, and there is one display.
std::atomic<bool> is_lost{false};
std::atomic<int> refused{0};
std::jmp_buf way_out;
thread_local bool can_jump = false;  // in this thread, and way_out is its

void leave() {
  is_lost = true;
  if (!can_jump) return;
  can_jump = false;
  std::longjmp(way_out, 1);
}

// Xlib calls the first in place of its message, and the second, from 1.7 on, in place of exit().
int on_io_error(void*) {
  leave();
  return 0;
}
void on_io_error_exit(void*, void*) { leave(); }

int on_error(void*, void*) {
  ++refused;
  return 0;
}

template <typename Function>
Function find(void* library, const char* name) {
  return reinterpret_cast<Function>(dlsym(library, name));
}

}  // namespace

void DisplayGuard::watch() {
  // By name, so that this builds and runs with GLFW for Wayland alone. GLFW 3.4 opens Xlib itself, where dlsym()'s
  // default search does not find it.
  void* xlib = dlopen("libX11.so.6", RTLD_LAZY | RTLD_NOLOAD);
  const auto get_display = find<void* (*)()>(RTLD_DEFAULT, "glfwGetX11Display");
  void* display = xlib && get_display ? get_display() : nullptr;
  if (!display) return;
  const auto set_io_error = find<void* (*)(int (*)(void*))>(xlib, "XSetIOErrorHandler");
  const auto set_exit = find<void (*)(void*, void (*)(void*, void*), void*)>(xlib, "XSetIOErrorExitHandler");
  const auto set_error = find<void* (*)(int (*)(void*, void*))>(xlib, "XSetErrorHandler");
  if (set_io_error) set_io_error(on_io_error);
  if (set_exit) set_exit(display, on_io_error_exit, nullptr);
  if (set_error) set_error(on_error);
  // Writing to a server that is gone. Ignored for good: what writes to files and sockets looks at its result.
  if (const auto before = std::signal(SIGPIPE, SIG_IGN); before != SIG_DFL) std::signal(SIGPIPE, before);
}

bool DisplayGuard::run(const std::function<void()>& calls) {
  if (is_lost) return false;
  if (setjmp(way_out) == 0) {
    can_jump = true;
    try {
      calls();
    } catch (...) {
      can_jump = false;
      throw;
    }
    can_jump = false;
  }
  return !is_lost;
}

bool DisplayGuard::lost() { return is_lost; }

int DisplayGuard::take_refused() { return refused.exchange(0); }

}  // namespace jko::ui
