#include "src/comparison_picture.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>

#include "src/gnuplot.hpp"

namespace jko {
namespace {

constexpr const char* kMethodColours[] = {"#e8590c", "#1971c2", "#2f9e44", "#9c36b5",
                                          "#c92a2a", "#0c8599", "#5c940d", "#f08c00"};

std::string colour(std::size_t i) { return kMethodColours[i % std::size(kMethodColours)]; }

using Methods = std::vector<const MethodFigures*>;

/// Bounds of a logarithmic axis that leave room around the values and the labels.
std::string log_range(const Methods& methods, double (*value)(const MethodFigures&), double below, double above) {
  double low = std::numeric_limits<double>::infinity(), high = 0.0;
  for (const MethodFigures* m : methods) {
    low = std::min(low, value(*m));
    high = std::max(high, value(*m));
  }
  return fmt::format("[{:.3g}:{:.3g}]", low * below, high * above);
}

double speed(const MethodFigures& m) { return std::max(m.median_ms, 1e-4); }
double error(const MethodFigures& m) { return std::max(m.error->median_kl, kLeastShown); }

/// Error against time: down and to the left is better.
std::string speed_panel(const Methods& methods) {
  std::string script = "set logscale xy\nset format x '%g'\nset format y '10^{%T}'\nunset key\n";
  script += "set xlabel 'ms an observation (median)'\nset ylabel 'SymKL to the truth (median)'\n";
  script += fmt::format("set xrange {}\nset yrange {}\nplot ", log_range(methods, speed, 0.3, 4.0),
                        log_range(methods, error, 0.2, 5.0));
  // Labels stand above and below the points by turns, in the order of speed, so that neighbours do not collide.
  std::vector<std::size_t> order(methods.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return speed(*methods[a]) < speed(*methods[b]); });
  std::string data;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const std::size_t i = order[rank];
    data += gnuplot_block("speed" + std::to_string(i), {{speed(*methods[i]), error(*methods[i])}});
    script += fmt::format(
        "{0}$speed{1} using 1:2 with points pt 7 ps 2 lc rgb '{2}', $speed{1} using 1:2:({3}) with labels center "
        "offset 0,{4} noenhanced textcolor rgb '{2}'",
        rank > 0 ? ", " : "", i, colour(i), gnuplot_quoted(methods[i]->method), rank % 2 == 0 ? 1 : -1);
  }
  return data + script + "\n";
}

/// A line for each method over the recording; `rows` are its points (time, value).
std::string track_panel(const Methods& methods, const std::vector<std::vector<std::vector<double>>>& rows,
                        const std::string& time_unit) {
  std::string data;
  std::string script = fmt::format(
      "unset logscale x\nset format x '%g'\nset xrange [*:*]\nset yrange [*:*]\nset xlabel {} noenhanced\n"
      "set key top left horizontal maxrows 2 at graph 0,1.12\nplot ",
      gnuplot_quoted("time (" + time_unit + ")"));
  for (std::size_t i = 0; i < methods.size(); ++i) {
    data += gnuplot_block("track" + std::to_string(i), rows[i]);
    script += fmt::format("{}$track{} using 1:2 with {} lc rgb '{}' title {} noenhanced", i > 0 ? ", " : "", i,
                          rows[i].size() > 60 ? "lines lw 1.5" : "linespoints pt 7 ps 0.8 lw 1.5", colour(i),
                          gnuplot_quoted(methods[i]->method));
  }
  return data + script + "\n";
}

std::vector<std::vector<std::vector<double>>> divergences(const Methods& methods) {
  std::vector<std::vector<std::vector<double>>> rows;
  for (const MethodFigures* m : methods) {
    rows.emplace_back();
    for (const auto& point : m->track) rows.back().push_back({point.time, std::max(point.symmetric_kl, kLeastShown)});
  }
  return rows;
}

/// Log evidence so far, less that of the method which is best in the end.
std::vector<std::vector<std::vector<double>>> evidence(const Methods& methods) {
  const auto worse = [](const MethodFigures* a, const MethodFigures* b) { return a->log_evidence < b->log_evidence; };
  const MethodFigures& best = **std::max_element(methods.begin(), methods.end(), worse);
  std::vector<std::vector<std::vector<double>>> rows;
  for (const MethodFigures* m : methods) {
    rows.emplace_back();
    for (std::size_t k = 0; k < m->track.size(); ++k) {
      rows.back().push_back({m->track[k].time, m->track[k].log_evidence - best.track[k].log_evidence});
    }
  }
  return rows;
}

}  // namespace

bool write_comparison_picture(const std::string& file, const std::string& title, const std::string& time_unit,
                              const std::vector<MethodFigures>& methods) {
  Methods finished, compared;
  for (const MethodFigures& m : methods) {
    if (m.refusal.empty() && !m.track.empty()) finished.push_back(&m);
    if (m.refusal.empty() && m.error) compared.push_back(&m);
  }
  if (finished.empty()) return false;
  std::string script = gnuplot_page(file, compared.empty() ? 900 : 1400, 620);
  script +=
      fmt::format("set multiplot\nset label 1 {} noenhanced at screen 0.03,0.96 font ',18'\n", gnuplot_quoted(title));
  script += "set tmargin at screen 0.83\nset bmargin at screen 0.12\n";
  if (compared.empty()) {
    script += "set lmargin at screen 0.12\nset rmargin at screen 0.97\n";
    script +=
        "set ylabel 'log evidence, less that of the best'\n" + track_panel(finished, evidence(finished), time_unit);
  } else {
    script += "set lmargin at screen 0.075\nset rmargin at screen 0.48\n" + speed_panel(compared);
    script += "unset label 1\nset lmargin at screen 0.565\nset rmargin at screen 0.985\nset key\n";
    script += "set ylabel 'SymKL to the truth'\n" + track_panel(compared, divergences(compared), time_unit);
  }
  return run_gnuplot(script + "unset multiplot\nset output\n");
}

}  // namespace jko
