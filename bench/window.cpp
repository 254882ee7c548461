// How long a frame of the window takes, drawn off-screen at 1280 x 720 (by software where there is no graphics card): a
// law in the plane with 5,000 nodes, over a history of 100,000 observations. With a new snapshot for each frame, as
// while data stream in, and with none.
//
//     build/bench_window [--frames 200] [--width 1280] [--height 720]

#include <imgui.h>
#include <spdlog/fmt/fmt.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <iostream>

#include "filter/random.hpp"
#include "src/figures.hpp"
#include "src/view/history.hpp"
#include "src/view/view_port.hpp"
#include "ui/fonts.hpp"
#include "ui/gl.hpp"
#include "ui/gl_textures.hpp"
#include "ui/landmarks.hpp"
#include "ui/offscreen.hpp"
#include "ui/workbench.hpp"

namespace jko {
namespace {

constexpr Index kHistory = 100'000, kNodes = 5000;

SampledCurve normal_curve(double mean, double sd, Index points) {
  SampledCurve curve{mean - 4.0 * sd, mean + 4.0 * sd, std::vector<float>(static_cast<std::size_t>(points))};
  for (std::size_t i = 0; i < curve.values.size(); ++i) {
    const double z = (curve.low + curve.step() * static_cast<double>(i) - mean) / sd;
    curve.values[i] = static_cast<float>(std::exp(-0.5 * z * z) / (sd * std::sqrt(2.0 * M_PI)));
  }
  return curve;
}

/// Two independent normal coordinates, whose means wander.
std::shared_ptr<const LawPicture> law_at(double time) {
  auto law = std::make_shared<LawPicture>();
  law->time = time;
  law->mean = Vector(2);
  law->mean << std::sin(0.01 * time), std::cos(0.013 * time);
  law->quantiles.resize(5, 2);
  for (Index k = 0; k < 5; ++k)
    law->quantiles.row(k) = law->mean.transpose().array() + 0.2 * static_cast<double>(k - 2);
  SampledField field{0, 1, 0, 0, 0, 0, 96, 96, std::vector<float>(96 * 96)};
  for (Index k = 0; k < 2; ++k) {
    law->marginals.push_back(normal_curve(law->mean(k), 0.25, 400));
    law->half_regions.push_back({{law->mean(k) - 0.17, law->mean(k) + 0.17}});
    law->ninety_regions.push_back({{law->mean(k) - 0.41, law->mean(k) + 0.41}});
  }
  field.x_low = law->marginals[0].low;
  field.x_high = law->marginals[0].high;
  field.y_low = law->marginals[1].low;
  field.y_high = law->marginals[1].high;
  for (Index row = 0; row < 96; ++row) {
    for (Index column = 0; column < 96; ++column) {
      const double x = field.x_low + (field.x_high - field.x_low) * static_cast<double>(column) / 95.0;
      const double y = field.y_low + (field.y_high - field.y_low) * static_cast<double>(row) / 95.0;
      field.values[static_cast<std::size_t>(row * 96 + column)] =
          static_cast<float>(law->marginals[0].at(x) * law->marginals[1].at(y));
    }
  }
  law->pairs.push_back(std::move(field));
  law->half_levels = {1.3f};
  law->ninety_levels = {0.25f};
  return law;
}

HistoryEntry entry_at(Index index) {
  const double time = static_cast<double>(index);
  HistoryEntry entry;
  entry.index = index;
  entry.time = time;
  entry.observation = Vector::Constant(1, std::sin(0.01 * time));
  entry.mean = Vector(2);
  entry.mean << std::sin(0.01 * time), std::cos(0.013 * time);
  entry.quantiles.resize(5, 2);
  for (Index k = 0; k < 5; ++k) {
    entry.quantiles.row(k) = entry.mean.transpose().array() + 0.2 * static_cast<double>(k - 2);
  }
  entry.log_evidence = -0.8 * time;
  entry.effective_sample_size = 300.0 + 50.0 * std::sin(0.1 * time);
  entry.symmetric_kl = 1e-4 * (1.1 + std::sin(0.05 * time));
  entry.predict_ms = 1.0;
  return entry;
}

LawTrace trace_at(double time) {
  return {time, {normal_curve(std::sin(0.01 * time), 0.25, 128), normal_curve(std::cos(0.013 * time), 0.25, 128)}};
}

/// Snapshots of a run that has gone on for long.
class LongRun {
 public:
  LongRun() : log_(kHistory) {
    for (Index k = 0; k < kHistory; ++k) add(k);
    nodes_.x.resize(kNodes, 2);
    fill_standard_normal(1, 0, nodes_.x);
    nodes_.weights = Vector::Constant(kNodes, 1.0 / kNodes);
  }

