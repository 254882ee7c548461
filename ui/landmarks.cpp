#include "ui/landmarks.hpp"

#include <unordered_map>

namespace jko::ui {
namespace {

using Places = std::unordered_map<std::string, Landmark>;

Places& current() {
  static Places places;
  return places;
}

Places& whole() {
  static Places places;
  return places;
}

}  // namespace

void mark(const std::string& name) { mark(name, ImGui::GetItemRectMin(), ImGui::GetItemRectMax()); }

void mark(const std::string& name, ImVec2 low, ImVec2 high) { current()[name] = {low, high}; }

const Landmark* find_landmark(const std::string& name) {
  const auto found = whole().find(name);
  return found == whole().end() ? nullptr : &found->second;
}

void begin_landmarks() {
  whole().swap(current());
  current().clear();
}

}  // namespace jko::ui
