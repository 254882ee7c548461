/// The law now: on a line as curves; in the plane as a heat map with its marginals; in more dimensions one or two
/// coordinates of it, or a corner plot of all.

#include <imgui.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ui/landmarks.hpp"
#include "ui/panels/panel.hpp"
#include "ui/panels/parts.hpp"
#include "ui/plot.hpp"
#include "ui/series.hpp"

namespace jko::ui {
namespace {

using Picture = std::shared_ptr<const LawPicture>;

/// What is to be drawn: of now, or of the moment that is looked back at.
struct Scene {
  Picture predicted, updated, now, truth;
  const HistoryEntry* seen = nullptr;
  bool back = false;  ///< of an earlier moment
};

Scene scene_of(const PanelContext& context) {
  const StudyView& study = *context.snapshot.study;
  Scene scene;
  if (context.look_back) {
    scene.seen = study.history.at(*context.look_back);
    scene.back = scene.seen != nullptr;
    if (scene.seen) {
      scene.predicted = scene.seen->predicted;
      scene.updated = scene.seen->updated;
    }
    scene.now = scene.updated;
    return scene;
  }
  scene.predicted = study.predicted;
  scene.updated = study.updated;
  scene.now = study.now;
  scene.truth = study.truth;
  scene.seen = study.last ? &*study.last : nullptr;
  return scene;
}

class DensityPanel final : public Panel {
 public:
  void draw(PanelContext& context) override {
    const StudyView& study = *context.snapshot.study;
    const Scene scene = scene_of(context);
    header(context, scene);
    if (!scene.now && !scene.updated) {
      Plot plot("density", view_, {"x", ""});
      plot.hint(scene.back ? "the density of then is no longer kept" : "waiting for the first law");
      return;
    }
    if (study.dimension == 1 || (!corner_ && second_ < 0)) {
      draw_line(context, scene, study.dimension == 1 ? 0 : first_);
    } else if (corner_ && study.dimension > 2) {
      draw_corner(context, scene);
    } else {
      draw_plane(context, scene);
    }
  }

 private:
  void header(PanelContext& context, const Scene& scene) {
    const StudyView& study = *context.snapshot.study;
    const Index d = study.dimension;
    if (d != dimension_) {
      dimension_ = d;
      first_ = 0;
      second_ = d > 1 ? 1 : -1;
      corner_ = false;
      view_ = plane_ = {};
      range_.forget();
      peak_.forget();
    }
    const double time = scene.back ? scene.seen->time : study.clock.now(context.now);
    ImGui::Text("t = %.4g %s", time, context.snapshot.status.time_unit.c_str());
    if (scene.back) {
      ImGui::SameLine();
      ImGui::TextDisabled("looking back");
      ImGui::SameLine();
      if (ImGui::SmallButton("Now")) context.look_back.reset();
      mark("density/now");
    }
    if (d == 1) return;
    const auto combo = [&](const char* id, Index& value, Index least, const char* none) {
      ImGui::SameLine();
      ImGui::SetNextItemWidth(4.5f * ImGui::GetFontSize());
      const std::string shown = value < 0 ? none : fmt::format("x{}", value);
      bool changed = false;
      if (ImGui::BeginCombo(id, shown.c_str())) {
        for (Index k = least; k < d; ++k) {
          const std::string name = k < 0 ? none : fmt::format("x{}", k);
          if (ImGui::Selectable(name.c_str(), k == value)) {
            value = k;
            changed = true;
          }
          mark(std::string("density/") + id + "/" + name);
        }
        ImGui::EndCombo();
      }
      mark(std::string("density/") + id);
      return changed;
    };
    bool changed = combo("##first", first_, 0, "");
    changed = combo("##second", second_, -1, "alone") || changed;
    if (changed) {
      if (second_ == first_) second_ = -1;
      view_ = plane_ = {};
      range_.forget();
      peak_.forget();
      if (second_ >= 0) context.port.send(ShowCoordinates{std::min(first_, second_), std::max(first_, second_)});
    }
    if (d > 2) {
      ImGui::SameLine();
      ImGui::Checkbox("corner", &corner_);
      mark("density/corner");
      if (!scene.now || !scene.now->exact) {
        ImGui::SameLine();
        ImGui::TextDisabled("kernel estimates");
      }
    }
  }

  // One coordinate.

