#pragma once
/// The colours of the two themes, and maps of numbers to colours.

#include <imgui.h>

#include <array>
#include <cstdint>
#include <vector>

#include "src/view/law_picture.hpp"

namespace jko::ui {

enum class Theme { dark, light };

/// What each thing is drawn in. Chosen to be told apart by people with colour vision deficiencies too.
struct Colours {
  ImU32 prediction, posterior, likelihood, truth, observation, state, mean, band, nodes, potential, contour, particles;
  ImU32 plot_background, grid, axis, text, faint_text, cursor, warning, error, good, accent;
};

/// The theme in use; set_theme() also sets ImGui's own style, for a scale of `scale` (1: 96 dpi).
const Colours& colours();
void set_theme(Theme theme, float scale);
Theme theme();
float ui_scale();  ///< the scale given to set_theme()

/// `colour` with another opacity, in [0, 1].
ImU32 with_alpha(ImU32 colour, float alpha);

/// A perceptually uniform map: lightness rises evenly (in Oklab) from the background of the theme. 256 entries.
const std::array<ImU32, 256>& colour_map(Theme theme);

/// RGBA pixels, top row first.
struct Pixels {
  int width = 0, height = 0;
  std::vector<std::uint32_t> rgba;
};

/// A field as a picture of columns × rows pixels; `largest` (0: the field's own) is the map's last colour. By the
/// square root of the value, so that low densities are seen too.
void colour_field(const SampledField& field, float largest, const std::array<ImU32, 256>& map, Pixels& pixels);

}  // namespace jko::ui
