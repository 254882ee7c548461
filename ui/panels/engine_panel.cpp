/// How the machinery is doing: the loss of the last JKO step, time against its deadline, and the counts.

#include <imgui.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "src/figures.hpp"
#include "ui/panels/panel.hpp"
#include "ui/panels/parts.hpp"
#include "ui/plot.hpp"
#include "ui/series.hpp"

namespace jko::ui {
namespace {

constexpr std::size_t kShown = 400;  // observations

class EnginePanel final : public Panel {
 public:
  void draw(PanelContext& context) override {
    const EngineView& engine = context.snapshot.study->engine;
    const float space = ImGui::GetContentRegionAvail().y;
    const float table = 13.0f * ImGui::GetTextLineHeightWithSpacing();
    const float plot = std::max(6.0f * ImGui::GetFontSize(), (space - table) / 3.0f);
    plot_loss("engine/loss", loss_view_, engine.losses, plot, "no JKO step yet");
    draw_times(context, plot);
    draw_iterations(engine, plot);
    draw_counts(context);
  }

 private:
  void draw_times(PanelContext& context, float height) {
    const StudyView& study = *context.snapshot.study;
    PlotOptions options{"observation", "ms an observation"};
    options.legend = false;
    Plot plot("engine/time", time_view_, options, {0, height});
    read_times(study.history);
    double top = 0.0;
    for (const double ms : points_.y) top = std::max(top, ms);
    if (points_.x.empty()) {
      plot.fit_x(0.0, 1.0);
      plot.fit_y(0.0, 1.0);
      plot.hint("no observation yet");
      return;
    }
    plot.fit_x(points_.x.front() - 1.0, points_.x.back() + 1.0);
    // The deadline is drawn where it is near; far above it would flatten everything else.
    const double deadline = study.engine.deadline_ms;
    const bool near = deadline > 0.0 && deadline < 4.0 * top;
    plot.fit_y(0.0, 1.15 * (near ? std::max(top, deadline) : top));
    plot.stems("predict + update", points_.series(), colours().posterior);
    if (near) plot.horizontal("deadline", deadline, colours().warning, 1.2f);
  }

  /// Of the newest observations, in their order.
  void read_times(const History& history) {
    points_.clear();
    for (auto chunk = history.chunks().rbegin(); chunk != history.chunks().rend(); ++chunk) {
      const auto& entries = (*chunk)->entries;
      for (auto entry = entries.rbegin(); entry != entries.rend() && points_.x.size() < kShown; ++entry) {
        points_.add(static_cast<double>(entry->index + 1), entry->predict_ms + entry->update_ms);
      }
    }
    std::reverse(points_.x.begin(), points_.x.end());
    std::reverse(points_.y.begin(), points_.y.end());
  }

  void draw_iterations(const EngineView& engine, float height) {
    PlotOptions options{"step", "iterations a step"};
    options.legend = false;
    Plot plot("engine/iterations", iteration_view_, options, {0, height});
    points_.clear();
    failed_.clear();
    double top = 1.0;
    for (std::size_t i = 0; i < engine.steps.size(); ++i) {
      const StepReading& step = engine.steps[i];
      (step.fallback ? failed_ : points_).add(static_cast<double>(i), static_cast<double>(step.iterations));
      top = std::max(top, static_cast<double>(step.iterations));
    }
    plot.fit_x(-1.0, std::max(1.0, static_cast<double>(engine.steps.size())));
    plot.fit_y(0.0, 1.15 * top);
    plot.stems("iterations", points_.series(), colours().posterior);
    plot.points("plain step", failed_.series(), colours().error, 4.0f);
  }

  void draw_counts(PanelContext& context) const {
    const StudyView& study = *context.snapshot.study;
    const EngineView& engine = study.engine;
    if (!ImGui::BeginTable("counts", 2, ImGuiTableFlags_SizingStretchProp)) return;
    const auto alarming = [&](const char* name, Index count) {
      figure_row(name, with_commas(count), count > 0 ? colours().warning : 0);
    };
    figure_row("observations", with_commas(engine.observations));
    if (!engine.steps.empty()) {
      std::vector<double> ms;
      for (const StepReading& step : engine.steps) ms.push_back(step.ms);
      figure_row("time a step", duration(median(ms)) + " (median)");
    }
    if (engine.deadline_ms > 0.0) figure_row("deadline", duration(engine.deadline_ms));
    if (context.snapshot.status.kind == RunKind::live) {
      figure_row("waiting", fmt::format("{} of {}", with_commas(engine.waiting), with_commas(engine.queue_capacity)),
                 engine.waiting > 16 ? colours().warning : 0);
      figure_row("lateness", duration(1e3 * engine.lateness));
      alarming("dropped", engine.dropped);
      alarming("not understood", engine.rejected);
      alarming("too late", engine.late);
      alarming("held back", engine.gated);
      alarming("impossible", engine.impossible);
      figure_row("steps ahead", with_commas(engine.steps_ahead));
    }
    alarming("plain steps", engine.fallbacks);
    figure_row("nodes, chain", fmt::format("{}, {}", with_commas(engine.nodes), engine.chain));
    figure_row("laws not drawn", with_commas(engine.undrawn));
    figure_row("memory", fmt::format("{:.0f} MiB", engine.memory_mib));
    ImGui::EndTable();
  }

  PlotView loss_view_, time_view_, iteration_view_;
  PlotPoints points_, failed_;
};

}  // namespace

std::unique_ptr<Panel> make_engine_panel() { return std::make_unique<EnginePanel>(); }

}  // namespace jko::ui