  void draw_line(PanelContext& context, const Scene& scene, Index k) {
    const StudyView& study = *context.snapshot.study;
    const Colours& c = colours();
    const auto place = static_cast<std::size_t>(k);
    const auto curve_of = [&](const Picture& picture) -> const SampledCurve* {
      return picture && place < picture->marginals.size() ? &picture->marginals[place] : nullptr;
    };
    double low = std::numeric_limits<double>::infinity(), high = -low, top = 0.0;
    for (const Picture& picture : {scene.predicted, scene.updated, scene.now}) {
      if (const SampledCurve* curve = curve_of(picture)) {
        low = std::min(low, curve->low);
        high = std::max(high, curve->high);
        top = std::max(top, peak_of(*curve));
      }
    }
    if (!(high > low)) return;
    const bool in_place = study.dimension == 1 && study.observed_in_place && scene.seen;
    if (in_place && std::isfinite(scene.seen->observation(0))) {
      low = std::min(low, scene.seen->observation(0));
      high = std::max(high, scene.seen->observation(0));
    }
    const std::string label = fmt::format("x{}", k);
    Plot plot("density", view_, {study.dimension == 1 ? "x" : label.c_str(), "density"});
    const PlotRange x = range_.follow(low, high);
    plot.fit_x(x.low, x.high);
    plot.fit_y(0.0, peak_.follow(0.0, 1.08 * top).high);

    if (scene.updated && place < scene.updated->ninety_regions.size()) {
      for (const Interval& region : scene.updated->ninety_regions[place])
        plot.vertical_band("90 % region", region.low, region.high, with_alpha(c.band, 0.10f));
      for (const Interval& region : scene.updated->half_regions[place])
        plot.vertical_band("50 % region", region.low, region.high, with_alpha(c.band, 0.16f));
    }
    if (const SampledCurve* curve = curve_of(scene.updated)) {
      const PlotPoints points = points_of(*curve);
      plot.area("posterior", points.series(), c.posterior);
    }
    if (const SampledCurve* curve = curve_of(scene.predicted)) {
      const PlotPoints points = points_of(*curve);
      plot.line("prediction", points.series(), c.prediction, 1.8f);
    }
    if (!scene.back && study.dimension == 1 && !study.likelihood_curve.empty()) {
      const PlotPoints points = points_of(study.likelihood_curve, 0.6 * top);
      plot.line("likelihood (scaled)", points.series(), c.likelihood, 1.2f);
    }
    if (const SampledCurve* curve = curve_of(scene.truth)) {
      const PlotPoints points = points_of(*curve);
      plot.line(context.snapshot.status.compared.c_str(), points.series(), c.truth, 1.0f);
    }
    if (!scene.back && study.between) draw_moving(context, plot, place);
    if (scene.updated) plot.vertical("mean", scene.updated->mean(k), c.mean, 1.2f);
    if (in_place && std::isfinite(scene.seen->observation(0))) {
      plot.vertical("observation", scene.seen->observation(0), c.observation, 1.2f);
      plot.marker("observation", scene.seen->observation(0), 0.0, c.observation);
    }
    if (!scene.back && study.nodes.x.cols() > k) {
      plot.rug("nodes", study.nodes.x.col(k).data(), study.nodes.x.rows(), with_alpha(c.nodes, 0.5f));
    }
    if (!scene.seen && !study.last) plot.cursor_note("no observation yet");
  }

  /// The law on its way from the last observation to the next one.
  void draw_moving(PanelContext& context, Plot& plot, std::size_t place) {
    const StudyView& study = *context.snapshot.study;
    const double time = study.clock.now(context.now);
    moving_.clear();
    for (const Glide& glide : study.glides) {
      if (time > glide.end && &glide != &study.glides.back()) continue;
      const double length = glide.end - glide.begin;
      const double share = length > 0.0 ? std::clamp((time - glide.begin) / length, 0.0, 1.0) : 1.0;
      glide.at(share, moving_.x, moving_.y);
      break;
    }
    if (moving_.x.empty()) {
      if (study.now && place < study.now->marginals.size()) moving_ = points_of(study.now->marginals[place]);
    } else if (!context.frozen && study.clock.rate > 0.0 && time < study.clock.end) {
      // A part of the step in hand that can be seen.
      constexpr double kVisible = 0.004;
      const double length = study.clock.end - study.clock.time;
      context.until_movement = std::min(context.until_movement, kVisible * length / study.clock.rate);
    }
    if (!moving_.x.empty()) plot.line("now", moving_.series(), colours().accent, 2.2f);
  }

