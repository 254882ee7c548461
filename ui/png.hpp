#pragma once
/// Pictures as PNG files.

#include <string>

#include "ui/colours.hpp"

namespace jko::ui {

/// "" or what went wrong. The file is there whole or not at all.
std::string write_png(const std::string& file, const Pixels& pixels);
/// No pixels, and why in `problem`, if it cannot be read.
Pixels read_png(const std::string& file, std::string* problem = nullptr);

}  // namespace jko::ui
