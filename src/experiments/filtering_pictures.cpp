#include "src/experiments/filtering_pictures.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "src/gnuplot.hpp"

namespace jko {
namespace {

constexpr const char* kOurs = "#e8590c";
constexpr const char* kPublished = "#868e96";

std::string curve_block(const std::string& name, const std::vector<double>& density) {
  std::vector<std::vector<double>> rows;
  const double spacing = 2.0 * kDensityReach / static_cast<double>(kDensityPoints - 1);
  for (std::size_t i = 0; i < density.size(); ++i) {
    rows.push_back({static_cast<double>(i) * spacing - kDensityReach, density[i]});
  }
  return gnuplot_block(name, rows);
}

}  // namespace

StudyPicture box_picture(const std::vector<FilteringBox>& boxes) {
  std::vector<std::vector<double>> ours, published;
  std::string ticks;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const Spread& s = boxes[i].spread;
    std::vector<double> row = {static_cast<double>(i)};
    for (const double v : {s.minimum, s.lower_quartile, s.median, s.upper_quartile, s.maximum}) {
      row.push_back(std::max(v, kLeastShown));
    }
    (boxes[i].published ? published : ours).push_back(row);
    ticks += fmt::format("{}{} {}", ticks.empty() ? "" : ", ", gnuplot_quoted(boxes[i].name), i);
  }
  std::string script = gnuplot_block("ours", ours) + gnuplot_block("published", published);
  script += fmt::format("set xrange [-0.7:{:.1f}]\nset xtics noenhanced rotate by -35 ({})\n",
                        static_cast<double>(boxes.size()) - 0.3, ticks);
  script += "set logscale y\nset format y '10^{%T}'\nset ylabel 'SymKL to the grid at t = 5'\nset boxwidth 0.5\n";
  script += "set style fill solid 0.25 border\nset grid y lc rgb '#dee2e6'\n";
  std::string plot;
  const auto add = [&](const char* block, const char* colour, const char* title) {
    // The median is a box without height.
    plot += fmt::format(
        "{0}${1} using 1:3:2:6:5 with candlesticks lc rgb '{2}' lw 1.5 title '{3}' whiskerbars 0.5, ${1} using "
        "1:4:4:4:4 with candlesticks lc rgb '{2}' lw 2.5 notitle",
        plot.empty() ? "" : ", ", block, colour, title);
  };
  if (!ours.empty()) add("ours", kOurs, "measured here");
  if (!published.empty()) add("published", kPublished, "published");
  return {"filtering_boxes", script + "plot " + plot, 1000, 560};
}

StudyPicture density_picture(const std::vector<FilteringCurves>& curves) {
  const std::size_t panels = std::min<std::size_t>(curves.size(), 3);
  std::string script =
      fmt::format("set multiplot layout 1,{}\nset xlabel 'x'\nset xrange [-5:5]\nset yrange [0:*]\n", panels);
  for (std::size_t i = 0; i < panels; ++i) {
    const std::string grid = fmt::format("grid{}", i);
    script += curve_block(grid, curves[i].grid);
    std::string plot = fmt::format("${} using 1:2 with filledcurves y1=0 lc rgb '#dee2e6' title 'grid'", grid);
    for (const auto& [method, density] : curves[i].methods) {
      if (method != "jko" && method != "bootstrap_1000") continue;
      const std::string name = fmt::format("{}{}", method, i);
      script += curve_block(name, density);
      plot += fmt::format(", ${} using 1:2 with lines lw 2 lc rgb '{}' title '{}' noenhanced", name,
                          method == "jko" ? kOurs : "#1971c2", method);
    }
    script += fmt::format("set title 'repeat {}' offset 0,-0.5\nplot {}\n", curves[i].repeat + 1, plot);
  }
  return {"filtering_densities", script + "unset multiplot", 480 * static_cast<int>(panels), 420};
}

}  // namespace jko