  // Two coordinates.

  void draw_plane(PanelContext& context, const Scene& scene) {
    const StudyView& study = *context.snapshot.study;
    const Colours& c = colours();
    const Index a = std::min(first_, second_), b = std::max(first_, second_);
    const Picture& law = scene.now;
    const SampledField* field = law->pair(a, b);
    const ImVec2 space = ImGui::GetContentRegionAvail();
    const float side = std::min(0.22f * space.x, 8.0f * ImGui::GetFontSize());
    const float above = std::min(0.22f * space.y, 7.0f * ImGui::GetFontSize());
    if (space.x < 4.0f * side || space.y < 2.0f * above) {
      ImGui::TextUnformatted("more room is needed");
      return;
    }
    if (!field) {
      ImGui::TextDisabled(
          "%s", scene.back ? "of then only single coordinates are kept" : "this pair comes with the next law");
      return;
    }
    const std::string x_name = fmt::format("x{}", a), y_name = fmt::format("x{}", b);
    const PlotRange x = range_.follow(field->x_low, field->x_high), y = peak_.follow(field->y_low, field->y_high);

    // The marginal above shares the plane's x axis, the one beside it its y axis.
    {
      top_view_.x = plane_.x;
      top_view_.x_free = plane_.x_free;
      PlotOptions options{"", ""};
      options.legend = options.x_ticks = options.y_ticks = options.interactive = false;
      Plot plot("marginal above", top_view_, options, {space.x - side, above});
      plot.fit_x(x.low, x.high);
      const SampledCurve& curve = law->marginals[static_cast<std::size_t>(a)];
      plot.fit_y(0.0, 1.1 * peak_of(curve));
      const PlotPoints points = points_of(curve);
      plot.area(x_name.c_str(), points.series(), c.posterior);
    }
    {
      PlotOptions options{x_name.c_str(), y_name.c_str()};
      Plot plot("plane", plane_, options, {space.x - side, 0});
      plot.fit_x(x.low, x.high);
      plot.fit_y(y.low, y.high);
      const std::uint64_t version = version_of(*field, law);
      if (!context.textures.has("plane", version)) colour_field(*field, 0.0f, colour_map(theme()), pixels_);
      plot.image(context.textures.texture("plane", version, pixels_, true), field->x_low, field->x_high, field->y_low,
                 field->y_high);
      if (study.dimension == 2 && !study.potential_field.empty()) draw_potential(plot, study.potential_field);
      if (!scene.back) {
        const auto rows = study.nodes.x.rows();
        opacity_.resize(static_cast<std::size_t>(rows));
        const double heaviest = rows > 0 ? study.nodes.weights.maxCoeff() : 1.0;
        for (Index i = 0; i < rows; ++i) {
          opacity_[static_cast<std::size_t>(i)] =
              static_cast<float>(0.05 + 0.75 * std::sqrt(study.nodes.weights(i) / heaviest));
        }
        plot.points("nodes", {study.nodes.x.col(a).data(), study.nodes.x.col(b).data(), rows}, opacity_.data(), c.nodes,
                    1.2f);
      }
      plot_regions(plot, *law, a, b, "50 and 90 %", c.contour, 1.4f, lines_);
      if (scene.truth) {
        plot_regions(plot, *scene.truth, a, b, context.snapshot.status.compared.c_str(), c.truth, 1.0f, lines_);
      }
      if (!scene.back && study.dimension == 2 && !study.likelihood_field.empty()) {
        lines_.x.clear();
        lines_.y.clear();
        for (const float level : {0.1f, 0.6f}) add_contour(study.likelihood_field, level, lines_);
        plot.segments("likelihood", series_of(lines_), with_alpha(c.likelihood, 0.8f), 1.0f);
      }
      plot.marker("mean", law->mean(a), law->mean(b), c.mean);
    }
    ImGui::SameLine(0.0f, 0.0f);
    {
      side_view_.y = plane_.y;
      side_view_.y_free = plane_.y_free;
      PlotOptions options{" ", " "};  // as high as the plane beside it, with its labels
      options.legend = options.y_ticks = options.interactive = false;
      Plot plot("marginal beside", side_view_, options, {0, 0});
      const SampledCurve& curve = law->marginals[static_cast<std::size_t>(b)];
      plot.fit_y(y.low, y.high);
      plot.fit_x(0.0, 1.1 * peak_of(curve));
      PlotPoints points = points_of(curve);
      std::swap(points.x, points.y);
      plot.line(y_name.c_str(), points.series(), c.posterior, 1.8f);
    }
  }

