// Whether the cost of an observation grows with their number, and how long one takes from its arrival to its line.
//
//   build/bench_endurance [--observations N] [--window W]
//
// Filters one long recording of the sine well. Over the last W observations a second filter, started W/10 observations
// before them, goes through the same ones in turns with the first: both meet the same data and the same noise of the
// machine, and what differs is their age. Accuracy is SymKL to the grid at every tenth observation. Latency is update,
// summary and JSON line, with the prediction done before. Prints figures and never fails.

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <optional>

#include "bench/problems.hpp"
#include "filter/reference/grid_filter.hpp"
#include "jko/divergence.hpp"
#include "jko/jko_filter.hpp"
#include "src/figures.hpp"
#include "src/progress.hpp"
#include "src/report.hpp"
#include "src/stopwatch.hpp"

using namespace jko;

namespace {

/// Resident memory of this process, in MiB.
double resident_mib() {
  long total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024.0 * 1024.0);
}

/// A filter on its way, and what its observations took.
struct Traveller {
  JkoFilter filter;
  std::vector<double> total_ms, latency_ms, symmetric_kl;

  void observe(Index index, double t, const Vector& y) {
    Stopwatch whole, after_arrival;
    whole.start();
    const PredictSummary predicted = filter.predict(t);
    after_arrival.start();
    const UpdateSummary updated = filter.update(y);
    const std::string line =
        FilteredObservation{index, t, y, 0.0, LawSummary(filter), predicted, updated, 0.0, 0.0, {}}.to_json().dump();
    latency_ms.push_back(after_arrival.stop());
    total_ms.push_back(whole.stop());
  }

  void forget_figures() { total_ms = latency_ms = symmetric_kl = {}; }

  double mean_ms() const { return Eigen::Map<const Vector>(total_ms.data(), total_ms.size()).mean(); }
};

void print(const std::string& name, const Traveller& traveller, double memory) {
  fmt::print("{:<42} {:>9.3f} {:>9.3f} {:>9.3f} {:>9.3f} {:>9.2e} {:>9.1f}\n", name, traveller.mean_ms(),
             median(traveller.latency_ms), percentile(traveller.latency_ms, 0.99), maximum(traveller.latency_ms),
             median(traveller.symmetric_kl), memory);
}

}  // namespace

int main(int argc, char** argv) {
  Index count = 10000, window = 1000;
  CLI::App app("Cost, memory and accuracy of a filter that has seen many observations");
  app.add_option("--observations", count, "of the recording")->check(CLI::Range(100, 10000000))->capture_default_str();
  app.add_option("--window", window, "observations that are compared")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  window = std::min(window, count / 3);

  Problem p = sine_well();
  p.observations = static_cast<int>(count);
  const std::vector<Vector> observations = simulate(p, 0);
  JkoOptions options;
  options.step = 0.1;
  GridOptions grid_options;
  grid_options.domain = {{-10.0, 10.0}};
  grid_options.cells = 1000;
  grid_options.step = 5e-3;
  GridFilter grid(p.model, grid_options);
  Traveller old{JkoFilter(p.model, options), {}, {}, {}};
  std::optional<Traveller> young;

  const Index lead = window / 10, first_end = lead + window, last_begin = count - window;
  fmt::print("{:<42} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}\n", "observations", "mean ms", "latency", "p99", "max",
             "SymKL", "MiB");
  Progress progress(std::cerr, false);
  for (Index k = 0; k < count; ++k) {
    const double t = static_cast<double>(k + 1) * p.interval;
    if (k == lead || k == last_begin) {
      old.forget_figures();
      if (young) young->forget_figures();
    }
    if (k == last_begin - lead) {
      Model model = p.model;
      model.start_time = t - p.interval;
      young.emplace(Traveller{JkoFilter(model, options), {}, {}, {}});
    }
    if (young && k % 2 == 0) young->observe(k, t, observations[k]);
    old.observe(k, t, observations[k]);
    if (young && k % 2 == 1) young->observe(k, t, observations[k]);
    grid.predict(t);
    grid.update(observations[k]);
    if (k % 10 == 0) {
      old.symmetric_kl.push_back(symmetric_kl(old.filter, grid));
      if (young) young->symmetric_kl.push_back(symmetric_kl(young->filter, grid));
    }
    if (k + 1 == first_end) {
      print(fmt::format("{} to {}", with_commas(lead), with_commas(first_end)), old, resident_mib());
    }
    if (progress.due()) progress.show(static_cast<double>(k) / static_cast<double>(count), "");
  }
  print(fmt::format("{} to {}", with_commas(last_begin), with_commas(count)), old, resident_mib());
  print("the same, by a filter started shortly before", *young, resident_mib());
  fmt::print("time of the old filter over the young one's: {:.4f}\n", old.mean_ms() / young->mean_ms());
  return 0;
}
