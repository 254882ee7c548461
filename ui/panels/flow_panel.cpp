/// Explore: the law as it flows, beside the grid's and the particles', with the potential and the stationary law. The
/// initial law can be drawn here with the mouse.

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

constexpr std::size_t kHeaps = 120;      // across the axis, of a law that is drawn on a line
constexpr std::size_t kMostBlots = 200;  // of one that is drawn in the plane

class FlowPanel final : public Panel {
 public:
  void draw(PanelContext& context) override {
    const ExploreView& explore = *context.snapshot.explore;
    if (explore.dimension != dimension_) {
      dimension_ = explore.dimension;
      view_ = {};
      x_.forget();
      y_.forget();
      drawing_ = false;
    }
    const FlowFrame* frame = explore.frames.empty() ? nullptr : explore.frames[frame_of(explore)].get();
    header(context, frame);
    if (!frame) {
      Plot plot("flow", view_);
      plot.hint("choose a potential and an initial law on the left");
      return;
    }
    if (explore.dimension == 1) {
      draw_line(context, *frame);
    } else {
      draw_plane(context, *frame);
    }
  }

 private:
  static std::size_t frame_of(const ExploreView& explore) {
    return static_cast<std::size_t>(std::clamp<Index>(explore.shown, 0, static_cast<Index>(explore.frames.size()) - 1));
  }

  void header(PanelContext& context, const FlowFrame* frame) {
    const ExploreView& explore = *context.snapshot.explore;
    if (frame) {
      ImGui::Text("t = %.4g", frame->time);
      ImGui::SameLine();
    }
    if (ImGui::Checkbox("draw the initial law", &drawing_)) heaps_.clear();
    mark("flow/draw");
    ImGui::SameLine();
    ImGui::Checkbox("arrows", &arrows_);
    mark("flow/arrows");
    const int last = static_cast<int>(explore.frames.size()) - 1;
    if (last < 1) return;
    ImGui::SameLine();
    int shown = static_cast<int>(frame_of(explore));
    ImGui::SetNextItemWidth(-1.0f);
    const std::string text = fmt::format("step {} of {}", shown, last);
    if (ImGui::SliderInt("##scrub", &shown, 0, last, text.c_str())) context.port.send(ScrubTo{shown});
    mark("flow/scrub");
  }

  void draw_line(PanelContext& context, const FlowFrame& frame) {
    const ExploreView& explore = *context.snapshot.explore;
    const Colours& c = colours();
    PlotOptions options{"x", "density"};
    options.interactive = !drawing_;
    Plot plot("flow", view_, options);
    const SampledCurve& law = frame.law->marginals.front();
    const SampledCurve& stationary = explore.stationary_curve;
    const SampledCurve& start = explore.frames.front()->law->marginals.front();
    double low = std::min(law.low, start.low), high = std::max(law.high, start.high);
    if (!stationary.empty()) {
      low = std::min(low, stationary.low);
      high = std::max(high, stationary.high);
    }
    const PlotRange x = x_.follow(low, high);
    plot.fit_x(x.low, x.high);
    const double top = std::max({peak_of(law), peak_of(stationary), drawing_ ? peak_of(start) : 0.0});
    plot.fit_y(0.0, y_.follow(0.0, 1.1 * top).high);
    draw_potential(plot, explore, top);
    {
      const PlotPoints points = points_of(start);
      plot.line("initial", points.series(), with_alpha(c.prediction, 0.6f), 1.0f);
    }
    if (!stationary.empty()) {
      const PlotPoints points = points_of(stationary);
      plot.line("stationary", points.series(), c.likelihood, 1.2f);
    }
    {
      const PlotPoints points = points_of(law);
      plot.area("JKO", points.series(), c.posterior);
    }
    if (frame.grid) {
      const PlotPoints points = points_of(frame.grid->marginals.front());
      plot.line("grid", points.series(), c.truth, 1.2f);
    }
    if (frame.particles) {
      const PlotPoints points = points_of(frame.particles->marginals.front());
      plot.line("particles", points.series(), c.particles, 1.0f);
    }
    if (frame.nodes.x.cols() > 0) {
      plot.rug("nodes", frame.nodes.x.col(0).data(), frame.nodes.x.rows(), with_alpha(c.nodes, 0.4f));
    }
    if (arrows_ && frame.map.from.rows() > 0) {
      // From where the points were to where they are, a little above the axis.
      from_.clear();
      to_.clear();
      for (Index i = 0; i < frame.map.from.rows(); ++i) {
        from_.add(frame.map.from(i, 0), 0.06 * view_.y.size());
        to_.add(frame.map.to(i, 0), 0.02 * view_.y.size());
      }
      plot.arrows("map", from_.series(), to_.series(), with_alpha(c.accent, 0.9f));
    }
    if (drawing_) paint_line(context, plot);
  }

