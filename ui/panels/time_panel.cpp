/// The run over time: the density of a coordinate as a heat map with mean, band, observations and, where it is known,
/// the state; below it on the same axis effective sample size, log evidence and SymKL. A click looks back at that
/// moment.

#include <imgui.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "ui/history_columns.hpp"
#include "ui/landmarks.hpp"
#include "ui/panels/panel.hpp"
#include "ui/plot.hpp"
#include "ui/series.hpp"
#include "ui/trace_raster.hpp"

namespace jko::ui {
namespace {

constexpr Index kSpans[] = {0, 50, 500, 5000};  // observations that are shown; 0: all

class TimePanel final : public Panel {
 public:
  void draw(PanelContext& context) override {
    const StudyView& study = *context.snapshot.study;
    header(context);
    const HistoryColumns::Columns& columns = columns_.read(study.history, coordinate_, observed_);
    const PlotRange times = times_of(context, columns);
    const bool compared = !context.snapshot.status.compared.empty();
    const int below = compared ? 3 : 2;
    const float space = ImGui::GetContentRegionAvail().y;
    const float strip = std::clamp(0.17f * space, 3.0f * ImGui::GetFontSize(), 6.0f * ImGui::GetFontSize());
    const float axis = 1.6f * ImGui::GetFontSize();
    const float above = std::max(space - strip * static_cast<float>(below) - axis, 4.0f * ImGui::GetFontSize());
    draw_density(context, columns, times, above);
    draw_strip(context, "effective samples", columns, columns.effective, colours().posterior, times, strip, false,
               false);
    draw_strip(context, "log evidence", columns, columns.log_evidence, colours().accent, times,
               compared ? strip : strip + axis, false, !compared);
    if (compared) {
      draw_strip(context, "SymKL", columns, columns.symmetric_kl, colours().truth, times, strip + axis, true, true);
    }
  }

 private:
  void header(PanelContext& context) {
    const StudyView& study = *context.snapshot.study;
    coordinate_ = std::min(coordinate_, study.dimension - 1);
    bool first = true;
    const auto beside = [&] {
      if (!first) ImGui::SameLine();
      first = false;
    };
    if (study.dimension > 1) {
      beside();
      ImGui::SetNextItemWidth(4.5f * ImGui::GetFontSize());
      if (ImGui::BeginCombo("##coordinate", fmt::format("x{}", coordinate_).c_str())) {
        for (Index k = 0; k < study.dimension; ++k) {
          if (!ImGui::Selectable(fmt::format("x{}", k).c_str(), k == coordinate_)) continue;
          coordinate_ = k;
          density_.y_free = false;
          values_.forget();
        }
        ImGui::EndCombo();
      }
      mark("time/coordinate");
    }
    beside();
    ImGui::SetNextItemWidth(7.0f * ImGui::GetFontSize());
    const auto name = [](Index span) { return span == 0 ? std::string("all") : fmt::format("last {}", span); };
    if (!span_chosen_) span_ = context.snapshot.status.kind == RunKind::live ? 1 : 0;
    if (ImGui::BeginCombo("##span", name(kSpans[span_]).c_str())) {
      for (std::size_t i = 0; i < std::size(kSpans); ++i) {
        if (ImGui::Selectable(name(kSpans[i]).c_str(), i == span_)) {
          span_ = i;
          span_chosen_ = true;
          shared_free_ = false;
        }
      }
      ImGui::EndCombo();
    }
    mark("time/span");
    if (study.last) {
      beside();
      std::string text = fmt::format("observation {}", study.last->index + 1);
      if (study.history.forgotten() > 0) {
        text += fmt::format(", of which the first {} are forgotten (View > History)", study.history.forgotten());
      }
      ImGui::TextDisabled("%s", text.c_str());
    }
  }

  PlotRange times_of(const PanelContext& context, const HistoryColumns::Columns& columns) {
    const StudyView& study = *context.snapshot.study;
    double newest = study.now ? study.now->time : 0.0;
    if (!columns.time.empty()) newest = std::max(newest, columns.time.back());
    double oldest = newest;
    study_begin(study, oldest);
    if (!columns.time.empty() && kSpans[span_] > 0) {
      const auto count = static_cast<Index>(columns.time.size());
      oldest = std::max(oldest, columns.time[static_cast<std::size_t>(std::max<Index>(0, count - kSpans[span_]))]);
    }
    if (!(newest > oldest)) newest = oldest + 1.0;
    return {oldest, newest + 0.02 * (newest - oldest)};
  }

  static void study_begin(const StudyView& study, double& oldest) {
    for (const auto& chunk : study.history.chunks()) {
      if (!chunk->traces.empty()) oldest = std::min(oldest, chunk->traces.front().time);
      if (!chunk->entries.empty()) oldest = std::min(oldest, chunk->entries.front().time);
      if (!chunk->traces.empty() || !chunk->entries.empty()) return;
    }
  }

  /// The axis that all plots of the panel share: before a plot, and after it.
  void share(PlotView& view, const PlotRange& times) const {
    view.x = shared_free_ ? shared_ : times;
    view.x_free = shared_free_;
  }
  void take_over(const PlotView& view) {
    shared_ = view.x;
    shared_free_ = view.x_free;
  }

