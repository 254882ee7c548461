// How the time of a JKO step grows with dimension, nodes, width and depth.
//
//   build/bench_scaling [--output FOLDER]
//
// One quantity varies at a time, from a basic setting: a double well in D dimensions, 2,048 nodes, 32 hidden units.
// Time is per step and per solver iteration, mean over steps of 0.05; the rate counts the floating-point operations of
// the matrix products only, over that of multiply-adds in registers on all threads. Prints the table and the exponents
// of power laws fitted to it, and writes FOLDER/scaling.json and FOLDER/scaling.png. Never fails.

#include <omp.h>
#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/problems.hpp"
#include "jko/jko_filter.hpp"
#include "src/figures.hpp"
#include "src/gnuplot.hpp"
#include "src/stopwatch.hpp"

using namespace jko;

namespace {

/// Multiply-adds a second that all threads reach together with operands in registers, times two.
double peak_rate() {
  constexpr int kRounds = 20'000'000;
  using Lanes = Eigen::Array<double, 64, 1>;
  double best = 0.0;
  for (int repetition = 0; repetition < 3; ++repetition) {
    Stopwatch lap;
    lap.start();
    double sum = 0.0;
#pragma omp parallel reduction(+ : sum)
    {
      Lanes a = Lanes::Constant(1.0 + 1e-9), b = Lanes::LinSpaced(0.0, 1e-9), x = Lanes::Ones();
      for (int k = 0; k < kRounds / 10; ++k) x = x * a + b;
      sum += x.sum();
    }
    const double operations = 2.0 * Lanes::SizeAtCompileTime * kRounds / 10 * omp_get_max_threads();
    if (sum != 0.0) best = std::max(best, operations / (1e-3 * lap.stop()));
  }
  return best;
}

struct Setting {
  Index dimension = 2, nodes = 2048;
  std::vector<Index> widths{32};
};

/// Floating-point operations of the matrix products in one iteration.
double operations(const Setting& s) {
  const auto n = static_cast<double>(s.nodes), d = static_cast<double>(s.dimension);
  if (s.widths.size() == 1) {
    // newton_step.cpp: the rank updates of Newton's matrix, transport part over all nodes, entropy part over ten rows
    // for each unit (as far as there are so many), then one evaluation.
    const double units = d * d + static_cast<double>(s.widths.front());
    const double rows = n + std::min(10.0 * units, 0.5 * n * d * (d + 1.0));
    return rows * units * units + 4.0 * n * units;
  }
  // engine/map_block.cpp: forward once, reverse twice as much.
  double forward = 0.0, before = d;
  for (const Index width : s.widths) {
    forward += 2.0 * (1.0 + d) * n * before * static_cast<double>(width);
    before = static_cast<double>(width);
  }
  return 3.0 * forward;
}

struct Row {
  std::string what;  ///< that varies
  double value;
  double step_ms, iterations, rate;
  double iteration_ms() const { return step_ms / iterations; }
};

Row measure(const std::string& what, double value, const Setting& s) {
  const Index d = s.dimension;
  const Model model{std::make_shared<DoubleWell>(Vector::Ones(d), Vector::Ones(d)), 2.0, GaussianMixture::standard(d),
                    std::make_shared<LinearGaussian>(Matrix::Identity(d, d), Matrix::Identity(d, d))};
  constexpr double kStep = 0.05, kEnoughMs = 400.0;
  constexpr int kMost = 20;
  JkoOptions options;
  options.step = kStep;
  options.nodes = s.nodes;
  options.widths = s.widths;
  JkoFilter filter(model, options);
  filter.predict(kStep);  // the start-up steps
  Stopwatch watch;
  double iterations = 0.0;
  int steps = 0;
  while (steps < kMost && (steps < 2 || 1e3 * watch.total_seconds() < kEnoughMs)) {
    watch.start();
    iterations += filter.predict(kStep * (2 + steps++)).iterations;
    watch.stop();
  }
  const double seconds = watch.total_seconds();
  return {what, value, 1e3 * seconds / steps, iterations / steps, operations(s) * iterations / seconds};
}

/// The slope of log time over log value, by least squares.
double exponent(const std::vector<Row>& rows, const std::string& what) {
  double n = 0.0, x = 0.0, y = 0.0, xx = 0.0, xy = 0.0;
  for (const Row& row : rows) {
    if (row.what != what) continue;
    const double u = std::log(row.value), v = std::log(row.iteration_ms());
    n += 1.0;
    x += u;
    y += v;
    xx += u * u;
    xy += u * v;
  }
  return (n * xy - x * y) / (n * xx - x * x);
}

bool draw(const std::string& file, const std::vector<Row>& rows, const std::vector<std::string>& names) {
  std::string script = gnuplot_page(file, 1100, 700);
  script += "set logscale xy\nset format '%g'\nset ylabel 'ms an iteration'\nset key off\nset multiplot layout 2,2\n";
  for (std::size_t k = 0; k < names.size(); ++k) {
    std::vector<std::vector<double>> points;
    for (const Row& row : rows) {
      if (row.what == names[k]) points.push_back({row.value, row.iteration_ms()});
    }
    const std::string block = fmt::format("p{}", k);
    script += gnuplot_block(block, points);
    script += fmt::format("set title {}\nset xlabel {}\n",
                          gnuplot_quoted(fmt::format("time ∝ {}^{{{:.2f}}}", names[k], exponent(rows, names[k]))),
                          gnuplot_quoted(names[k]));
    script += fmt::format("plot ${} using 1:2 with linespoints pt 7 lw 2 lc rgb '#e8590c'\n", block);
  }
  return run_gnuplot(script + "unset multiplot\n");
}

}  // namespace