  void draw_potential(Plot& plot, const ExploreView& explore, double top) {
    const SampledCurve& potential = explore.potential_curve;
    if (potential.empty()) return;
    // Of the potential only the shape matters here: it is scaled to the plot, from its lowest visible value.
    double least = std::numeric_limits<double>::infinity();
    for (const float value : potential.values) least = std::min(least, static_cast<double>(value));
    const double unit = 0.12 * top * explore.beta;
    from_.clear();
    for (std::size_t i = 0; i < potential.values.size(); ++i) {
      from_.add(potential.low + potential.step() * static_cast<double>(i),
                unit * (static_cast<double>(potential.values[i]) - least));
    }
    plot.line("potential (scaled)", from_.series(), with_alpha(colours().potential, 0.8f), 1.0f);
  }

  void paint_line(PanelContext& context, Plot& plot) {
    const PlotRange x = view_.x;
    heaps_.resize(kHeaps, 0.0);
    if (const auto point = plot.painted()) {
      const auto place = [&](double at) {
        return std::clamp((at - x.low) / x.size() * static_cast<double>(kHeaps), 0.0, static_cast<double>(kHeaps - 1));
      };
      // A quick stroke leaves no gaps.
      const double here = place(point->first), before = painting_ ? place(last_x_) : here;
      const double height = std::max(0.0, point->second), height_before = painting_ ? last_y_ : height;
      const double steps = std::max(1.0, std::ceil(std::abs(here - before)));
      for (double k = 0.0; k <= steps; k += 1.0) {
        const double share = k / steps;
        heaps_[static_cast<std::size_t>(before + share * (here - before))] =
            height_before + share * (height - height_before);
      }
      painting_ = true;
      last_x_ = point->first;
      last_y_ = height;
    } else if (painting_) {
      painting_ = false;
      send_line(context, x);
    }
    from_.clear();
    const double width = x.size() / static_cast<double>(kHeaps);
    for (std::size_t i = 0; i < kHeaps; ++i) {
      from_.add(x.low + width * (static_cast<double>(i) + 0.5), heaps_[i]);
    }
    plot.line("drawn", from_.series(), colours().accent, 2.0f);
    plot.cursor_note("draw the density with the left button");
  }

  void send_line(PanelContext& context, const PlotRange& x) const {
    std::vector<double> at, mass;
    const double width = x.size() / static_cast<double>(kHeaps);
    for (std::size_t i = 0; i < kHeaps; ++i) {
      if (heaps_[i] <= 0.0) continue;
      at.push_back(x.low + width * (static_cast<double>(i) + 0.5));
      mass.push_back(heaps_[i]);
    }
    if (at.empty()) return;
    const auto count = static_cast<Index>(at.size());
    context.port.send(
        DrawLaw{Eigen::Map<const Vector>(at.data(), count), Eigen::Map<const Vector>(mass.data(), count), width});
  }

