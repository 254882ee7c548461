#pragma once
/// The window as the program knows it: src/ says what is to be shown, ui/ shows it, and main() brings the two together.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "src/view/view_port.hpp"

namespace jko {

struct WindowOptions {
  std::string title = "jkofilter";
  /// Draw off-screen and write a picture instead of opening a window.
  std::string screenshot;
  double after = -1.0;             ///< seconds until the picture is taken; below 0: when the run has ended
  std::string size = "1280x720";   ///< as the command line says it …
  int width = 1280, height = 720;  ///< … and in pixels
};

class FrontEnd {
 public:
  virtual ~FrontEnd() = default;
  /// Why no window can be opened here; empty: one can.
  virtual std::string unavailable(const WindowOptions& options) const = 0;
  /// Shows a run until the user closes the window, the display is lost, or the picture is taken; then closes the port.
  /// Returns "", or what went wrong. On the main thread.
  virtual std::string show(ViewPort& port, const WindowOptions& options) = 0;
};

}  // namespace jko