  /// Its contours are found anew only when it has changed.
  void draw_potential(Plot& plot, const SampledField& potential) {
    if (potential_of_ != potential.values.data() || potential_corner_ != potential.x_low) {
      potential_of_ = potential.values.data();
      potential_corner_ = potential.x_low;
      potential_lines_.x.clear();
      potential_lines_.y.clear();
      add_landscape(potential, potential_lines_);
    }
    plot.segments("potential", series_of(potential_lines_), with_alpha(colours().potential, 0.45f), 1.0f);
  }

  // All coordinates.

  void draw_corner(PanelContext& context, const Scene& scene) {
    const Picture& law = scene.now;
    const Index shown = std::min<Index>(6, dimension_);
    const ImVec2 space = ImGui::GetContentRegionAvail();
    const ImVec2 cell{space.x / static_cast<float>(shown), space.y / static_cast<float>(shown)};
    const ImVec2 corner = ImGui::GetCursorPos();
    corner_views_.resize(static_cast<std::size_t>(shown * shown));
    for (Index row = 0; row < shown; ++row) {
      for (Index column = 0; column <= row; ++column) {
        ImGui::SetCursorPos(
            {corner.x + cell.x * static_cast<float>(column), corner.y + cell.y * static_cast<float>(row)});
        PlotView& view = corner_views_[static_cast<std::size_t>(row * shown + column)];
        const std::string id = fmt::format("corner {} {}", row, column), name = fmt::format("x{}", column),
                          other = fmt::format("x{}", row);
        PlotOptions options{row + 1 == shown ? name.c_str() : "", column == 0 && row > 0 ? other.c_str() : ""};
        options.legend = options.interactive = false;
        options.x_ticks = row + 1 == shown;
        options.y_ticks = column == 0 && row > 0;
        Plot plot(id.c_str(), view, options, cell);
        const SampledCurve& across = law->marginals[static_cast<std::size_t>(column)];
        plot.fit_x(across.low, across.high);
        if (row == column) {
          plot.fit_y(0.0, 1.1 * peak_of(across));
          const PlotPoints points = points_of(across);
          plot.area(name.c_str(), points.series(), colours().posterior);
        } else if (const SampledField* field = law->pair(column, row)) {
          plot.fit_y(field->y_low, field->y_high);
          plot.fit_x(field->x_low, field->x_high);
          const std::uint64_t version = version_of(*field, law);
          if (!context.textures.has(id, version)) colour_field(*field, 0.0f, colour_map(theme()), pixels_);
          plot.image(context.textures.texture(id, version, pixels_, true), field->x_low, field->x_high, field->y_low,
                     field->y_high);
          plot_regions(plot, *law, column, row, "50 and 90 %", colours().contour, 1.0f, lines_);
        }
      }
    }
  }

  /// Another number for another field, and for another theme.
  static std::uint64_t version_of(const SampledField& field, const Picture& law) {
    std::uint64_t bits = 0;
    static_assert(sizeof(bits) == sizeof(law->time));
    std::copy_n(reinterpret_cast<const char*>(&law->time), sizeof(bits), reinterpret_cast<char*>(&bits));
    const auto address = reinterpret_cast<std::uintptr_t>(field.values.data());
    return (bits * 0x9e3779b97f4a7c15ull) ^ (address << 1) ^ (theme() == Theme::light ? 1u : 0u);
  }

  Index dimension_ = 0, first_ = 0, second_ = -1;
  bool corner_ = false;
  PlotView view_, plane_, top_view_, side_view_;
  std::vector<PlotView> corner_views_;
  SteadyRange range_, peak_;  ///< of the two axes
  PlotPoints moving_;
  Pixels pixels_;
  ContourLines lines_, potential_lines_;
  const float* potential_of_ = nullptr;
  double potential_corner_ = 0.0;
  std::vector<float> opacity_;
};

}  // namespace

std::unique_ptr<Panel> make_density_panel() { return std::make_unique<DensityPanel>(); }

}  // namespace jko::ui
