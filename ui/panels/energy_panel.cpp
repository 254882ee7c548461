/// Explore: free energy against time with its two parts, and the distance to the stationary law.

#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ui/panels/panel.hpp"
#include "ui/plot.hpp"
#include "ui/series.hpp"

namespace jko::ui {
namespace {

class EnergyPanel final : public Panel {
 public:
  void draw(PanelContext& context) override {
    const ExploreView& explore = *context.snapshot.explore;
    total_.clear();
    potential_.clear();
    entropy_.clear();
    distance_.clear();
    grid_.clear();
    particles_.clear();
    for (const auto& frame : explore.frames) {
      total_.add(frame->time, frame->free_energy.total());
      potential_.add(frame->time, frame->free_energy.potential);
      entropy_.add(frame->time, frame->free_energy.entropy);
      distance_.add(frame->time, frame->to_stationary);
      if (frame->grid) grid_.add(frame->time, frame->kl_grid);
      if (frame->particles) particles_.add(frame->time, frame->kl_particles);
    }
    const ImVec2 space = ImGui::GetContentRegionAvail();
    draw_energy(context, {0.5f * space.x - 2.0f, 0});
    ImGui::SameLine(0.0f, 4.0f);
    draw_distance(context, {0, 0});
  }

 private:
  double end_of(const ExploreView& explore) const {
    return total_.x.empty() ? explore.tau : std::max(total_.x.back(), explore.tau);
  }

  void draw_energy(PanelContext& context, ImVec2 size) {
    const ExploreView& explore = *context.snapshot.explore;
    const Colours& c = colours();
    Plot plot("energy", energy_view_, {"t", "free energy"}, size);
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const PlotPoints* points : {&total_, &potential_, &entropy_}) {
      for (const double value : points->y) {
        if (!std::isfinite(value)) continue;
        low = std::min(low, value);
        high = std::max(high, value);
      }
    }
    const bool confined = std::isfinite(explore.stationary_free_energy);
    if (confined) low = std::min(low, explore.stationary_free_energy);
    plot.fit_x(0.0, end_of(explore));
    if (high > low) plot.fit_y(low - 0.08 * (high - low), high + 0.08 * (high - low));
    plot.line("potential, E Φ", potential_.series(), c.potential, 1.4f);
    plot.line("entropy, E log ρ / β", entropy_.series(), c.likelihood, 1.4f);
    plot.line("free energy", total_.series(), c.posterior, 2.2f);
    if (confined) plot.horizontal("stationary", explore.stationary_free_energy, c.truth, 1.0f);
    mark_time(plot, explore);
  }

  void draw_distance(PanelContext& context, ImVec2 size) {
    const ExploreView& explore = *context.snapshot.explore;
    const Colours& c = colours();
    PlotOptions options{"t", "relative entropy"};
    options.log_y = true;
    Plot plot("distance", distance_view_, options, size);
    double low = std::numeric_limits<double>::infinity(), high = 0.0;
    for (const PlotPoints* points : {&distance_, &grid_, &particles_}) {
      for (const double value : points->y) {
        if (!(value > 0.0) || !std::isfinite(value)) continue;
        low = std::min(low, value);
        high = std::max(high, value);
      }
    }
    plot.fit_x(0.0, end_of(explore));
    if (high > 0.0) plot.fit_y(std::max(low / 2.0, 1e-10), 2.0 * high);
    plot.line("to the stationary law", distance_.series(), c.posterior, 2.2f);
    plot.line("grid (SymKL)", grid_.series(), c.truth, 1.2f);
    plot.line("particles (SymKL)", particles_.series(), c.particles, 1.2f);
    mark_time(plot, explore);
  }

  /// The moment that is shown; a click chooses another one.
  void mark_time(Plot& plot, const ExploreView& explore) const {
    if (explore.frames.empty()) return;
    const auto shown =
        static_cast<std::size_t>(std::clamp<Index>(explore.shown, 0, static_cast<Index>(explore.frames.size()) - 1));
    plot.vertical("shown", explore.frames[shown]->time, with_alpha(colours().accent, 0.7f), 1.0f);
  }

  PlotView energy_view_, distance_view_;
  PlotPoints total_, potential_, entropy_, distance_, grid_, particles_;
};

}  // namespace

std::unique_ptr<Panel> make_energy_panel() { return std::make_unique<EnergyPanel>(); }

}  // namespace jko::ui
