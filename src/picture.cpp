#include "src/picture.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>

#include "src/gnuplot.hpp"

namespace jko {
namespace {

constexpr Index kMostPanels = 4;
constexpr Index kMostColoured = 4;  // observed values that get a colour of their own
constexpr std::size_t kMostPoints = 4096;
constexpr Index kColumns = 700, kRows = 240, kJointCells = 160;
constexpr int kWidth = 1400;         // pixels
constexpr std::size_t kDense = 300;  // more laws or observations than this are drawn finer

// White through teal to indigo, even in lightness ("mako" of seaborn, reversed).
constexpr const char* kPalette = R"(
set palette defined (0 '#ffffff', 1 '#def5e5', 2 '#8ad9b1', 3 '#40b7ad', 4 '#348fa7', 5 '#37659e', 6 '#423d7b', 7 '#2e1e3b')
set style line 2 lc rgb '#e8590c' lw 1.2
set cbtics scale 0.4 font ',11'
)";

/// The density that the darkest colour stands for: a few sharp peaks must not leave all else pale.
double saturation(const Matrix& density) {
  std::vector<double> peaks;
  for (Index j = 0; j < density.cols(); ++j) peaks.push_back(density.col(j).maxCoeff());
  std::sort(peaks.begin(), peaks.end());
  return std::max(peaks[peaks.size() * 9 / 10], 1e-12);
}

/// Distance of the ticks on a low panel: a round number, about a quarter of what the values span.
double tick_step(const std::vector<std::vector<double>>& rows) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const auto& row : rows) {
    for (auto value = row.begin() + 1; value != row.end(); ++value) {  // the first is the time
      if (!std::isfinite(*value)) continue;
      low = std::min(low, *value);
      high = std::max(high, *value);
    }
  }
  if (!(high > low)) return 1.0;
  const double decade = std::pow(10.0, std::floor(std::log10((high - low) / 4.0)));
  const double steps = (high - low) / 4.0 / decade;
  return decade * (steps < 1.5 ? 1.0 : steps < 3.5 ? 2.0 : steps < 7.5 ? 5.0 : 10.0);
}

/// An image whose cells cover [x0, x1] by [y0, y1]: `plot`, its clause, then whatever clauses follow, a line's end, and
/// the cells. These are binary, since gnuplot takes seconds to read so many as text.
struct Image {
  std::string clause, cells;

  Image(const Matrix& density, double x0, double x1, double y0, double y1) {
    const double dx = (x1 - x0) / static_cast<double>(density.cols());
    const double dy = (y1 - y0) / static_cast<double>(density.rows());
    clause = fmt::format(
        "'-' binary array=({},{}) format='%float' endian=little dx={} dy={} origin=({},{}) with image notitle",
        density.cols(), density.rows(), dx, dy, x0 + 0.5 * dx, y0 + 0.5 * dy);
    const SinglePoints along_x = density.transpose().cast<float>();
    cells.assign(reinterpret_cast<const char*>(along_x.data()),
                 static_cast<std::size_t>(along_x.size()) * sizeof(float));
  }
};

}  // namespace

PosteriorPicture::PosteriorPicture(const Model& model, std::vector<std::string> names)
    : names_(std::move(names)), scale_(model, std::min(model.dimension(), kMostPanels)) {
  const Index components = model.observation->observation_dimension();
  if (names_.empty() && components == 1) names_ = {"y"};
  for (Index i = static_cast<Index>(names_.size()); i < components; ++i) names_.push_back(fmt::format("y{}", i));
  for (Index i = 0; i < std::min(model.dimension(), kMostPanels); ++i) tracks_.emplace_back(i);
}

void PosteriorPicture::add_law(const Filter& filter, bool predicted) {
  for (MarginalTrack& track : tracks_) track.add(filter, stage_, predicted);
}

void PosteriorPicture::add_observation(const Filter& filter, const Vector& y) {
  scale_.judge(filter, y);
  if (stage_ % stride_ == 0) {
    if (points_.size() == kMostPoints) {
      stride_ *= 2;
      const auto dropped = [this](const Point& point) { return point.stage % stride_ != 0; };
      points_.erase(std::remove_if(points_.begin(), points_.end(), dropped), points_.end());
    }
    points_.push_back({filter.time(), stage_, y});
  }
  ++stage_;
}

