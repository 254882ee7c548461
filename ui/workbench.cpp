#include "ui/workbench.hpp"

#include <imgui.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <vector>

#include "src/clock.hpp"
#include "ui/colours.hpp"
#include "ui/landmarks.hpp"
#include "ui/panels/panel.hpp"
#include "ui/plot.hpp"

namespace jko::ui {
namespace {

namespace fs = std::filesystem;

enum class Place { left, top, bottom, right };
enum class Serves { studies, exploring, all };

/// The panels of the window. To add one, see ui/panels/panel.hpp.
struct PanelKind {
  const char* title;
  Serves serves;
  Place place;
  std::unique_ptr<Panel> (*make)();
};
constexpr PanelKind kPanels[] = {
    {"Control", Serves::all, Place::left, make_control_panel},
    {"Density", Serves::studies, Place::top, make_density_panel},
    {"Time", Serves::studies, Place::bottom, make_time_panel},
    {"Engine", Serves::studies, Place::right, make_engine_panel},
    {"Flow", Serves::exploring, Place::top, make_flow_panel},
    {"Free energy", Serves::exploring, Place::bottom, make_energy_panel},
    {"Step", Serves::exploring, Place::right, make_step_panel},
};

/// A border between parts of the window, and where it is before anybody has moved it: a share of the whole.
struct Border {
  const char* name;
  float share;
};
constexpr Border kLeft{"border/left", 0.21f}, kRight{"border/right", 0.23f}, kMiddle{"border/middle", 0.5f},
    kLog{"border/log", 0.075f};

const char* const kHelp[][2] = {
    {"space", "play or pause; of a live stream, hold the view"},
    {"right arrow", "one step: a prediction, then an update"},
    {"H", "hold the view; the filter goes on"},
    {"F", "fit all plots"},
    {"S", "screenshot"},
    {"Escape", "back to now"},
    {"?", "this help"},
    {"Ctrl Q", "quit"},
    {"drag", "pan a plot"},
    {"wheel", "zoom at the cursor; over an axis, that axis alone"},
    {"right drag", "zoom to a box"},
    {"double click", "fit a plot"},
    {"click on a time", "the density of then"},
};

/// Letters have no names of their own before 1.87: there their number is the backend's, which is ASCII's for GLFW.
bool letter_pressed(char letter) {
#if IMGUI_VERSION_NUM < 18700
  return ImGui::IsKeyPressed(letter, false);
#else
  return ImGui::IsKeyPressed(static_cast<ImGuiKey>(ImGuiKey_A + (letter - 'A')), false);
#endif
}

bool key_pressed(ImGuiKey key, bool repeat) {
#if IMGUI_VERSION_NUM < 18700
  return ImGui::IsKeyPressed(ImGui::GetKeyIndex(key), repeat);
#else
  return ImGui::IsKeyPressed(key, repeat);
#endif
}

/// "out/name/screenshot-001.png": the first number that no file has, in the folder of the run's results.
std::string free_name(const Snapshot* shown, const char* stem, const char* ending) {
  fs::path folder = "out";
  if (shown) folder = shown->status.output.empty() ? folder / shown->status.name : fs::path(shown->status.output);
  std::error_code unknown;
  fs::create_directories(folder, unknown);
  for (int number = 1;; ++number) {
    const fs::path file = folder / fmt::format("{}-{:03}{}", stem, number, ending);
    if (!fs::exists(file, unknown)) return file.string();
  }
}

}  // namespace

struct Workbench::Implementation {
  Implementation(ViewPort& view_port, Textures& its_textures, Settings& its_settings, WindowServices its_services)
      : port(view_port), textures(its_textures), settings(its_settings), services(std::move(its_services)) {
    for (const PanelKind& kind : kPanels) panels.push_back(kind.make());
    if (settings.history != Settings{}.history) port.send(KeepHistory{settings.history});
  }

  void draw();

