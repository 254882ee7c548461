#pragma once
/// An X server without a screen (Xvfb), and a user at it (xdotool), for tests of the real program in real windows.
///
///     VirtualDisplay display;                                    // DISPLAY is its, as long as it is there
///     ProgramProcess program({"explore", "--play"});
///     const std::string window = display.window();               // waits for it; "" if none comes
///     display.user("key space");                                 // what xdotool understands
///     CHECK(comes([&] { return brightness(display.screen({0, 0, 1280, 720})) > 0.5; }));
///     display.user("key ctrl+q");
///     CHECK(exit_status(program) == 0);
///
/// Nothing here waits for a time: what is waited for comes, or the test fails after a minute (kPatience). There is no
/// window manager: a window lies at (0, 0), has the keys from its beginning, and is closed by close().

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/src/program_process.hpp"
#include "tests/src/temporary_folder.hpp"
#include "ui/colours.hpp"

namespace jko::ui {

/// Whether `condition` becomes true. As test::eventually(), for conditions that are costly to look at.
template <class Condition>
bool comes(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(test::kPatience);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(15));
  }
  return true;
}

/// As ProgramProcess::wait(), but a program that never ends is killed, which its status then says.
inline int exit_status(test::ProgramProcess& program) {
  const bool ended = comes([&] {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(program.id()), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
  });
  return ended ? program.wait() : program.stop(SIGKILL);
}