std::vector<Index> PosteriorPicture::off_scale_components() const {
  std::vector<Index> components;
  const auto count = std::min(static_cast<Index>(names_.size()), kMostColoured);
  for (Index i = 0; i < count && !points_.empty(); ++i) {
    if (!scale_.shared(i)) components.push_back(i);
  }
  return components;
}

std::string PosteriorPicture::coordinate_panel(std::size_t panel, double begin, double end) const {
  const MarginalTrack& track = tracks_[panel];
  auto [low, high] = track.range();

  std::vector<std::vector<double>> observed;
  std::string observed_names;
  for (Index i = 0; i < static_cast<Index>(names_.size()); ++i) {
    if (!scale_.shared(i, static_cast<Index>(panel))) continue;
    observed_names += (observed_names.empty() ? "" : ", ") + names_[static_cast<std::size_t>(i)];
    for (const Point& point : points_) {
      observed.push_back({point.time, point.value[i]});
      if (std::isfinite(point.value[i])) {
        low = std::min(low, point.value[i]);
        high = std::max(high, point.value[i]);
      }
    }
  }
  std::vector<std::vector<double>> band;
  for (const auto& law : track.laws()) band.push_back({law.time, law.low, law.mean, law.high});

  const Matrix density = track.raster(begin, end, kColumns, low, high, kRows);
  const std::string id = std::to_string(panel);
  const Image image(density, begin, end, low, high);
  std::string script = gnuplot_block("band" + id, band);
  if (!observed.empty()) script += gnuplot_block("observed" + id, observed);
  script += fmt::format("set xrange [{}:{}]\nset yrange [{}:{}]\nset cbrange [0:{}]\n", begin, end, low, high,
                        saturation(density));
  script += fmt::format("set ylabel 'x{}'\nset cblabel {}\n", panel, tracks_.size() > 1 ? "''" : "'density'");
  script += "plot " + image.clause;
  script += fmt::format(
      ", $band{0} using 1:2 with lines ls 2 title '5 % and 95 %', $band{0} using 1:4 with lines ls 2 notitle"
      ", $band{0} using 1:3 with lines lc rgb '#e8590c' lw {1} title 'mean'",
      id, band.size() > kDense ? 1.8 : 2.8);
  if (!observed.empty()) {
    const double size = observed.size() > kDense ? 0.4 : 1.0;
    script += fmt::format(
        ", $observed{0} using 1:2 with points pt 7 ps {1} lc rgb '#ffffff' notitle"
        ", $observed{0} using 1:2 with points pt 7 ps {2} lc rgb '#212529' title {3} noenhanced",
        id, 1.5 * size, size, gnuplot_quoted("observed " + observed_names));
  }
  return script + "\n" + image.cells;
}

std::string PosteriorPicture::observation_panel(const std::vector<Index>& components, double begin, double end) const {
  static const char* kColours[kMostColoured] = {"#495057", "#c92a2a", "#1971c2", "#2f9e44"};
  std::vector<std::vector<double>> rows;
  for (const Point& point : points_) {
    rows.push_back({point.time});
    for (const Index component : components) rows.back().push_back(point.value[component]);
  }
  const bool alone = components.size() == 1;
  const std::string first = names_[static_cast<std::size_t>(components.front())];
  std::string script = gnuplot_block("observations", rows) + fmt::format("set xrange [{}:{}]\n", begin, end);
  const double tick = tick_step(rows);
  script += fmt::format("set yrange [*:*]\nset ytics {}\nunset colorbox\nset key at graph 1,1.15\n", tick);
  script += fmt::format("set ylabel {} noenhanced\nplot ", gnuplot_quoted(alone ? "observed " + first : "observed"));
  for (std::size_t k = 0; k < components.size(); ++k) {
    script += fmt::format(
        "{}$observations using 1:{} with {} lc rgb '{}' {}", k > 0 ? ", " : "", k + 2,
        points_.size() > kDense ? "impulses lw 0.8" : "points pt 7 ps 1", kColours[k],
        alone ? "notitle"
              : fmt::format("title {} noenhanced", gnuplot_quoted(names_[static_cast<std::size_t>(components[k])])));
  }
  return script + "\n";
}