  bool is_exploring() const { return shown && shown->explore; }
  bool serves(const PanelKind& kind) const {
    return kind.serves == Serves::all || (kind.serves == Serves::exploring) == is_exploring();
  }
  std::string closed_name(const PanelKind& kind) const { return std::string("closed/") + kind.title; }
  bool is_open(const PanelKind& kind) const { return settings.layout.count(closed_name(kind)) == 0; }
  bool any_open(Place place) const {
    return std::any_of(std::begin(kPanels), std::end(kPanels),
                       [&](const PanelKind& kind) { return kind.place == place && serves(kind) && is_open(kind); });
  }

  void take_keys();
  void toggle_play();
  void draw_menu();
  void draw_view_menu();
  void draw_body();
  void draw_place(Place place, ImVec2 size);
  void draw_log(ImVec2 size);
  void draw_help();
  float share(const Border& border);
  void splitter(const Border& border, bool upright, float length, float whole, float direction);
  void take_screenshot();
  void write_export();

  ViewPort& port;
  Textures& textures;
  Settings& settings;
  WindowServices services;
  std::vector<std::unique_ptr<Panel>> panels;
  std::shared_ptr<const Snapshot> shown;
  bool frozen = false, quit = false, help = false, export_wanted = false;
  double until_movement = std::numeric_limits<double>::infinity();
  std::optional<double> look_back;
  std::vector<LogLine> own_log;
  std::uint64_t last_line = 0;
  std::vector<PlotData> exported;
};

void Workbench::Implementation::draw() {
  port.fetch();
  if (!frozen) shown = port.snapshot();
  until_movement = std::numeric_limits<double>::infinity();
  take_keys();
  const bool exporting = export_wanted;  // asked for in the frame before: this one's plots are collected
  if (exporting) {
    exported.clear();
    collect_plots(&exported);
  }

  const ImGuiIO& io = ImGui::GetIO();
  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize(io.DisplaySize);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 0.0f);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowMinSize, {1.0f, 1.0f});
  constexpr ImGuiWindowFlags kWhole = ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                                      ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_MenuBar |
                                      ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoSavedSettings |
                                      ImGuiWindowFlags_NoScrollWithMouse;
  if (ImGui::Begin("jkofilter", nullptr, kWhole)) {
    draw_menu();
    if (!shown) {
      ImGui::TextDisabled("starting …");
    } else if (!shown->study && !shown->explore) {
      ImGui::TextDisabled("waiting for the run");
    } else {
      draw_body();
    }
  }
  ImGui::End();
  ImGui::PopStyleVar(2);
  if (help) draw_help();
  if (exporting) write_export();
}

void Workbench::Implementation::take_keys() {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.KeyCtrl && letter_pressed('Q')) quit = true;
  if (io.WantTextInput) return;
  for (const ImWchar character : io.InputQueueCharacters) {
    if (character == '?') help = !help;
  }
  if (io.KeyCtrl || io.KeyAlt) return;
  if (key_pressed(ImGuiKey_Space, false)) toggle_play();
  if (key_pressed(ImGuiKey_RightArrow, true) && shown && shown->status.can_pause) port.send(StepOnce{});
  if (key_pressed(ImGuiKey_Escape, false)) {
    look_back.reset();
    help = false;
  }
  if (letter_pressed('F')) fit_all_plots();
  if (letter_pressed('H')) frozen = !frozen;
  if (letter_pressed('S')) take_screenshot();
}

void Workbench::Implementation::toggle_play() {
  if (!shown) return;
  const RunStatus& status = shown->status;
  if (!status.can_pause) {
    frozen = !frozen;
  } else if (is_exploring() ? shown->explore->playing : !status.paused) {
    port.send(Pause{});
  } else {
    port.send(Play{});
  }
}