  std::shared_ptr<const Snapshot> next() {
    add(next_);
    auto study = std::make_shared<StudyView>();
    study->dimension = 2;
    study->observed = {"y"};
    study->now = study->updated = study->predicted = study->truth = law_at(static_cast<double>(next_));
    study->nodes = nodes_;
    study->last = entry_at(next_);
    study->history = log_.view();
    study->clock = {static_cast<double>(next_), 0.0, 0.0, 0.0};
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->number = ++number_;
    snapshot->status.name = "bench";
    snapshot->status.compared = "grid";
    snapshot->study = std::move(study);
    ++next_;
    return snapshot;
  }

 private:
  void add(Index k) {
    log_.add(entry_at(k));
    log_.add(trace_at(static_cast<double>(k)));
    next_ = std::max(next_, k + 1);
    if (k % 4096 == 0) log_.view();  // thins what is old, as a run does
  }

  HistoryLog log_;
  NodeCloud nodes_;
  Index next_ = 0;
  std::uint64_t number_ = 0;
};

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void bench(int frames, int width, int height) {
  using Clock = std::chrono::steady_clock;
  std::string problem;
  const auto screen = ui::Offscreen::make(width, height, &problem);
  if (!screen) throw std::runtime_error(problem);
  ui::load_fonts(1.0f);
  ui::set_theme(ui::Theme::dark, 1.0f);
  ViewPort port;
  ui::GlTextures textures;
  ui::Settings settings;
  LongRun run;
  std::cout << fmt::format("{} x {}, {} nodes, {} observations\n\n  {:<52}{:>10}{:>10}{:>10}{:>12}\n", width, height,
                           kNodes, kHistory, "", "median", "p99", "frames/s", "CPU/frame");
  // All panels, and the heat map over time as large as it gets beside the plane.
  for (const bool large : {false, true}) {
    if (large) {
      settings.layout = {{"closed/Control", 1.0f}, {"closed/Engine", 1.0f}, {"border/middle", 0.25f}};
    }
    ui::Workbench workbench(port, textures, settings, {});
    for (const bool streaming : {true, false}) {
      std::vector<double> ms;
      double cpu = 0.0;
      for (int k = -10; k < frames; ++k) {
        if (streaming || k == -10) port.publish(run.next());
        const double before = processor_seconds();
        const auto begin = Clock::now();
        screen->draw([&] { workbench.draw(); });
        glFinish();
        textures.end_frame();
        if (k < 0) continue;
        ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
        cpu += processor_seconds() - before;
      }
      ui::begin_landmarks();
      screen->draw([&] { workbench.draw(); });
      ui::begin_landmarks();
      const ui::Landmark* map = ui::find_landmark("time/density");
      const std::string what = fmt::format("heat map {:.0f} x {:.0f}, {}", map ? map->high.x - map->low.x : 0.0f,
                                           map ? map->high.y - map->low.y : 0.0f,
                                           streaming ? "a new snapshot each frame" : "the same snapshot");
      std::cout << fmt::format("  {:<52}{:>7.1f} ms{:>7.1f} ms{:>10.0f}{:>9.1f} ms\n", what, median(ms),
                               percentile(ms, 0.99), 1e3 / median(ms), 1e3 * cpu / frames);
    }
  }
}

}  // namespace
}  // namespace jko

int main(int argc, char** argv) {
  CLI::App app("Time of a frame of the window");
  int frames = 200, width = 1280, height = 720;
  app.add_option("--frames", frames)->check(CLI::PositiveNumber);
  app.add_option("--width", width)->check(CLI::Range(1, 8192));
  app.add_option("--height", height)->check(CLI::Range(1, 8192));
  CLI11_PARSE(app, argc, argv);
  jko::bench(frames, width, height);
}