namespace {

/// The last joint density of a state in two dimensions.
std::string joint_panel(const Filter& filter) {
  const Matrix ends = filter.quantiles({0.002, 0.998});
  const Vector margin = 0.15 * (ends.row(1) - ends.row(0)).transpose().array() + 1e-9;
  const Vector low = ends.row(0).transpose() - margin, high = ends.row(1).transpose() + margin;
  const Vector cell = (high - low) / static_cast<double>(kJointCells);

  Matrix density(kJointCells, kJointCells);  // rows along x1
  Points points(kJointCells, 2);
  for (Index i = 0; i < kJointCells; ++i) {
    points.col(0).setLinSpaced(low[0] + 0.5 * cell[0], high[0] - 0.5 * cell[0]);
    points.col(1).setConstant(low[1] + (static_cast<double>(i) + 0.5) * cell[1]);
    density.row(i) = filter.log_density(points).array().exp();
  }
  const Image image(density, low[0], high[0], low[1], high[1]);
  std::string script = fmt::format("set xrange [{}:{}]\nset yrange [{}:{}]\nset cbrange [0:{}]\n", low[0], high[0],
                                   low[1], high[1], std::max(density.maxCoeff(), 1e-12));
  script +=
      fmt::format("set xlabel 'x0'\nset ylabel 'x1'\nset title 'density at t = {:.4g}' offset 0,-0.5\n", filter.time());
  return script + "plot " + image.clause + "\n" + image.cells + "\nunset title\n";
}

/// Where a plot goes, in shares of the page from its lower left corner. Its colour scale is to the right of it.
struct PanelFrame {
  double left, right, bottom, top;

  std::string commands() const {
    return fmt::format(
        "set lmargin at screen {}\nset rmargin at screen {}\nset bmargin at screen {}\nset tmargin at screen {}\n"
        "set colorbox user origin screen {},{} size screen 0.011,{}\n",
        left, right, bottom, top, right + 0.012, bottom, top - bottom);
  }
};

}  // namespace

bool PosteriorPicture::write(const std::string& file, const Filter& filter, const Labels& labels) {
  for (MarginalTrack& track : tracks_) track.add_always(filter, stage_, false);
  const double begin = tracks_.front().laws().front().time;
  const double end = std::max(filter.time(), begin + 1e-9);
  const std::vector<Index> off_scale = off_scale_components();
  const bool joint = filter.dimension() == 2;

  // The coordinates' panels are stacked at the left. The observations' is under them, or, where there is a joint
  // density at the right, under that. Heights are counted in panels of a coordinate.
  const double panels = static_cast<double>(tracks_.size());
  const double observed_height = off_scale.empty() ? 0.0 : 0.45;
  const double stacked = panels + (joint ? 0.0 : observed_height);
  const double height = std::clamp(800.0 + 320.0 * (stacked - 2.0), 800.0, 1500.0);
  const double head = 85.0 / height, foot = 70.0 / height, gap = 30.0 / height;
  const double panel_height = (1.0 - head - foot - gap * (std::ceil(stacked) - 1.0)) / stacked;

  const std::string time_label =
      fmt::format("set format x '%g'\nset xlabel {} noenhanced\n", gnuplot_quoted("time (" + labels.time_unit + ")"));
  std::string script = gnuplot_page(file, kWidth, static_cast<int>(height)) + kPalette + "set multiplot\n";
  script += fmt::format("set label 1 {} noenhanced at screen 0.065,{} font ',18' textcolor rgb '#212529'\n",
                        gnuplot_quoted(labels.title), 1.0 - 30.0 / height);
  script += fmt::format("set key at screen 0.985,{}\nset format x ''\n", 1.0 - 18.0 / height);

  PanelFrame frame{0.065, joint ? 0.53 : 0.915, 0.0, 1.0 - head};
  for (std::size_t panel = 0; panel < tracks_.size(); ++panel) {
    frame.bottom = frame.top - panel_height;
    if (panel + 1 == tracks_.size() && (joint || off_scale.empty())) script += time_label;
    script += frame.commands() + coordinate_panel(panel, begin, end) + "unset label 1\nunset key\n";
    frame.top = frame.bottom - gap;
  }
  if (joint) {
    frame = {0.675, 0.925, 0.0, 1.0 - head};
    frame.bottom = frame.top - (frame.right - frame.left) * kWidth / height;
    script += frame.commands() + joint_panel(filter);
    frame.top = frame.bottom - 4.0 * gap;
  }
  if (!off_scale.empty()) {
    frame.bottom = foot;
    script += frame.commands() + time_label + "set key\n" + observation_panel(off_scale, begin, end);
  }
  return run_gnuplot(script + "unset multiplot\nset output\n");
}

}  // namespace jko
