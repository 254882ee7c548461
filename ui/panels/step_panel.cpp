/// Explore: the transport map of the step that is shown, its Jacobian, and how it was found.

#include <imgui.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "src/figures.hpp"
#include "ui/panels/panel.hpp"
#include "ui/panels/parts.hpp"
#include "ui/plot.hpp"
#include "ui/series.hpp"

namespace jko::ui {
namespace {

class StepPanel final : public Panel {
 public:
  void draw(PanelContext& context) override {
    const ExploreView& explore = *context.snapshot.explore;
    if (explore.frames.empty()) return;
    const auto shown =
        static_cast<std::size_t>(std::clamp<Index>(explore.shown, 0, static_cast<Index>(explore.frames.size()) - 1));
    const FlowFrame& frame = *explore.frames[shown];
    const float table = 9.0f * ImGui::GetTextLineHeightWithSpacing();
    const float height = std::max(6.0f * ImGui::GetFontSize(), (ImGui::GetContentRegionAvail().y - table) / 3.0f);
    draw_map(frame, height);
    draw_jacobian(frame, height);
    plot_loss("step/loss", loss_view_, frame.losses, height, "its loss");
    draw_figures(frame);
  }

 private:
  /// Of points on a line, in their order.
  static std::vector<Index> order_of(const MapArrows& map) {
    std::vector<Index> order(static_cast<std::size_t>(map.from.rows()));
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](Index a, Index b) { return map.from(a, 0) < map.from(b, 0); });
    return order;
  }

  void draw_map(const FlowFrame& frame, float height) {
    const bool line = frame.map.from.cols() <= 1;
    PlotOptions options{line ? "x" : "|x|", line ? "T(x) - x" : "|T(x) - x|"};
    options.legend = false;
    Plot plot("map", map_view_, options, {0, height});
    if (frame.map.from.rows() == 0) {
      plot.hint("the map of a step: take one");
      return;
    }
    points_.clear();
    for (const Index i : order_of(frame.map)) {
      if (line) {
        points_.add(frame.map.from(i, 0), frame.map.to(i, 0) - frame.map.from(i, 0));
      } else {
        points_.add(frame.map.from.row(i).norm(), (frame.map.to.row(i) - frame.map.from.row(i)).norm());
      }
    }
    fit(plot);
    if (line) plot.line("map", points_.series(), colours().accent, 1.6f);
    plot.points("map", points_.series(), colours().accent, 2.0f);
    plot.horizontal("identity", 0.0, with_alpha(colours().axis, 0.6f), 1.0f);
  }

  void draw_jacobian(const FlowFrame& frame, float height) {
    const bool line = frame.map.from.cols() <= 1;
    PlotOptions options{line ? "x" : "|x|", line ? "T'(x)" : "det ∇T(x)"};
    options.legend = false;
    Plot plot("jacobian", jacobian_view_, options, {0, height});
    if (frame.map.from.rows() == 0) {
      plot.hint("its Jacobian");
      return;
    }
    points_.clear();
    for (const Index i : order_of(frame.map)) {
      points_.add(line ? frame.map.from(i, 0) : frame.map.from.row(i).norm(), std::exp(frame.map.log_det(i)));
    }
    fit(plot);
    if (line) plot.line("jacobian", points_.series(), colours().likelihood, 1.6f);
    plot.points("jacobian", points_.series(), colours().likelihood, 2.0f);
    plot.horizontal("volume kept", 1.0, with_alpha(colours().axis, 0.6f), 1.0f);
  }

  void fit(Plot& plot) const {
    const auto x = std::minmax_element(points_.x.begin(), points_.x.end());
    const auto y = std::minmax_element(points_.y.begin(), points_.y.end());
    const double margin = std::max(0.1 * (*y.second - *y.first), 1e-3);
    plot.fit_x(*x.first, *x.second);
    plot.fit_y(*y.first - margin, *y.second + margin);
  }

  static void draw_figures(const FlowFrame& frame) {
    if (!ImGui::BeginTable("figures", 2, ImGuiTableFlags_SizingStretchProp)) return;
    figure_row("free energy", fmt::format("{:.5g}", frame.free_energy.total()));
    figure_row("to the stationary law", fmt::format("{:.3g} nats", frame.to_stationary));
    if (frame.grid) figure_row("SymKL to the grid", fmt::format("{:.2g}", frame.kl_grid));
    if (frame.particles) figure_row("of particles to it", fmt::format("{:.2g}", frame.kl_particles));
    figure_row("iterations", fmt::format("{}{}", frame.iterations, frame.fallback ? " (a plain step stood in)" : ""));
    figure_row("time, JKO", duration(frame.step_ms));
    if (frame.grid) figure_row("time, grid", duration(frame.grid_ms));
    if (frame.particles) figure_row("time, particles", duration(frame.particles_ms));
    ImGui::EndTable();
  }

  PlotView map_view_, jacobian_view_, loss_view_;
  PlotPoints points_;
};

}  // namespace

std::unique_ptr<Panel> make_step_panel() { return std::make_unique<StepPanel>(); }

}  // namespace jko::ui