void Workbench::Implementation::draw_menu() {
  if (!ImGui::BeginMenuBar()) return;
  if (ImGui::BeginMenu("File")) {
    if (ImGui::MenuItem("Screenshot", "S")) take_screenshot();
    mark("menu/screenshot");
    if (ImGui::MenuItem("Export what is shown (CSV)")) export_wanted = true;
    mark("menu/export");
    ImGui::Separator();
    if (ImGui::MenuItem("Quit", "Ctrl Q")) quit = true;
    mark("menu/quit");
    ImGui::EndMenu();
  }
  mark("menu/file");
  if (ImGui::BeginMenu("View")) {
    draw_view_menu();
    ImGui::EndMenu();
  }
  mark("menu/view");
  if (ImGui::MenuItem("Help")) help = !help;
  mark("menu/help");

  const bool late = frozen;
  if (late) ImGui::PushStyleColor(ImGuiCol_Text, colours().warning);
  if (ImGui::MenuItem(frozen ? "View held (H)" : "Hold view")) frozen = !frozen;
  if (late) ImGui::PopStyleColor();
  mark("menu/hold");
  if (shown) {
    const RunStatus& status = shown->status;
    const char* what = is_exploring()                 ? "exploring"
                       : status.ended                 ? "ended"
                       : status.busy                  ? "filtering again"
                       : status.kind == RunKind::live ? "live"
                       : status.paused                ? "paused"
                                                      : "playing";
    const std::string text = fmt::format("{}   {}", status.name, what);
    const float room = ImGui::GetWindowWidth() - ImGui::CalcTextSize(text.c_str()).x - 2.0f * ImGui::GetFontSize();
    if (room > ImGui::GetCursorPosX()) {
      ImGui::SetCursorPosX(room);
      ImGui::TextUnformatted(text.c_str());
    }
  }
  ImGui::EndMenuBar();
}

void Workbench::Implementation::draw_view_menu() {
  if (ImGui::MenuItem("Light theme", nullptr, settings.light)) settings.light = !settings.light;
  mark("menu/theme");
  if (ImGui::BeginMenu("Scale")) {
    for (const float scale : {0.0f, 1.0f, 1.25f, 1.5f, 2.0f, 3.0f}) {
      const std::string name = scale == 0.0f ? "the display's own" : fmt::format("{:.0f} %", 100.0f * scale);
      if (ImGui::MenuItem(name.c_str(), nullptr, settings.scale == scale)) settings.scale = scale;
      mark("menu/scale/" + name);
    }
    ImGui::EndMenu();
  }
  mark("menu/scale");
  if (ImGui::BeginMenu("History")) {
    for (const Index entries : {1'000, 20'000, 100'000, 500'000}) {
      const std::string name = fmt::format("the last {} observations", entries);
      if (ImGui::MenuItem(name.c_str(), nullptr, settings.history == entries)) {
        settings.history = entries;
        port.send(KeepHistory{entries});
      }
      mark(fmt::format("menu/history/{}", entries));
    }
    ImGui::EndMenu();
  }
  mark("menu/history");
  ImGui::Separator();
  for (const PanelKind& kind : kPanels) {
    if (!serves(kind)) continue;
    const bool open = is_open(kind);
    if (ImGui::MenuItem(kind.title, nullptr, open)) {
      if (open) {
        settings.layout[closed_name(kind)] = 1.0f;
      } else {
        settings.layout.erase(closed_name(kind));
      }
    }
    mark(std::string("menu/panel/") + kind.title);
  }
  if (ImGui::MenuItem("Reset the layout")) settings.layout.clear();
  mark("menu/reset_layout");
}

float Workbench::Implementation::share(const Border& border) {
  const auto found = settings.layout.find(border.name);
  return found == settings.layout.end() ? border.share : found->second;
}

