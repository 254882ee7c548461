#pragma once
/// What the window remembers from one run to the next: theme, scale, layout, history. A small JSON file in the user's
/// configuration folder ($XDG_CONFIG_HOME/jkofilter/window.json, else ~/.config/…).

#include <map>
#include <string>

#include "jko/types.hpp"

namespace jko::ui {

struct Settings {
  bool light = false;
  float scale = 0.0f;                   ///< of all that is drawn; 0: the display's own
  Index history = 20'000;               ///< observations that are kept
  int width = 1280, height = 720;       ///< of the window
  std::map<std::string, float> layout;  ///< shares of the splitters and panels that are closed, by name

  /// What cannot be read is left at its default, and said in the returned line.
  static Settings load(const std::string& file, std::string* problem = nullptr);
  /// "" or what went wrong.
  std::string save(const std::string& file) const;
  /// Where they are kept; empty if there is no such folder.
  static std::string default_file();
};

}  // namespace jko::ui
