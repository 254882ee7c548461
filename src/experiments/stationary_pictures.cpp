#include "src/experiments/stationary_pictures.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <iterator>

#include "src/gnuplot.hpp"

namespace jko {
namespace {

constexpr const char* kCurveColours[] = {"#e8590c", "#1971c2", "#2f9e44", "#9c36b5", "#0c8599", "#f08c00"};
constexpr double kLeastDivergence = 1e-6;  // what a logarithmic axis still shows

}  // namespace

StudyPicture stationary_curves(const std::vector<StationaryCurve>& curves,
                               const std::vector<std::pair<Index, double>>& floor) {
  std::string script, plot;
  const auto add = [&](const std::string& name, const PlanePoints& rows, const std::string& how) {
    if (rows.empty()) return;
    script += gnuplot_block(name, rows);
    plot += fmt::format("{}${} {}", plot.empty() ? "" : ", ", name, how);
  };
  const auto above = [](double value) { return std::max(value, kLeastDivergence); };
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const char* colour = kCurveColours[i % std::size(kCurveColours)];
    PlanePoints ours, published;
    for (const auto& [d, s] : curves[i].ours) {
      ours.push_back({static_cast<double>(d), above(s.median), above(s.lower_quartile), above(s.upper_quartile)});
    }
    for (const auto& [d, value] : curves[i].published) published.push_back({static_cast<double>(d), value});
    add(fmt::format("ours{}", i), ours,
        fmt::format("using 1:3:4 with filledcurves fs transparent solid 0.2 noborder lc rgb '{0}' notitle, $ours{1} "
                    "using 1:2 with linespoints pt 7 ps 0.7 lw 2 lc rgb '{0}' title '{2}' noenhanced",
                    colour, i, curves[i].method));
    add(fmt::format("published{}", i), published,
        fmt::format("using 1:2 with linespoints pt 6 ps 0.7 dt 2 lc rgb '{}' notitle", colour));
  }
  PlanePoints bound;
  for (const auto& [d, value] : floor) bound.push_back({static_cast<double>(d), above(value)});
  add("bound", bound, "using 1:2 with lines dt 3 lw 2 lc rgb '#212529' title 'floor'");
  if (plot.empty()) return {};
  script += "set logscale y\nset format y '10^{%T}'\nset grid y lc rgb '#dee2e6'\n";
  script += "set xlabel 'dimension'\nset xtics 2\nset ylabel 'SymKL to the stationary law'\n";
  script += "set title 'dashed: published' offset 0,-0.5\nset key outside right top vertical maxrows 12\n";
  return {"stationary_sym_kl", script + "plot " + plot, 1000, 560};
}

StudyPicture stationary_scatter(Index dimension, const PlanePoints& ours, const PlanePoints& truth) {
  std::string script = gnuplot_block("ours", ours) + gnuplot_block("truth", truth);
  double low = 0.0, high = 0.0;
  for (const auto& point : truth) {
    low = std::min({low, point[0], point[1]});
    high = std::max({high, point[0], point[1]});
  }
  script +=
      fmt::format("set multiplot layout 1,2\nset xrange [{0:.1f}:{1:.1f}]\nset yrange [{0:.1f}:{1:.1f}]\n", low, high);
  script += "set size ratio -1\nset xlabel 'first principal component'\nset ylabel 'second'\nunset key\n";
  script += fmt::format("set title 'JKO, D = {}'\n", dimension);
  script += "plot $ours using 1:2 with points pt 7 ps 0.25 lc rgb '#e8590c'\n";
  script +=
      "set title 'stationary law'\nplot $truth using 1:2 with points pt 7 ps 0.25 lc rgb '#1971c2'\nunset multiplot";
  return {fmt::format("stationary_{}d", dimension), script, 1000, 540};
}

}  // namespace jko