// `direction`: 1 if the part that the share is of grows with the mouse, else -1.
void Workbench::Implementation::splitter(const Border& border, bool upright, float length, float whole,
                                         float direction) {
  const float thickness = 0.35f * ImGui::GetFontSize();
  const ImVec2 size = upright ? ImVec2(thickness, length) : ImVec2(length, thickness);
  ImGui::InvisibleButton(border.name, {std::max(size.x, 1.0f), std::max(size.y, 1.0f)});
  mark(border.name);
  const bool held = ImGui::IsItemActive();
  if (held || ImGui::IsItemHovered()) {
    ImGui::SetMouseCursor(upright ? ImGuiMouseCursor_ResizeEW : ImGuiMouseCursor_ResizeNS);
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
    ImGui::GetWindowDrawList()->AddRectFilled(low, high, with_alpha(colours().accent, held ? 0.7f : 0.35f), 2.0f);
  }
  if (!held || whole <= 0.0f) return;
  const ImVec2 moved = ImGui::GetIO().MouseDelta;
  const float by = direction * (upright ? moved.x : moved.y) / whole;
  settings.layout[border.name] = std::clamp(share(border) + by, 0.05f, 0.85f);
}

void Workbench::Implementation::draw_body() {
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0.0f, 0.0f});
  const ImVec2 space = ImGui::GetContentRegionAvail();
  const float gap = 0.35f * ImGui::GetFontSize();
  const float log = std::floor(std::max(share(kLog) * space.y, 1.0f));
  const float height = std::max(space.y - log - gap, 1.0f);
  const bool has_left = any_open(Place::left), has_right = any_open(Place::right);
  const float left = has_left ? std::floor(share(kLeft) * space.x) : 0.0f;
  const float right = has_right ? std::floor(share(kRight) * space.x) : 0.0f;
  const float middle = std::max(space.x - left - right - (has_left ? gap : 0.0f) - (has_right ? gap : 0.0f), 1.0f);
  if (has_left) {
    draw_place(Place::left, {left, height});
    ImGui::SameLine();
    splitter(kLeft, true, height, space.x, 1.0f);
    ImGui::SameLine();
  }
  ImGui::BeginGroup();
  const bool has_top = any_open(Place::top), has_bottom = any_open(Place::bottom);
  const float top = has_bottom ? std::floor(share(kMiddle) * height) : height;
  if (has_top) draw_place(Place::top, {middle, top});
  if (has_top && has_bottom) splitter(kMiddle, false, middle, height, 1.0f);
  if (has_bottom) draw_place(Place::bottom, {middle, has_top ? std::max(height - top - gap, 1.0f) : height});
  if (!has_top && !has_bottom) ImGui::Dummy({middle, height});
  ImGui::EndGroup();
  if (has_right) {
    ImGui::SameLine();
    splitter(kRight, true, height, space.x, -1.0f);
    ImGui::SameLine();
    draw_place(Place::right, {right, height});
  }
  splitter(kLog, false, space.x, space.y, -1.0f);
  draw_log({space.x, log});
  ImGui::PopStyleVar();
}

void Workbench::Implementation::draw_place(Place place, ImVec2 size) {
  const ImVec2 spacing = ImGui::GetStyle().ItemInnerSpacing;
  for (std::size_t i = 0; i < std::size(kPanels); ++i) {
    const PanelKind& kind = kPanels[i];
    if (kind.place != place || !serves(kind) || !is_open(kind)) continue;
    // Plots take the wheel for themselves; the outer columns are lists that may need it.
    const bool plots_only = place == Place::top || place == Place::bottom;
    const ImGuiWindowFlags flags =
        ImGuiWindowFlags_AlwaysUseWindowPadding |
        (plots_only ? ImGuiWindowFlags_NoScrollWithMouse | ImGuiWindowFlags_NoScrollbar : ImGuiWindowFlags_None);
    if (ImGui::BeginChild(kind.title, {std::max(size.x, 1.0f), std::max(size.y, 1.0f)}, true, flags)) {
      ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {spacing.x + 2.0f, spacing.y + 1.0f});
      PanelContext context{*shown, port, textures, steady_seconds(), frozen, look_back, until_movement};
      panels[i]->draw(context);
      ImGui::PopStyleVar();
    }
    mark(std::string("panel/") + kind.title, ImGui::GetWindowPos(),
         {ImGui::GetWindowPos().x + ImGui::GetWindowSize().x, ImGui::GetWindowPos().y + ImGui::GetWindowSize().y});
    ImGui::EndChild();
    return;
  }
}

