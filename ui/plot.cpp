#include "ui/plot.hpp"

#include <imgui_internal.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "ui/landmarks.hpp"
#include "ui/plot_canvas.hpp"

namespace jko::ui {
namespace {

std::vector<PlotData>* data_sink = nullptr;

PlotMemory& memory_of(ImGuiID id) {
  static std::unordered_map<ImGuiID, PlotMemory> memories;
  static int newest = 0;
  const int frame = ImGui::GetFrameCount();
  if (frame < newest) memories.clear();  // another context of ImGui
  newest = frame;
  PlotMemory& memory = memories[id];
  if (memory.frame < frame - 1) memory = {};  // what was pressed before it went out of sight is over
  memory.frame = frame;
  return memory;
}

/// Plots that are not in use, with the space that they have grown.
std::vector<std::unique_ptr<Plot::Implementation>>& pool() {
  static std::vector<std::unique_ptr<Plot::Implementation>> idle;
  return idle;
}

}  // namespace

void settle(PlotCanvas& canvas) {
  if (canvas.settled) return;
  canvas.settled = true;
  PlotView& view = *canvas.view;
  if (canvas.fit_x && !view.x_free) view.x = *canvas.fit_x;
  if (canvas.fit_y && !view.y_free) view.y = *canvas.fit_y;
  const int request = fit_request();
  if (request > canvas.memory->fitted) {
    canvas.memory->fitted = request;
    fit(canvas);
  }
  lay_out(canvas);
  if (take_mouse(canvas)) lay_out(canvas);
  if (canvas.visible) draw_axes(canvas);
}

Plot::Plot(const char* id, PlotView& view, const PlotOptions& options, ImVec2 size) {
  if (pool().empty()) pool().push_back(std::make_unique<Implementation>());
  implementation_ = pool().back().release();
  pool().pop_back();

  PlotCanvas& canvas = implementation_->canvas;
  canvas.id = id;
  canvas.view = &view;
  canvas.options = options;
  canvas.draw = ImGui::GetWindowDrawList();
  canvas.memory = &memory_of(ImGui::GetID(id));
  canvas.fit_x.reset(), canvas.fit_y.reset(), canvas.click.reset();
  canvas.settled = canvas.ended = canvas.over_legend = canvas.legend_click = false;
  canvas.legend.clear(), canvas.values.clear(), canvas.notes.clear();
  canvas.sink = data_sink;
  if (data_sink) {
    canvas.sink_index = data_sink->size();
    data_sink->emplace_back();
    const std::string_view name = id;
    const std::size_t hashes = name.find("##");
    data_sink->back().plot = hashes == 0 ? name.substr(2) : name.substr(0, hashes);
  }

  const ImVec2 room = ImGui::GetContentRegionAvail();
  const auto extent = [](float asked, float available) {
    const float pixels = asked > 0.0f ? asked : available + asked;
    return std::isfinite(pixels) ? std::clamp(std::floor(pixels), 1.0f, 16000.0f) : 1.0f;
  };
  size = {extent(size.x, room.x), extent(size.y, room.y)};
  canvas.outer_min = ImGui::GetCursorScreenPos();
  canvas.outer_max = {canvas.outer_min.x + size.x, canvas.outer_min.y + size.y};
  // An item, so that what is dragged stays with the plot when the mouse leaves it.
  ImGui::InvisibleButton(id, size, ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight);
  canvas.visible = ImGui::IsItemVisible();
  canvas.item_hovered = ImGui::IsItemHovered();
  if (options.interactive) {
    // The wheel is the plot's: the window around it does not scroll.
#if IMGUI_VERSION_NUM >= 18900
    ImGui::SetItemKeyOwner(ImGuiKey_MouseWheelY);
#else
    ImGui::SetItemUsingMouseWheel();
#endif
  }
}

Plot::~Plot() {
  end();
  pool().emplace_back(implementation_);
}

void Plot::fit_x(double low, double high) {
  if (std::isfinite(low) && std::isfinite(high)) implementation_->canvas.fit_x = usable_range({low, high}, false);
}

void Plot::fit_y(double low, double high) {
  PlotCanvas& canvas = implementation_->canvas;
  if (std::isfinite(low) && std::isfinite(high)) canvas.fit_y = usable_range({low, high}, canvas.options.log_y);
}

void Plot::cursor_note(const std::string& text) { implementation_->canvas.notes.push_back(text); }

void Plot::end() {
  PlotCanvas& canvas = implementation_->canvas;
  if (canvas.ended) return;
  settle(canvas);
  canvas.ended = true;
  mark(canvas.id, canvas.inner_min, canvas.inner_max);
  if (!canvas.visible) return;
  const Clip clip(canvas);
  draw_legend(canvas);
  draw_zoom_box(canvas);
  draw_cursor(canvas);
}

bool Plot::hovered() const {
  settle(implementation_->canvas);
  return implementation_->canvas.hovered();
}

std::optional<std::pair<double, double>> Plot::mouse() const {
  if (!hovered()) return std::nullopt;
  const PlotCanvas& canvas = implementation_->canvas;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  return std::make_pair(canvas.x.at(mouse.x), canvas.y.at(mouse.y));
}

std::optional<std::pair<double, double>> Plot::clicked() const {
  settle(implementation_->canvas);
  return implementation_->canvas.click;
}

std::optional<std::pair<double, double>> Plot::painted() const {
  PlotCanvas& canvas = implementation_->canvas;
  settle(canvas);
  const PlotMemory& memory = *canvas.memory;
  if (canvas.options.interactive || !memory.pressed || memory.pressed_legend ||
      memory.region != PlotMemory::Region::inside) {
    return std::nullopt;
  }
  // A stroke that leaves the plot goes on along its edge.
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  return std::make_pair(canvas.x.at(std::clamp(mouse.x, canvas.inner_min.x, canvas.inner_max.x)),
                        canvas.y.at(std::clamp(mouse.y, canvas.inner_min.y, canvas.inner_max.y)));
}

ImVec2 Plot::inner_size() const {
  const PlotCanvas& canvas = implementation_->canvas;
  settle(implementation_->canvas);
  return {canvas.inner_width(), canvas.inner_height()};
}

ImVec2 Plot::inner_min() const {
  settle(implementation_->canvas);
  return implementation_->canvas.inner_min;
}

ImVec2 Plot::to_pixels(double x, double y) const {
  const PlotCanvas& canvas = implementation_->canvas;
  settle(implementation_->canvas);
  return {float(canvas.x.pixel(x)), float(canvas.y.pixel(y))};
}

void collect_plots(std::vector<PlotData>* into) { data_sink = into; }

}  // namespace jko::ui