  void draw_density(PanelContext& context, const HistoryColumns::Columns& columns, const PlotRange& times,
                    float height) {
    const StudyView& study = *context.snapshot.study;
    const Colours& c = colours();
    share(density_, times);
    {
      const std::string label = study.dimension == 1 ? "x" : fmt::format("x{}", coordinate_);
      PlotOptions options{"", label.c_str()};
      options.x_ticks = false;
      options.legend_left = true;
      Plot plot("time/density", density_, options, {0, height});
      plot.fit_x(times.low, times.high);
      const PlotRange values = values_of(study, columns, shared_free_ ? shared_ : times);
      plot.fit_y(values.low, values.high);
      if (columns.time.empty() && study.history.chunks().empty()) {
        plot.hint(empty_hint(context.snapshot.status).c_str());
      }
      draw_raster(context, plot);
      const auto count = static_cast<Index>(columns.time.size());
      const double* t = columns.time.data();
      plot.band("90 %", {t, columns.low.data(), count}, {t, columns.high.data(), count}, with_alpha(c.band, 0.25f));
      plot.line("mean", {t, columns.mean.data(), count}, c.mean, 1.6f);
      if (study.true_times && study.true_states && study.true_states->cols() > coordinate_) {
        plot.line("state",
                  {study.true_times->data(), study.true_states->col(coordinate_).data(), study.true_times->size()},
                  c.state, 1.2f);
      }
      if (study.observed_in_place) {
        plot.points("observation", {t, columns.observation.data(), count}, c.observation, 2.5f);
      } else {
        plot.rug("observation", t, count, with_alpha(c.observation, 0.7f));
      }
      if (context.look_back) {
        plot.vertical("looked at", *context.look_back, c.accent, 1.5f);
      } else {
        plot.vertical("now", study.clock.now(context.now), with_alpha(c.accent, 0.6f), 1.0f);
      }
      if (const auto mouse = plot.mouse()) {
        if (const HistoryEntry* entry = study.history.at(mouse->first)) note(plot, study, *entry);
      }
      if (const auto click = plot.clicked(); click && !study.history.empty()) {
        const HistoryEntry* entry = study.history.at(click->first);
        context.look_back = entry->time;
      }
      plot.end();
    }
    take_over(density_);
  }

  static std::string empty_hint(const RunStatus& status) {
    if (status.kind == RunKind::live) {
      return "nothing has come yet: send lines such as 0.5,1.2 to the address in the log below";
    }
    return status.paused ? "press space to play, or the right arrow to take a step" : "filtering …";
  }

  void note(Plot& plot, const StudyView& study, const HistoryEntry& entry) const {
    std::string values;
    for (Index i = 0; i < entry.observation.size() && i < 4; ++i) {
      values += fmt::format("{}{} = {:.4g}", i > 0 ? ", " : "", study.observed[static_cast<std::size_t>(i)],
                            entry.observation(i));
    }
    plot.cursor_note(fmt::format("observation {} at t = {:.6g}: {}", entry.index + 1, entry.time, values));
    if (coordinate_ < entry.mean.size() && entry.quantiles.rows() == 5) {
      plot.cursor_note(fmt::format("mean {:.4g}, 90 % from {:.4g} to {:.4g}", entry.mean(coordinate_),
                                   entry.quantiles(0, coordinate_), entry.quantiles(4, coordinate_)));
    }
    plot.cursor_note(fmt::format("ESS {:.0f}, log evidence {:.3f}", entry.effective_sample_size, entry.log_evidence));
    if (!std::isnan(entry.symmetric_kl)) plot.cursor_note(fmt::format("SymKL {:.2g}", entry.symmetric_kl));
    if (entry.gated) plot.cursor_note("held back by the gate");
    if (entry.fallback) plot.cursor_note("a plain step stood in");
  }

  PlotRange values_of(const StudyView& study, const HistoryColumns::Columns& columns, const PlotRange& times) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    const auto from = std::lower_bound(columns.time.begin(), columns.time.end(), times.low) - columns.time.begin();
    const auto to = std::upper_bound(columns.time.begin(), columns.time.end(), times.high) - columns.time.begin();
    for (auto i = static_cast<std::size_t>(from); i < static_cast<std::size_t>(to); ++i) {
      if (!std::isfinite(columns.low[i]) || !std::isfinite(columns.high[i])) continue;
      // Laws are wider than their 90 % bands.
      const double beyond = 0.35 * (columns.high[i] - columns.low[i]);
      low = std::min(low, columns.low[i] - beyond);
      high = std::max(high, columns.high[i] + beyond);
      if (study.observed_in_place && std::isfinite(columns.observation[i])) {
        low = std::min(low, columns.observation[i]);
        high = std::max(high, columns.observation[i]);
      }
    }
    if (!(high > low) && study.now) {
      const SampledCurve& curve = study.now->marginals[static_cast<std::size_t>(coordinate_)];
      low = curve.low;
      high = curve.high;
    }
    return high > low ? values_.follow(low, high) : PlotRange{-1.0, 1.0};
  }

