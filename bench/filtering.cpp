// How accurate and how fast: the JKO filter and the methods that it is compared with, side by side in one run.
//
//   build/bench_filtering [--seeds N] [--only NAME] [--output FOLDER]
//
// Every row is a method with its settings on a problem; the truth is a fine grid, or the Kalman filter where it is
// exact. Prints a table, and writes it to FOLDER/filtering.json and as a picture (error against wall time, a curve for
// each method) to FOLDER/filtering.png. Prints figures and never fails.

#include <omp.h>
#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "bench/problems.hpp"
#include "filter/reference/auxiliary_particle_filter.hpp"
#include "filter/reference/ensemble_kalman_filter.hpp"
#include "filter/reference/extended_kalman_filter.hpp"
#include "filter/reference/gaussian_sum_filter.hpp"
#include "filter/reference/grid_filter.hpp"
#include "filter/reference/kalman_filter.hpp"
#include "filter/reference/particle_filter.hpp"
#include "filter/reference/unscented_kalman_filter.hpp"
#include "jko/divergence.hpp"
#include "jko/jko_filter.hpp"
#include "src/figures.hpp"
#include "src/gnuplot.hpp"

using namespace jko;

namespace {

using MakeFilter = std::function<std::unique_ptr<Filter>(const Model&, std::uint64_t seed)>;

/// A method with its settings. Of several variants, the one that turns out best on a recording counts.
struct Contestant {
  std::string method, settings;
  std::vector<MakeFilter> variants;
  bool dear = false;  ///< runs on few recordings only
};

struct Row {
  std::string problem, method, settings;
  double span;
  std::vector<double> symmetric_kl, evidence_error, seconds;
  int fallbacks = 0;

