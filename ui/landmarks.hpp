#pragma once
/// Where the controls of a frame are on the screen, by name: what lets a test click on "play" wherever it is drawn.
///
///     if (ImGui::Button("Play")) …;
///     mark("play");                        // the item just drawn
///     const Landmark* play = find_landmark("play");

#include <imgui.h>

#include <string>

namespace jko::ui {

struct Landmark {
  ImVec2 low, high;
  ImVec2 centre() const { return {0.5f * (low.x + high.x), 0.5f * (low.y + high.y)}; }
};

/// Remembers the last item of ImGui under `name`.
void mark(const std::string& name);
void mark(const std::string& name, ImVec2 low, ImVec2 high);
/// Of the last whole frame; null if nothing of that name was drawn.
const Landmark* find_landmark(const std::string& name);
/// At the beginning of a frame.
void begin_landmarks();

}  // namespace jko::ui