  void draw_raster(PanelContext& context, Plot& plot) {
    const StudyView& study = *context.snapshot.study;
    const ImVec2 size = plot.inner_size();
    const int width = std::clamp(static_cast<int>(size.x), 1, 2048),
              height = std::clamp(static_cast<int>(size.y), 1, 1024);
    const Drawn wanted{study.history.chunks().empty() ? nullptr : study.history.chunks().back(),
                       static_cast<Index>(study.history.chunks().size()),
                       coordinate_,
                       density_.x.low,
                       density_.x.high,
                       density_.y.low,
                       density_.y.high,
                       width,
                       height,
                       theme()};
    if (!(wanted == drawn_)) {
      drawn_ = wanted;
      ++version_;
      pixels_.width = width;
      pixels_.height = height;
      raster_traces(study.history, coordinate_, density_.x.low, density_.x.high, density_.y.low, density_.y.high,
                    colour_map(theme()), pixels_);
    }
    plot.image(context.textures.texture("time/density", version_, pixels_, false), density_.x.low, density_.x.high,
               density_.y.low, density_.y.high);
  }

  void draw_strip(PanelContext& context, const char* name, const HistoryColumns::Columns& columns,
                  const std::vector<double>& values, ImU32 colour, const PlotRange& times, float height, bool log_y,
                  bool lowest) {
    StripView& strip = strips_[static_cast<std::size_t>(log_y ? 2 : &values == &columns.effective ? 0 : 1)];
    share(strip.view, times);
    {
      const std::string label = lowest ? context.snapshot.status.time_unit : "";
      PlotOptions options{label.c_str(), ""};
      options.legend = false;
      options.x_ticks = lowest;
      options.log_y = log_y;
      Plot plot(name, strip.view, options, {0, height});
      plot.fit_x(times.low, times.high);
      double low = std::numeric_limits<double>::infinity(), high = -low;
      const PlotRange visible = shared_free_ ? shared_ : times;
      const auto from = std::lower_bound(columns.time.begin(), columns.time.end(), visible.low) - columns.time.begin();
      const auto to = std::upper_bound(columns.time.begin(), columns.time.end(), visible.high) - columns.time.begin();
      for (auto i = static_cast<std::size_t>(from); i < static_cast<std::size_t>(to); ++i) {
        if (!std::isfinite(values[i]) || (log_y && values[i] <= 0.0)) continue;
        low = std::min(low, values[i]);
        high = std::max(high, values[i]);
      }
      if (log_y) {
        if (high >= low) plot.fit_y(low / 2.0, high * 2.0);
      } else {
        if (&values == &columns.effective) low = 0.0;
        // With room for the ticks' numbers, which are as high as a third of the strip.
        const double margin = std::max(0.18 * (high - low), 1e-9 + 1e-6 * std::abs(high));
        if (high >= low) plot.fit_y(low - margin, high + margin);
      }
      plot.line(name, {columns.time.data(), values.data(), static_cast<Index>(values.size())}, colour, 1.5f);
      if (values.size() < 60) {
        plot.points(name, {columns.time.data(), values.data(), static_cast<Index>(values.size())}, colour, 2.0f);
      }
      if (context.look_back) plot.vertical("looked at", *context.look_back, colours().accent, 1.0f);
      // The name inside: a line of its own above would cost a third of the strip.
      const ImVec2 corner = plot.inner_min();
      ImGui::GetWindowDrawList()->AddText({corner.x + 0.4f * ImGui::GetFontSize(), corner.y + 1.0f},
                                          colours().faint_text, name);
      if (const auto click = plot.clicked(); click && !context.snapshot.study->history.empty()) {
        context.look_back = context.snapshot.study->history.at(click->first)->time;
      }
      plot.end();
    }
    take_over(strip.view);
  }

  struct StripView {
    PlotView view;
  };
  /// What the raster was made of.
  struct Drawn {
    std::shared_ptr<const HistoryChunk> last;
    Index chunks = -1, coordinate = 0;
    double begin = 0.0, end = 0.0, low = 0.0, high = 0.0;
    int width = 0, height = 0;
    Theme theme = Theme::dark;
    bool operator==(const Drawn& o) const {
      return last == o.last && chunks == o.chunks && coordinate == o.coordinate && begin == o.begin && end == o.end &&
             low == o.low && high == o.high && width == o.width && height == o.height && theme == o.theme;
    }
  };

  Index coordinate_ = 0, observed_ = 0;
  std::size_t span_ = 0;
  bool span_chosen_ = false;
  PlotView density_;
  std::array<StripView, 3> strips_;
  PlotRange shared_;
  bool shared_free_ = false;
  SteadyRange values_;
  HistoryColumns columns_;
  Pixels pixels_;
  Drawn drawn_;
  std::uint64_t version_ = 0;
};

}  // namespace

std::unique_ptr<Panel> make_time_panel() { return std::make_unique<TimePanel>(); }

}  // namespace jko::ui