/// A variable of the environment that processes started meanwhile inherit; without a value: that they lack.
class Variable {
 public:
  Variable(std::string name, const std::optional<std::string>& value) : name_(std::move(name)) {
    if (const char* before = std::getenv(name_.c_str())) before_ = before;
    set(value);
  }
  ~Variable() { set(before_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void set(const std::optional<std::string>& value) {
    value ? setenv(name_.c_str(), value->c_str(), 1) : unsetenv(name_.c_str());
  }

  std::string name_;
  std::optional<std::string> before_;
};

/// A rectangle of the screen, or of a picture, which may reach beyond it.
struct Area {
  int x, y, width, height;
};

inline Pixels part(const Pixels& pixels, const Area& area) {
  Pixels part;
  part.width = std::clamp(pixels.width - area.x, 0, area.width);
  part.height = std::clamp(pixels.height - area.y, 0, area.height);
  for (int row = area.y; row < area.y + part.height; ++row) {
    const auto begin = pixels.rgba.begin() + std::ptrdiff_t(row) * pixels.width + area.x;
    part.rgba.insert(part.rgba.end(), begin, begin + part.width);
  }
  return part;
}

inline bool same(const Pixels& a, const Pixels& b) {
  return a.width == b.width && a.height == b.height && a.rgba == b.rgba;
}

/// How many pixels differ, and the rectangle that holds them.
inline std::string difference(const Pixels& a, const Pixels& b) {
  if (a.width != b.width || a.height != b.height) return "of another size";
  int count = 0, left = a.width, right = -1, top = a.height, bottom = -1;
  for (int at = 0; at < a.width * a.height; ++at) {
    if (a.rgba[at] == b.rgba[at]) continue;
    ++count;
    left = std::min(left, at % a.width);
    right = std::max(right, at % a.width);
    top = std::min(top, at / a.width);
    bottom = std::max(bottom, at / a.width);
  }
  return std::to_string(count) + " pixels, from (" + std::to_string(left) + ", " + std::to_string(top) + ") to (" +
         std::to_string(right) + ", " + std::to_string(bottom) + ")";
}

/// Whether there is anything to be seen.
inline bool blank(const Pixels& pixels) {
  return std::all_of(pixels.rgba.begin(), pixels.rgba.end(),
                     [&](std::uint32_t colour) { return colour == pixels.rgba.front(); });
}

/// The mean of all pixels and channels, from 0 to 1.
inline double brightness(const Pixels& pixels) {
  double sum = 0.0;
  for (const std::uint32_t colour : pixels.rgba) sum += (colour & 255) + (colour >> 8 & 255) + (colour >> 16 & 255);
  return sum / (3.0 * 255.0 * static_cast<double>(std::max<std::size_t>(pixels.rgba.size(), 1)));
}

class VirtualDisplay {
 public:
  explicit VirtualDisplay(int width = 1280, int height = 720) {
    if (output_of("command -v Xvfb").empty() || output_of("command -v xdotool").empty()) {
      throw std::runtime_error("tests of the window need Xvfb and xdotool: scripts/setup installs them");
    }
    start(std::to_string(width) + "x" + std::to_string(height) + "x24");
    display_.emplace("DISPLAY", name_);
  }
  ~VirtualDisplay() {
    kill();
    shmdt(frame_);
  }
  VirtualDisplay(const VirtualDisplay&) = delete;
  VirtualDisplay& operator=(const VirtualDisplay&) = delete;

  /// ":7"
  const std::string& name() const { return name_; }

  /// Without a farewell to those who are connected. DISPLAY stays.
  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = 0;
    // What a server that is killed leaves lying about.
    const std::string number = name_.substr(1);
    if (number.empty()) return;
    unlink(("/tmp/.X" + number + "-lock").c_str());
    unlink(("/tmp/.X11-unix/X" + number).c_str());
  }

  /// Lets xdotool do something, and returns what it prints.
  std::string user(const std::string& what) const { return output_of("xdotool " + what); }

  /// The number of the program's window, once it is shown; "" if none comes.
  std::string window() const {
    std::string window;
    comes([&] {
      window = user("search --onlyvisible --class jkofilter");
      window.resize(std::min(window.find('\n'), window.size()));
      return !window.empty();
    });
    return window;
  }
  bool has_window() const { return !user("search --class jkofilter").empty(); }

  /// What a window manager does on a click on the cross: it asks the window to close.
  void close(const std::string& window) const {
    // Xlib by name: tests need not be linked to it, and its macros clash with Catch's and everybody's names.
    void* xlib = dlopen("libX11.so.6", RTLD_NOW);
    if (!xlib) throw std::runtime_error("no libX11.so.6");
    const auto open = find<void* (*)(const char*)>(xlib, "XOpenDisplay");
    const auto intern = find<unsigned long (*)(void*, const char*, int)>(xlib, "XInternAtom");
    const auto send = find<int (*)(void*, unsigned long, int, long, ClientMessage*)>(xlib, "XSendEvent");
    const auto end = find<int (*)(void*)>(xlib, "XCloseDisplay");
    void* display = open(name_.c_str());
    if (!display) throw std::runtime_error("cannot connect to Xvfb");
    ClientMessage message;
    message.window = std::stoul(window);
    message.message_type = intern(display, "WM_PROTOCOLS", 0);
    message.data[0] = static_cast<long>(intern(display, "WM_DELETE_WINDOW", 0));
    send(display, message.window, 0, 0, &message);
    end(display);
  }

  /// What is to be seen of `area` at this moment, whoever has drawn it.
  Pixels screen(const Area& area) const {
    // An X window dump: a header of big-endian words, a name, a palette, rows of B, G, R, -.
    const auto word = [&](int index) {
      const unsigned char* bytes = frame_ + 4 * index;
      return bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
    };
    const unsigned char* begin = frame_ + word(0) + std::ptrdiff_t(12) * word(19);
    Pixels pixels;
    pixels.width = std::clamp(word(4) - area.x, 0, area.width);
    pixels.height = std::clamp(word(5) - area.y, 0, area.height);
    for (int y = area.y; y < area.y + pixels.height; ++y) {
      const unsigned char* row = begin + std::ptrdiff_t(word(12)) * y + std::ptrdiff_t(4) * area.x;
      for (const unsigned char* at = row; at < row + std::ptrdiff_t(4) * pixels.width; at += 4) {
        pixels.rgba.push_back(at[2] | at[1] << 8 | at[0] << 16 | 0xff000000u);
      }
    }
    return pixels;
  }

 private:
  /// Xlib's XEvent, when it is an XClientMessageEvent.
  struct ClientMessage {
    int type = 33;
    unsigned long serial = 0;
    int send_event = 0;
    void* display = nullptr;
    unsigned long window = 0, message_type = 0;
    int format = 32;
    std::array<long, 16> data{};
  };

  template <class Function>
  static Function find(void* library, const char* name) {
    return reinterpret_cast<Function>(dlsym(library, name));
  }

  static std::string output_of(const std::string& command) {
    FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
    if (!pipe) return "";
    std::string output;
    std::array<char, 256> piece{};
    while (const std::size_t size = fread(piece.data(), 1, piece.size(), pipe)) output.append(piece.data(), size);
    pclose(pipe);
    return output;
  }

  void start(const std::string& screen) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    constexpr int kNumber = 3;  // the descriptor that Xvfb tells the number of its display on
    // With setpriv it goes when the test does, however that ends.
    std::vector<std::string> arguments{"setpriv", "--pdeathsig", "KILL",  "Xvfb", "-displayfd", std::to_string(kNumber),
                                       "-screen", "0",           screen,  "-dpi", "96",         "-nolisten",
                                       "tcp",     "-noreset",    "-shmem"};
    std::vector<char*> pointers;
    pointers.reserve(arguments.size() + 1);
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    const std::string log = folder_.path("log");
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(), O_WRONLY | O_CREAT, 0600);
    posix_spawn_file_actions_adddup2(&actions, ends[1], kNumber);
    const int error = posix_spawnp(&process_, "setpriv", &actions, nullptr, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    std::string number;
    pollfd answer{ends[0], POLLIN, 0};
    char digit = 0;
    while (error == 0 && poll(&answer, 1, static_cast<int>(1000 * test::kPatience)) > 0 &&
           read(ends[0], &digit, 1) == 1 && digit != '\n') {
      number += digit;
    }
    ::close(ends[0]);
    name_ = ":" + number;
    if (number.empty() || !attach()) {
      if (error == 0) kill();
      throw std::runtime_error("Xvfb does not start: " + folder_.read("log"));
    }
  }

  /// To the screen, which Xvfb has in memory that can be shared: "screen 0 shmid 32768". In a file, where it could be
  /// too, it would stand still whenever the kernel writes the file.
  bool attach() {
    const std::string log = folder_.read("log"), before = "shmid ";
    const std::size_t at = log.find(before);
    if (at == std::string::npos) return false;
    const int id = std::atoi(log.c_str() + at + before.size());
    void* memory = shmat(id, nullptr, SHM_RDONLY);
    if (reinterpret_cast<std::intptr_t>(memory) == -1) return false;
    shmctl(id, IPC_RMID, nullptr);  // gone with the last who has it, also when Xvfb is killed
    frame_ = static_cast<const unsigned char*>(memory);
    return true;
  }

  test::TemporaryFolder folder_;
  pid_t process_ = 0;
  std::string name_;
  const unsigned char* frame_ = nullptr;
  std::optional<Variable> display_;
  // A program for another display would not be tested.
  Variable wayland_{"WAYLAND_DISPLAY", std::nullopt};
};

}  // namespace jko::ui
