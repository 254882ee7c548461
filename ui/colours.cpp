#include "ui/colours.hpp"

#include <algorithm>
#include <cmath>

namespace jko::ui {
namespace {

constexpr ImU32 rgb(unsigned hex) { return IM_COL32(hex >> 16 & 0xff, hex >> 8 & 0xff, hex & 0xff, 255); }

// Hues after Okabe and Ito (jfly.uni-koeln.de/color), lighter on dark, darker on light.
Colours dark_colours() {
  Colours c{};
  c.prediction = rgb(0xf0a030);
  c.posterior = rgb(0x5db8f0);
  c.likelihood = rgb(0x2fc79a);
  c.truth = rgb(0xf2f4f8);
  c.observation = rgb(0xf2e45c);
  c.state = rgb(0xe593c4);
  c.mean = rgb(0xff7a4d);
  c.band = with_alpha(rgb(0x5db8f0), 0.28f);
  c.nodes = rgb(0xa99bf5);
  c.potential = rgb(0x9fb0a6);
  c.contour = rgb(0xd5dae4);
  c.particles = rgb(0x97a1b3);
  c.plot_background = rgb(0x101217);
  c.grid = rgb(0x22262f);
  c.axis = rgb(0x4a5160);
  c.text = rgb(0xd8dce5);
  c.faint_text = rgb(0x8d95a5);
  c.cursor = rgb(0xaab2c2);
  c.warning = rgb(0xf0b23c);
  c.error = rgb(0xff6b5e);
  c.good = rgb(0x35c48e);
  c.accent = rgb(0x4aa3e8);
  return c;
}

Colours light_colours() {
  Colours c{};
  c.prediction = rgb(0xc26a00);
  c.posterior = rgb(0x0069ad);
  c.likelihood = rgb(0x007d5b);
  c.truth = rgb(0x15181e);
  c.observation = rgb(0x7d6b00);
  c.state = rgb(0xaf3f84);
  c.mean = rgb(0xc8390c);
  c.band = with_alpha(rgb(0x2f8fd0), 0.25f);
  c.nodes = rgb(0x6250c4);
  c.potential = rgb(0x5f6f66);
  c.contour = rgb(0x333a47);
  c.particles = rgb(0x707988);
  c.plot_background = rgb(0xfcfcfd);
  c.grid = rgb(0xe7e9ee);
  c.axis = rgb(0xa6adba);
  c.text = rgb(0x20242c);
  c.faint_text = rgb(0x666e7c);
  c.cursor = rgb(0x4c5563);
  c.warning = rgb(0xa86400);
  c.error = rgb(0xc42b1f);
  c.good = rgb(0x00805a);
  c.accent = rgb(0x1272c0);
  return c;
}

struct InUse {
  Theme theme = Theme::dark;
  Colours colours = dark_colours();
  float scale = 1.0f;
};

InUse& in_use() {
  static InUse state;
  return state;
}

ImVec4 vector(unsigned hex, float alpha = 1.0f) {
  ImVec4 colour = ImGui::ColorConvertU32ToFloat4(rgb(hex));
  colour.w = alpha;
  return colour;
}

/// What the widgets of a theme are made of.
struct Tones {
  unsigned window, panel, raised, hovered, pressed, line, text, faint, accent;
};

void set_style_colours(ImGuiStyle& style, const Tones& t) {
  ImVec4* c = style.Colors;
  const ImVec4 none{0, 0, 0, 0};
  c[ImGuiCol_Text] = c[ImGuiCol_PlotLines] = vector(t.text);
  c[ImGuiCol_TextDisabled] = vector(t.faint);
  c[ImGuiCol_WindowBg] = vector(t.window);
  c[ImGuiCol_ChildBg] = vector(t.panel);
  c[ImGuiCol_PopupBg] = vector(t.panel, 0.98f);
  c[ImGuiCol_Border] = vector(t.line, 0.6f);
  c[ImGuiCol_BorderShadow] = none;
  c[ImGuiCol_FrameBg] = c[ImGuiCol_Button] = vector(t.raised);
  c[ImGuiCol_FrameBgHovered] = c[ImGuiCol_ButtonHovered] = vector(t.hovered);
  c[ImGuiCol_FrameBgActive] = c[ImGuiCol_ButtonActive] = vector(t.pressed);
  c[ImGuiCol_TitleBg] = c[ImGuiCol_TitleBgCollapsed] = c[ImGuiCol_MenuBarBg] = vector(t.panel);
  c[ImGuiCol_TitleBgActive] = vector(t.raised);
  c[ImGuiCol_ScrollbarBg] = none;
  c[ImGuiCol_ScrollbarGrab] = vector(t.hovered);
  c[ImGuiCol_ScrollbarGrabHovered] = c[ImGuiCol_ScrollbarGrabActive] = vector(t.pressed);
  c[ImGuiCol_CheckMark] = c[ImGuiCol_SliderGrab] = c[ImGuiCol_PlotHistogram] = vector(t.accent);
  c[ImGuiCol_SliderGrabActive] = c[ImGuiCol_PlotLinesHovered] = c[ImGuiCol_PlotHistogramHovered] = vector(t.accent);
  c[ImGuiCol_Header] = vector(t.accent, 0.25f);
  c[ImGuiCol_HeaderHovered] = vector(t.accent, 0.35f);
  c[ImGuiCol_HeaderActive] = vector(t.accent, 0.5f);
  c[ImGuiCol_Separator] = vector(t.line, 0.6f);
  c[ImGuiCol_SeparatorHovered] = vector(t.accent, 0.6f);
  c[ImGuiCol_SeparatorActive] = vector(t.accent);
  c[ImGuiCol_ResizeGrip] = none;
  c[ImGuiCol_ResizeGripHovered] = vector(t.accent, 0.5f);
  c[ImGuiCol_ResizeGripActive] = vector(t.accent);
  c[ImGuiCol_Tab] = c[ImGuiCol_TabUnfocused] = vector(t.panel);
  c[ImGuiCol_TabHovered] = vector(t.hovered);
  c[ImGuiCol_TabActive] = c[ImGuiCol_TabUnfocusedActive] = vector(t.raised);
  c[ImGuiCol_TableHeaderBg] = vector(t.raised);
  c[ImGuiCol_TableBorderStrong] = vector(t.line, 0.8f);
  c[ImGuiCol_TableBorderLight] = vector(t.line, 0.4f);
  c[ImGuiCol_TableRowBg] = none;
  c[ImGuiCol_TableRowBgAlt] = vector(t.text, 0.03f);
  c[ImGuiCol_TextSelectedBg] = vector(t.accent, 0.35f);
  c[ImGuiCol_DragDropTarget] = c[ImGuiCol_NavHighlight] = c[ImGuiCol_NavWindowingHighlight] = vector(t.accent);
  c[ImGuiCol_NavWindowingDimBg] = c[ImGuiCol_ModalWindowDimBg] = {0, 0, 0, 0.45f};
}

// Oklab, after B. Ottosson, "A perceptual color space for image processing" (2020).
struct Oklab {
  double lightness, a, b;
};

double to_linear(double s) { return s <= 0.04045 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4); }
double to_srgb(double l) { return l <= 0.0031308 ? 12.92 * l : 1.055 * std::pow(l, 1.0 / 2.4) - 0.055; }

struct Bytes {
  int r, g, b;
};

Oklab oklab(Bytes c) {
  const double r = to_linear(c.r / 255.0), g = to_linear(c.g / 255.0), b = to_linear(c.b / 255.0);
  const double l = std::cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const double m = std::cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const double s = std::cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
          1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
          0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

/// False if it is out of sRGB; then `out` is the nearest that bytes hold.
bool bytes_of(const Oklab& c, Bytes& out) {
  const double l = std::pow(c.lightness + 0.3963377774 * c.a + 0.2158037573 * c.b, 3.0);
  const double m = std::pow(c.lightness - 0.1055613458 * c.a - 0.0638541728 * c.b, 3.0);
  const double s = std::pow(c.lightness - 0.0894841775 * c.a - 1.2914855480 * c.b, 3.0);
  const double linear[3] = {4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
                            -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
                            -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s};
  int bytes[3];
  bool inside = true;
  for (int i = 0; i < 3; ++i) {
    inside = inside && linear[i] >= 0.0 && linear[i] <= 1.0;
    bytes[i] = int(std::lround(255.0 * to_srgb(std::clamp(linear[i], 0.0, 1.0))));
  }
  out = {bytes[0], bytes[1], bytes[2]};
  return inside;
}

/// The colour of eight bits a channel near `wanted` whose lightness is nearest to the wanted one.
Bytes nearest_lightness(Bytes wanted, double lightness) {
  Bytes best = wanted;
  double least = 1e9;
  for (int dr = -1; dr <= 1; ++dr) {
    for (int dg = -1; dg <= 1; ++dg) {
      for (int db = -1; db <= 1; ++db) {
        const Bytes c{wanted.r + dr, wanted.g + dg, wanted.b + db};
        if (std::min({c.r, c.g, c.b}) < 0 || std::max({c.r, c.g, c.b}) > 255) continue;
        const double error = std::abs(oklab(c).lightness - lightness);
        if (error < least) least = error, best = c;
      }
    }
  }
  return best;
}

/// Hue and chroma along the way, from the second colour on; the first is the background.
struct Stop {
  double at, hue, chroma;
};

std::array<ImU32, 256> make_map(ImU32 background, double last_lightness, const std::array<Stop, 6>& stops) {
  const Bytes first{int(background >> IM_COL32_R_SHIFT & 0xff), int(background >> IM_COL32_G_SHIFT & 0xff),
                    int(background >> IM_COL32_B_SHIFT & 0xff)};
  const double first_lightness = oklab(first).lightness;
  std::array<ImU32, 256> map{};
  map[0] = background;
  for (int i = 1; i < 256; ++i) {
    const double t = i / 255.0;
    std::size_t next = 1;
    while (next + 1 < stops.size() && stops[next].at < t) ++next;
    const Stop &a = stops[next - 1], &b = stops[next];
    const double s = std::clamp((t - a.at) / (b.at - a.at), 0.0, 1.0);
    const double hue = (a.hue + s * (b.hue - a.hue)) * 3.14159265358979 / 180.0;
    double chroma = a.chroma + s * (b.chroma - a.chroma);
    const double lightness = first_lightness + t * (last_lightness - first_lightness);
    Bytes c{};
    while (!bytes_of({lightness, chroma * std::cos(hue), chroma * std::sin(hue)}, c) && chroma > 0.0) chroma -= 0.002;
    c = nearest_lightness(c, lightness);
    map[std::size_t(i)] = IM_COL32(c.r, c.g, c.b, 255);
  }
  return map;
}

}  // namespace

const Colours& colours() { return in_use().colours; }

Theme theme() { return in_use().theme; }

float ui_scale() { return in_use().scale; }

void set_theme(Theme theme, float scale) {
  if (!(scale > 0.0f) || !std::isfinite(scale)) scale = 1.0f;
  const bool dark = theme == Theme::dark;
  in_use() = {theme, dark ? dark_colours() : light_colours(), scale};

  ImGuiStyle style;
  if (dark) {
    ImGui::StyleColorsDark(&style);
    set_style_colours(style,
                      {0x14161b, 0x1b1e25, 0x2a2f3a, 0x363d4b, 0x434c5d, 0x39404d, 0xd8dce5, 0x8d95a5, 0x4aa3e8});
  } else {
    ImGui::StyleColorsLight(&style);
    set_style_colours(style,
                      {0xeceef2, 0xf7f8fa, 0xdfe3ea, 0xd0d6e0, 0xbcc5d3, 0xc3c9d4, 0x20242c, 0x666e7c, 0x1272c0});
    style.Colors[ImGuiCol_ModalWindowDimBg].w = style.Colors[ImGuiCol_NavWindowingDimBg].w = 0.25f;
  }
  style.WindowRounding = 0.0f;
  style.ChildRounding = style.PopupRounding = style.FrameRounding = style.TabRounding = style.GrabRounding = 4.0f;
  style.ScrollbarRounding = 6.0f;
  style.WindowBorderSize = style.ChildBorderSize = style.FrameBorderSize = style.TabBorderSize = 0.0f;
  style.PopupBorderSize = 1.0f;
  style.WindowPadding = {8.0f, 8.0f};
  style.FramePadding = {8.0f, 4.0f};
  style.ItemSpacing = {8.0f, 6.0f};
  style.ItemInnerSpacing = {6.0f, 4.0f};
  style.CellPadding = {6.0f, 3.0f};
  style.ScrollbarSize = 12.0f;
  style.GrabMinSize = 12.0f;
  style.ScaleAllSizes(scale);
  ImGui::GetStyle() = style;
}

ImU32 with_alpha(ImU32 colour, float alpha) {
  const ImU32 byte = ImU32(std::lround(255.0f * std::clamp(alpha, 0.0f, 1.0f)));
  return (colour & ~IM_COL32_A_MASK) | byte << IM_COL32_A_SHIFT;
}

const std::array<ImU32, 256>& colour_map(Theme theme) {
  // Blue, violet, red, orange, yellow; on light the way round from yellow to a dark violet.
  static const std::array<ImU32, 256> dark = make_map(
      dark_colours().plot_background, 0.95,
      {{{0.0, 270, 0.01}, {0.18, 280, 0.11}, {0.4, 315, 0.19}, {0.6, 375, 0.19}, {0.8, 420, 0.17}, {1.0, 468, 0.15}}});
  static const std::array<ImU32, 256> light = make_map(
      light_colours().plot_background, 0.22,
      {{{0.0, 210, 0.004}, {0.2, 205, 0.07}, {0.4, 230, 0.12}, {0.6, 262, 0.16}, {0.8, 285, 0.17}, {1.0, 300, 0.09}}});
  return theme == Theme::dark ? dark : light;
}

void colour_field(const SampledField& field, float largest, const std::array<ImU32, 256>& map, Pixels& pixels) {
  pixels.width = int(field.columns), pixels.height = int(field.rows);
  if (field.empty()) pixels.width = pixels.height = 0;
  pixels.rgba.resize(std::size_t(pixels.width) * std::size_t(pixels.height));
  if (pixels.rgba.empty()) return;
  if (!(largest > 0.0f)) {
    largest = 0.0f;
    for (const float value : field.values) {
      if (std::isfinite(value)) largest = std::max(largest, value);
    }
  }
  const float per_value = largest > 0.0f ? 1.0f / largest : 0.0f;
  std::uint32_t* out = pixels.rgba.data();
  for (Index row = field.rows - 1; row >= 0; --row) {
    const float* in = field.values.data() + row * field.columns;
    for (Index column = 0; column < field.columns; ++column) {
      const float part = in[column] * per_value;
      const float index = part > 0.0f ? std::min(255.0f, 255.0f * std::sqrt(part) + 0.5f) : 0.0f;
      *out++ = map[std::size_t(index)];
    }
  }
}

}  // namespace jko::ui