void Workbench::Implementation::draw_log(ImVec2 size) {
  if (ImGui::BeginChild("log", {std::max(size.x, 1.0f), std::max(size.y, 1.0f)}, true,
                        ImGuiWindowFlags_AlwaysUseWindowPadding)) {
    const auto show = [](const LogLine& line) {
      const ImU32 colour = line.level == LogLine::Level::error     ? colours().error
                           : line.level == LogLine::Level::warning ? colours().warning
                                                                   : colours().faint_text;
      ImGui::PushStyleColor(ImGuiCol_Text, colour);
      ImGui::TextUnformatted(line.text.c_str());
      ImGui::PopStyleColor();
    };
    for (const LogLine& line : shown->log) show(line);
    for (const LogLine& line : own_log) show(line);
    const std::uint64_t newest = (shown->log.empty() ? 0 : shown->log.back().number) + own_log.size();
    if (newest != last_line) ImGui::SetScrollHereY(1.0f);
    last_line = newest;
  }
  mark("log", ImGui::GetWindowPos(),
       {ImGui::GetWindowPos().x + ImGui::GetWindowSize().x, ImGui::GetWindowPos().y + ImGui::GetWindowSize().y});
  ImGui::EndChild();
}

void Workbench::Implementation::draw_help() {
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({0.5f * size.x, 0.5f * size.y}, ImGuiCond_Appearing, {0.5f, 0.5f});
  if (ImGui::Begin(
          "Help", &help,
          ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoCollapse | ImGuiWindowFlags_NoSavedSettings)) {
    mark("help");
    if (ImGui::BeginTable("keys", 2)) {
      for (const auto& line : kHelp) {
        ImGui::TableNextRow();
        ImGui::TableNextColumn();
        ImGui::TextUnformatted(line[0]);
        ImGui::TableNextColumn();
        ImGui::TextDisabled("%s", line[1]);
      }
      ImGui::EndTable();
    }
  }
  ImGui::End();
}

void Workbench::Implementation::take_screenshot() {
  if (services.screenshot) services.screenshot(free_name(shown.get(), "screenshot", ".png"));
}

void Workbench::Implementation::write_export() {
  collect_plots(nullptr);
  export_wanted = false;
  const std::string name = free_name(shown.get(), "shown", ".csv");
  std::ofstream file(name);
  file << "plot,series,x,y\n";
  for (const PlotData& plot : exported) {
    for (const PlotData::Column& column : plot.columns) {
      for (std::size_t i = 0; i < column.x.size(); ++i) {
        file << fmt::format("{},{},{:.9g},{:.9g}\n", plot.plot, column.name, column.x[i], column.y[i]);
      }
    }
  }
  file.flush();
  own_log.push_back({0, file ? LogLine::Level::note : LogLine::Level::error,
                     file ? "what is shown was exported to " + name : name + " cannot be written"});
}

Workbench::Workbench(ViewPort& port, Textures& textures, Settings& settings, WindowServices services)
    : implementation_(std::make_unique<Implementation>(port, textures, settings, std::move(services))) {}
Workbench::~Workbench() = default;

void Workbench::draw() { implementation_->draw(); }
bool Workbench::wants_to_quit() const { return implementation_->quit; }
double Workbench::until_movement() const { return implementation_->until_movement; }

void Workbench::say(const std::string& text, bool error) {
  constexpr std::size_t kMost = 100;
  std::vector<LogLine>& log = implementation_->own_log;
  log.push_back({0, error ? LogLine::Level::error : LogLine::Level::note, text});
  if (log.size() > kMost) log.erase(log.begin());
}

}  // namespace jko::ui