int main(int argc, char** argv) {
  std::string output;
  CLI::App app("Time of a JKO step over dimension, nodes, width and depth");
  app.add_option("--output", output, "folder of scaling.json and scaling.png");
  CLI11_PARSE(app, argc, argv);

  const double peak = peak_rate();
  fmt::print("{} threads, peak {:.1f} GFLOP/s in double precision\n", omp_get_max_threads(), 1e-9 * peak);
  fmt::print("{:<12} {:>8} {:>10} {:>12} {:>14} {:>10} {:>8}\n", "varies", "value", "ms a step", "iterations",
             "ms/iteration", "GFLOP/s", "of peak");
  std::vector<Row> rows;
  const auto add = [&](const std::string& what, Index value, const Setting& setting) {
    const Row row = measure(what, static_cast<double>(value), setting);
    fmt::print("{:<12} {:>8} {:>10.3f} {:>12.1f} {:>14.3f} {:>10.2f} {:>7.0f}%\n", what, value, row.step_ms,
               row.iterations, row.iteration_ms(), 1e-9 * row.rate, 100.0 * row.rate / peak);
    std::cout.flush();
    rows.push_back(row);
  };
  for (const Index d : {1, 2, 4, 8, 16, 32}) add("dimension", d, {d, 2048, {32}});
  for (Index n = 512; n <= 65536; n *= 2) add("nodes", n, {2, n, {32}});
  for (Index w = 8; w <= 128; w *= 2) add("width", w, {2, 2048, {w}});
  for (Index depth = 1; depth <= 3; ++depth) add("depth", depth, {2, 2048, std::vector<Index>(depth, 32)});
  const std::vector<std::string> names{"dimension", "nodes", "width", "depth"};
  for (const std::string& name : names) fmt::print("time of an iteration ∝ {}^{:.2f}\n", name, exponent(rows, name));

  if (output.empty()) return 0;
  std::filesystem::create_directories(output);
  nlohmann::ordered_json json{{"threads", omp_get_max_threads()}, {"peak_flops", peak}};
  for (const Row& row : rows) {
    json["rows"].push_back({{"varies", row.what},
                            {"value", row.value},
                            {"step_ms", row.step_ms},
                            {"iterations", row.iterations},
                            {"flops", row.rate}});
  }
  for (const std::string& name : names) json["exponents"][name] = exponent(rows, name);
  const std::filesystem::path folder(output);
  std::ofstream(folder / "scaling.json") << json.dump(1) << '\n';
  if (!draw((folder / "scaling.png").string(), rows, names)) std::cerr << "no picture: gnuplot is missing or failed\n";
  return 0;
}
