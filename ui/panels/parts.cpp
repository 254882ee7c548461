#include "ui/panels/parts.hpp"

#include <algorithm>
#include <limits>

#include "ui/colours.hpp"
#include "ui/series.hpp"

namespace jko::ui {

void plot_loss(const char* id, PlotView& view, const std::vector<double>& losses, float height, const char* hint) {
  PlotOptions options{"iteration", "loss above its end"};
  options.legend = false;
  options.log_y = true;
  Plot plot(id, view, options, {0, height});
  if (losses.size() < 2) {
    plot.fit_x(0.0, 1.0);
    plot.fit_y(0.1, 1.0);
    plot.hint(hint);
    return;
  }
  static PlotPoints points;
  points.clear();
  const double end = *std::min_element(losses.begin(), losses.end());
  double low = std::numeric_limits<double>::infinity(), high = 0.0;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    const double above = losses[i] - end;
    if (above <= 0.0) continue;
    points.add(static_cast<double>(i), above);
    low = std::min(low, above);
    high = std::max(high, above);
  }
  plot.fit_x(0.0, static_cast<double>(losses.size() - 1));
  if (high > 0.0) plot.fit_y(low / 2.0, 2.0 * high);
  plot.line("loss", points.series(), colours().posterior, 1.5f);
  plot.points("loss", points.series(), colours().posterior, 2.5f);
}

void plot_regions(Plot& plot, const LawPicture& law, Index x, Index y, const char* name, ImU32 colour, float width,
                  ContourLines& lines) {
  const SampledField* field = law.pair(x, y);
  if (!field) return;
  const auto number = static_cast<std::size_t>(field - law.pairs.data());
  if (number >= law.half_levels.size() || number >= law.ninety_levels.size()) return;
  lines.x.clear();
  lines.y.clear();
  add_contour(*field, law.half_levels[number], lines);
  add_contour(*field, law.ninety_levels[number], lines);
  plot.segments(name, series_of(lines), colour, width);
}

void add_landscape(const SampledField& potential, ContourLines& lines) {
  constexpr int kLevels = 9;
  std::vector<float> sorted = potential.values;
  std::sort(sorted.begin(), sorted.end());
  const float least = sorted.front(), middle = sorted[sorted.size() / 2];
  for (int level = 1; level <= kLevels; ++level) {
    // Closer together at the bottom, where the law is.
    const float share = static_cast<float>(level) / kLevels;
    add_contour(potential, least + (middle - least) * share * share * share, lines);
  }
}

void figure_row(const char* name, const std::string& value, ImU32 colour) {
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  ImGui::TextDisabled("%s", name);
  ImGui::TableNextColumn();
  if (colour != 0) ImGui::PushStyleColor(ImGuiCol_Text, colour);
  ImGui::TextUnformatted(value.c_str());
  if (colour != 0) ImGui::PopStyleColor();
}

}  // namespace jko::ui
