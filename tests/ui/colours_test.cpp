#include "ui/colours.hpp"

#include <cmath>
#include <limits>

#include "tests/test.hpp"
#include "tests/ui/null_backend.hpp"

using namespace jko;
using namespace jko::ui;

namespace {

double linear(ImU32 colour, int shift) {
  const double s = double(colour >> shift & 0xff) / 255.0;
  return s <= 0.04045 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4);
}

/// Lightness of Oklab.
double lightness(ImU32 colour) {
  const double r = linear(colour, IM_COL32_R_SHIFT), g = linear(colour, IM_COL32_G_SHIFT);
  const double b = linear(colour, IM_COL32_B_SHIFT);
  return 0.2104542553 * std::cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) +
         0.7936177850 * std::cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) -
         0.0040720468 * std::cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
}

/// WCAG 2: (L1 + 0.05) / (L2 + 0.05) of relative luminances.
double contrast(ImU32 a, ImU32 b) {
  const auto luminance = [](ImU32 c) {
    return 0.2126 * linear(c, IM_COL32_R_SHIFT) + 0.7152 * linear(c, IM_COL32_G_SHIFT) +
           0.0722 * linear(c, IM_COL32_B_SHIFT);
  };
  const double la = luminance(a) + 0.05, lb = luminance(b) + 0.05;
  return std::max(la, lb) / std::min(la, lb);
}

}  // namespace

TEST_CASE("The lightness of both colour maps goes evenly from the background to the other end") {
  NullBackend backend;
  for (const Theme which : {Theme::dark, Theme::light}) {
    set_theme(which, 1.0f);
    const auto& map = colour_map(which);
    CHECK(map[0] == colours().plot_background);
    const double first = lightness(map[0]), last = lightness(map[255]), sign = last > first ? 1.0 : -1.0;
    CHECK(std::abs(last - first) > 0.65);
    double worst = 0.0, least_step = 1.0;
    for (std::size_t i = 1; i < 256; ++i) {
      worst = std::max(worst, std::abs(lightness(map[i]) - (first + (last - first) * double(i) / 255.0)));
      least_step = std::min(least_step, sign * (lightness(map[i]) - lightness(map[i - 1])));
      CHECK(map[i] >> IM_COL32_A_SHIFT == 255);
    }
    CHECK(worst < 0.0015);  // eight bits a channel allow no better everywhere
    CHECK(least_step > 0.0);
  }
  set_theme(Theme::dark, 1.0f);
}

TEST_CASE("Text and curves stand out from the background in both themes") {
  NullBackend backend;
  for (const Theme which : {Theme::dark, Theme::light}) {
    set_theme(which, 1.0f);
    CHECK(theme() == which);
    const Colours& c = colours();
    CHECK(contrast(c.text, c.plot_background) > 7.0);
    CHECK(contrast(c.faint_text, c.plot_background) > 4.5);
    for (const ImU32 colour : {c.prediction, c.posterior, c.likelihood, c.truth, c.observation, c.state, c.mean,
                               c.nodes, c.potential, c.contour, c.particles, c.warning, c.error, c.good, c.accent}) {
      CHECK(contrast(colour, c.plot_background) > 3.0);
    }
    CHECK(contrast(c.grid, c.plot_background) < 1.5);
    const ImGuiStyle& style = ImGui::GetStyle();
    const auto widget = [&](int i) { return ImGui::ColorConvertFloat4ToU32(style.Colors[i]); };
    CHECK(contrast(widget(ImGuiCol_Text), widget(ImGuiCol_WindowBg)) > 7.0);
    CHECK(contrast(widget(ImGuiCol_Text), widget(ImGuiCol_Button)) > 7.0);
    CHECK(contrast(widget(ImGuiCol_Text), widget(ImGuiCol_ButtonActive)) > 4.5);
  }
  set_theme(Theme::dark, 1.0f);
}

TEST_CASE("A theme can be set again and again: sizes follow the scale, they do not pile up") {
  NullBackend backend;
  set_theme(Theme::dark, 1.0f);
  const float rounding = ImGui::GetStyle().FrameRounding, padding = ImGui::GetStyle().FramePadding.x;
  set_theme(Theme::light, 2.0f);
  set_theme(Theme::dark, 2.0f);
  CHECK(ImGui::GetStyle().FrameRounding == 2.0f * rounding);
  CHECK(ImGui::GetStyle().FramePadding.x == 2.0f * padding);
  CHECK(ui_scale() == 2.0f);
  set_theme(Theme::dark, std::numeric_limits<float>::quiet_NaN());
  CHECK(ui_scale() == 1.0f);
  CHECK(ImGui::GetStyle().FrameRounding == rounding);
}

TEST_CASE("Opacity replaces the colour's own") {
  CHECK(with_alpha(IM_COL32(1, 2, 3, 40), 1.0f) == IM_COL32(1, 2, 3, 255));
  CHECK(with_alpha(IM_COL32(1, 2, 3, 40), 0.0f) == IM_COL32(1, 2, 3, 0));
  CHECK(with_alpha(IM_COL32(1, 2, 3, 40), 7.0f) == IM_COL32(1, 2, 3, 255));
}

TEST_CASE("A field's picture has its top row first and goes by the square root") {
  SampledField field;
  field.columns = 3, field.rows = 2;
  field.values = {0.0f, 1.0f, 4.0f, 16.0f, std::numeric_limits<float>::quiet_NaN(), -1.0f};
  const auto& map = colour_map(Theme::dark);
  Pixels pixels;
  colour_field(field, 0.0f, map, pixels);
  REQUIRE(pixels.width == 3);
  REQUIRE(pixels.height == 2);
  CHECK(pixels.rgba[0] == map[255]);
  CHECK(pixels.rgba[1] == map[0]);
  CHECK(pixels.rgba[2] == map[0]);
  CHECK(pixels.rgba[3] == map[0]);
  CHECK(pixels.rgba[4] == map[64]);
  CHECK(pixels.rgba[5] == map[128]);
  colour_field(field, 4.0f, map, pixels);
  CHECK(pixels.rgba[0] == map[255]);  // more than the largest
  CHECK(pixels.rgba[4] == map[128]);
  colour_field(SampledField{}, 0.0f, map, pixels);
  CHECK(pixels.rgba.empty());
  field.values.assign(6, 0.0f);
  colour_field(field, 0.0f, map, pixels);
  CHECK(pixels.rgba[3] == map[0]);
}