  void draw_plane(PanelContext& context, const FlowFrame& frame) {
    const ExploreView& explore = *context.snapshot.explore;
    const Colours& c = colours();
    const SampledField* field = frame.law->pair(0, 1);
    PlotOptions options{"x0", "x1"};
    options.interactive = !drawing_;
    options.equal = true;
    Plot plot("flow", view_, options);
    const SampledField& place = explore.stationary_field.empty() ? *field : explore.stationary_field;
    const PlotRange x = x_.follow(std::min(place.x_low, field->x_low), std::max(place.x_high, field->x_high));
    const PlotRange y = y_.follow(std::min(place.y_low, field->y_low), std::max(place.y_high, field->y_high));
    plot.fit_x(x.low, x.high);
    plot.fit_y(y.low, y.high);
    if (shown_.lock() != frame.law || shown_theme_ != theme()) {
      shown_ = frame.law;
      shown_theme_ = theme();
      ++version_;
      colour_field(*field, 0.0f, colour_map(theme()), pixels_);
    }
    plot.image(context.textures.texture("flow", version_, pixels_, true), field->x_low, field->x_high, field->y_low,
               field->y_high);
    if (!explore.potential_field.empty()) {
      lines_.x.clear();
      lines_.y.clear();
      add_landscape(explore.potential_field, lines_);
      plot.segments("potential", series_of(lines_), with_alpha(c.potential, 0.45f), 1.0f);
    }
    plot_regions(plot, *frame.law, 0, 1, "JKO, 50 and 90 %", c.contour, 1.5f, lines_);
    if (frame.grid) plot_regions(plot, *frame.grid, 0, 1, "grid", c.truth, 1.0f, lines_);
    if (frame.particles) plot_regions(plot, *frame.particles, 0, 1, "particles", c.particles, 1.0f, lines_);
    if (arrows_ && frame.map.from.rows() > 0) {
      const Index count = frame.map.from.rows();
      plot.arrows("map", {frame.map.from.col(0).data(), frame.map.from.col(1).data(), count},
                  {frame.map.to.col(0).data(), frame.map.to.col(1).data(), count}, with_alpha(c.accent, 0.9f));
    }
    if (drawing_) paint_plane(context, plot);
  }

  void paint_plane(PanelContext& context, Plot& plot) {
    const double width = 0.03 * view_.x.size();
    if (const auto point = plot.painted()) {
      if (!painting_) blots_.clear();
      painting_ = true;
      const bool apart =
          blots_.x.empty() || std::hypot(point->first - blots_.x.back(), point->second - blots_.y.back()) > 0.5 * width;
      if (apart && blots_.x.size() < kMostBlots) blots_.add(point->first, point->second);
    } else if (painting_) {
      painting_ = false;
      const auto count = static_cast<Index>(blots_.x.size());
      Points at(count, 2);
      at.col(0) = Eigen::Map<const Vector>(blots_.x.data(), count);
      at.col(1) = Eigen::Map<const Vector>(blots_.y.data(), count);
      if (count > 0) context.port.send(DrawLaw{std::move(at), Vector::Ones(count), width});
    }
    plot.points("drawn", blots_.series(), colours().accent, 4.0f);
    plot.cursor_note("drop the mass with the left button");
  }

  Index dimension_ = 0;
  PlotView view_;
  SteadyRange x_, y_;
  bool drawing_ = false, arrows_ = true, painting_ = false;
  double last_x_ = 0.0, last_y_ = 0.0;
  std::vector<double> heaps_;  ///< heights of a law that is drawn on a line
  PlotPoints blots_;           ///< places of one that is drawn in the plane
  PlotPoints from_, to_;
  ContourLines lines_;
  Pixels pixels_;
  std::weak_ptr<const LawPicture> shown_;
  Theme shown_theme_ = Theme::dark;
  std::uint64_t version_ = 0;
};

}  // namespace

std::unique_ptr<Panel> make_flow_panel() { return std::make_unique<FlowPanel>(); }

}  // namespace jko::ui