  double error() const { return median(symmetric_kl); }
  double time() const { return median(seconds); }
};

struct Result {
  double log_evidence = 0.0, seconds = 0.0;
  int fallbacks = 0;
};

Result run(Filter& filter, const Problem& p, const std::vector<Vector>& observations) {
  Result result;
  const auto start = std::chrono::steady_clock::now();
  for (int k = 0; k < p.observations; ++k) {
    result.fallbacks += filter.predict((k + 1) * p.interval).fallback;
    result.log_evidence += filter.update(observations[k]).log_evidence_increment;
  }
  result.fallbacks += filter.predict(p.until).fallback;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

/// In one and two dimensions by quadrature, in more over draws of the exact law.
double divergence(const Filter& filter, const Filter& exact) {
  constexpr Index kDraws = 4000;
  return exact.dimension() <= 2 ? symmetric_kl(filter, exact) : symmetric_kl(filter, exact, exact.sample(kDraws, 77));
}

/// Our error over the row's at equal time: the best of ours that takes no longer. NaN if all of ours take longer.
double ratio_to_ours(const Row& row, const std::vector<Row>& rows) {
  double ours = std::numeric_limits<double>::quiet_NaN();
  for (const Row& other : rows) {
    if (other.method == "jko" && other.time() <= row.time() && !(other.error() >= ours)) ours = other.error();
  }
  return ours / row.error();
}

class Benchmark {
 public:
  /// `few`: recordings for contestants that take long.
  Benchmark(int few, std::string only) : few_(few), only_(std::move(only)) {
    fmt::print("{:<18} {:<12} {:<32} {:>5} {:>9} {:>9} {:>9} {:>9} {:>9} {:>6} {:>9}\n", "problem", "method",
               "settings", "seeds", "SymKL", "worst", "evidence", "seconds", "realtime", "plain", "ours/its");
  }

  void add(const Problem& p, int seeds, const MakeFilter& truth, const std::vector<Contestant>& contestants) {
    if (p.name.find(only_) == std::string::npos) return;
    std::vector<Row> rows;
    rows.reserve(contestants.size());
    for (const Contestant& c : contestants) rows.push_back({p.name, c.method, c.settings, p.until, {}, {}, {}, 0});
    for (int seed = 0; seed < seeds; ++seed) {
      const std::vector<Vector> observations = simulate(p, seed);
      const auto exact = truth(p.model, seed);
      const double log_evidence = run(*exact, p, observations).log_evidence;
      for (std::size_t c = 0; c < contestants.size(); ++c) {
        if (contestants[c].dear && seed >= few_) continue;
        judge(contestants[c], p, observations, *exact, log_evidence, seed, rows[c]);
      }
    }
    for (const Row& row : rows) print(row, ratio_to_ours(row, rows));
    std::cout << std::endl;
    for (Row& row : rows) rows_.push_back(std::move(row));
  }

  void write(const std::filesystem::path& folder) const {
    std::filesystem::create_directories(folder);
    nlohmann::ordered_json json;
    json["threads"] = omp_get_max_threads();
    for (const Row& row : rows_) {
      json["rows"].push_back({{"problem", row.problem},
                              {"method", row.method},
                              {"settings", row.settings},
                              {"stream_seconds", row.span},
                              {"sym_kl", row.symmetric_kl},
                              {"log_evidence_error", row.evidence_error},
                              {"seconds", row.seconds},
                              {"fallbacks", row.fallbacks}});
    }
    std::ofstream(folder / "filtering.json") << json.dump(1) << '\n';
    if (!draw((folder / "filtering.png").string())) std::cerr << "no picture: gnuplot is missing or failed\n";
  }

 private:
  static void judge(const Contestant& contestant, const Problem& p, const std::vector<Vector>& observations,
                    const Filter& exact, double log_evidence, std::uint64_t seed, Row& row) {
    double best = std::numeric_limits<double>::infinity();
    Result result;
    for (const MakeFilter& make : contestant.variants) {
      const auto filter = make(p.model, seed);
      const Result mine = run(*filter, p, observations);
      const double error = divergence(*filter, exact);
      if (error < best || &make == &contestant.variants.front()) {
        best = error;
        result = mine;
      }
    }
    row.symmetric_kl.push_back(best);
    row.seconds.push_back(result.seconds);
    row.evidence_error.push_back(std::abs(result.log_evidence - log_evidence));
    row.fallbacks += result.fallbacks;
  }

  static void print(const Row& row, double ratio) {
    const std::string ours = row.method == "jko" ? "" : std::isnan(ratio) ? "slower" : fmt::format("{:.3f}", ratio);
    fmt::print("{:<18} {:<12} {:<32} {:>5} {:>9.2e} {:>9.2e} {:>9.1e} {:>9.3f} {:>9.1f} {:>6} {:>9}\n", row.problem,
               row.method, row.settings, row.seconds.size(), row.error(), maximum(row.symmetric_kl),
               median(row.evidence_error), row.time(), row.span / row.time(), row.fallbacks, ours);
  }

  /// A panel for each problem, a curve for each method: down and to the left is better.
  bool draw(const std::string& file) const {
    static const std::map<std::string, std::string> kColours = {
        {"jko", "#e8590c"}, {"bootstrap", "#1971c2"},    {"apf", "#0c8599"}, {"enkf", "#9c36b5"},
        {"ukf", "#5c940d"}, {"gaussian_sum", "#2f9e44"}, {"ekf", "#868e96"}};
    std::vector<std::string> problems;
    for (const Row& row : rows_) {
      if (problems.empty() || problems.back() != row.problem) problems.push_back(row.problem);
    }
    const int columns = problems.size() > 1 ? 2 : 1,
              lines = (static_cast<int>(problems.size()) + columns - 1) / columns;
    std::string script = gnuplot_page(file, 700 * columns, 460 * lines);
    script += "set logscale xy\nset format y '10^{%T}'\nset format x '%g'\nset xlabel 'seconds for the recording'\n";
    script += "set ylabel 'SymKL to the truth'\nset key outside right center vertical maxrows 20 noenhanced\n";
    script += fmt::format("set multiplot layout {},{}\n", lines, columns);
    for (std::size_t k = 0; k < problems.size(); ++k) {
      std::map<std::string, std::vector<std::vector<double>>> curves;
      for (const Row& row : rows_) {
        if (row.problem == problems[k]) curves[row.method].push_back({row.time(), std::max(row.error(), 1e-16)});
      }
      std::string plot;
      for (auto& [method, points] : curves) {
        std::sort(points.begin(), points.end());
        const std::string name = fmt::format("p{}_{}", k, method);
        script += gnuplot_block(name, points);
        plot += fmt::format("{}${} using 1:2 with linespoints pt 7 lw 2 lc rgb '{}' title '{}'",
                            plot.empty() ? "" : ", ", name, kColours.at(method), method);
      }
      script += fmt::format("set title {}\nplot {}\n", gnuplot_quoted(problems[k]), plot);
    }
    return run_gnuplot(script + "unset multiplot\n");
  }

  int few_;
  std::string only_;
  std::vector<Row> rows_;
};

Contestant jko_filter(Scheme scheme, double step, Index width = 0, Index nodes = 0) {
  std::string settings = fmt::format("{} {}", scheme == Scheme::bdf2 ? "BDF2" : "first order", step);
  if (width > 0) settings += fmt::format(", {} units", width);
  if (nodes > 0) settings += fmt::format(", {} nodes", nodes);
  return {"jko", settings, {[=](const Model& model, std::uint64_t seed) {
            JkoOptions options;
            options.scheme = scheme;
            options.step = step;
            if (width > 0) options.widths = {width};
            options.nodes = nodes;
            options.seed = seed;
            return std::make_unique<JkoFilter>(model, options);
          }}};
}

/// With the best of three bandwidths on each recording.
Contestant bootstrap_filter(Index particles, double euler_step = 0.0) {
  Contestant contestant{"bootstrap", fmt::format("{:.0e}", static_cast<double>(particles)), {}, particles > 1000000};
  if (euler_step > 0.0) contestant.settings += fmt::format(", Euler {}", euler_step);
  for (const Bandwidth bandwidth : {Bandwidth::cross_validated, Bandwidth::silverman, Bandwidth::scott}) {
    contestant.variants.emplace_back([=](const Model& model, std::uint64_t seed) {
      ParticleOptions options;
      options.particles = particles;
      options.step = euler_step;
      options.integrator = euler_step > 0.0 ? Integrator::euler_maruyama : Integrator::heun;
      options.bandwidth = bandwidth;
      options.seed = seed;
      return std::make_unique<ParticleFilter>(model, options);
    });
  }
  return contestant;
}

template <typename Method, typename... Options>
Contestant other(const std::string& method, Options... options) {
  return {method, "", {[=](const Model& model, std::uint64_t) { return std::make_unique<Method>(model, options...); }}};
}

std::vector<Contestant> others() {
  return {other<AuxiliaryParticleFilter>("apf", AuxiliaryParticleOptions{}),
          other<EnsembleKalmanFilter>("enkf", EnsembleKalmanOptions{}),
          other<GaussianSumFilter>("gaussian_sum", GaussianSumOptions{}), other<UnscentedKalmanFilter>("ukf"),
          other<ExtendedKalmanFilter>("ekf")};
}

std::vector<Contestant> operator+(std::vector<Contestant> first, const std::vector<Contestant>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

MakeFilter grid_truth(double half_width, Index cells, double step) {
  return [=](const Model& model, std::uint64_t) {
    GridOptions options;
    options.cells = cells;
    options.step = step;
    options.domain.assign(model.dimension(), {-half_width, half_width});
    return std::make_unique<GridFilter>(model, options);
  };
}

std::unique_ptr<Filter> kalman_truth(const Model& model, std::uint64_t) {
  return std::make_unique<KalmanFilter>(model);
}

}  // namespace

int main(int argc, char** argv) {
  int seeds = 15;
  std::string only, output;
  CLI::App app("How accurate and how fast: all methods, side by side");
  app.add_option("--seeds", seeds, "simulated recordings (for what takes long: a fifth of them)")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--only", only, "only the problems whose name holds this");
  app.add_option("--output", output, "folder of filtering.json and filtering.png");
  CLI11_PARSE(app, argc, argv);

  constexpr Scheme kSecond = Scheme::bdf2, kFirst = Scheme::jko;
  const int some = std::max(1, seeds / 3), few = std::max(1, seeds / 5);
  Benchmark benchmark(few, only);
  benchmark.add(
      sine_well(), seeds, grid_truth(10.0, 4000, 1e-3),
      std::vector<Contestant>{jko_filter(kSecond, 0.25, 40, 256), jko_filter(kSecond, 0.25), jko_filter(kFirst, 0.1),
                              jko_filter(kSecond, 0.1), jko_filter(kSecond, 0.05), jko_filter(kSecond, 0.025, 96, 768),
                              jko_filter(kSecond, 0.0125, 128, 1024), bootstrap_filter(10000), bootstrap_filter(100000),
                              bootstrap_filter(100000, 1e-3), bootstrap_filter(1000000), bootstrap_filter(10000000)} +
          others());
  benchmark.add(
      double_well(), some, grid_truth(4.0, 400, 2.5e-3),
      std::vector<Contestant>{jko_filter(kSecond, 0.25, 72, 1200), jko_filter(kSecond, 0.1, 72, 1200),
                              jko_filter(kSecond, 0.1, 108, 1600), jko_filter(kSecond, 0.1), jko_filter(kSecond, 0.05),
                              jko_filter(kSecond, 0.05, 216, 3600), bootstrap_filter(10000), bootstrap_filter(100000),
                              bootstrap_filter(100000, 1e-3), bootstrap_filter(1000000), bootstrap_filter(3000000),
                              bootstrap_filter(10000000)} +
          others());
  for (const Index d : {4, 8}) {
    benchmark.add({fmt::format("OU, D={}", d), ornstein_uhlenbeck(d), 0.25, 20, 5.0}, some, kalman_truth,
                  {jko_filter(kSecond, 0.25), jko_filter(kSecond, 0.125), jko_filter(kSecond, 0.0625),
                   bootstrap_filter(10000), bootstrap_filter(100000), bootstrap_filter(1000000),
                   bootstrap_filter(4000000), other<EnsembleKalmanFilter>("enkf", EnsembleKalmanOptions{})});
  }
  // The published set-up: the law itself at t = 0.9, unobserved.
  for (const Index d : {1, 2, 4, 8, 12}) {
    benchmark.add(
        {fmt::format("OU law, D={}", d), ornstein_uhlenbeck(d), 0.25, 0, 0.9}, few, kalman_truth,
        {jko_filter(kSecond, 0.1), jko_filter(kSecond, 0.05), jko_filter(kFirst, 0.05), bootstrap_filter(100000)});
  }
  if (!output.empty()) benchmark.write(output);
  return 0;
}
