#include "src/picture.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

#include "src/gnuplot.hpp"

namespace jko {
namespace {

constexpr Index kMostPanels = 4;
constexpr Index kMostComponents = 4;  // observed values that get a colour of their own
constexpr std::size_t kMostPoints = 4096;
constexpr Index kJudged = 16;  // observations that decide on which scale they are
constexpr Index kColumns = 700, kRows = 240, kJointCells = 160;
constexpr int kWidth = 1400;

// White through teal to indigo, even in lightness ("mako" of seaborn, reversed).
constexpr const char* kStyle = R"(
set encoding utf8
set palette defined (0 '#ffffff', 1 '#def5e5', 2 '#8ad9b1', 3 '#40b7ad', 4 '#348fa7', 5 '#37659e', 6 '#423d7b', 7 '#2e1e3b')
set style line 1 lc rgb '#e8590c' lw 2.2
set style line 2 lc rgb '#e8590c' lw 1.1 dt (6,4)
set style line 3 lc rgb '#c92a2a' pt 7
set style line 11 lc rgb '#495057' lw 1
set border 3 ls 11
set tics out nomirror scale 0.6 textcolor rgb '#343a40'
set key outside top right horizontal samplen 2 spacing 1 textcolor rgb '#343a40' font ',12'
set colorbox
)";

std::string number(double value) { return std::isfinite(value) ? fmt::format("{:.6g}", value) : "NaN"; }

/// A named block of data, one row a line.
template <class Rows>
std::string data_block(const std::string& name, const Rows& rows) {
  std::string block = "$" + name + " << EOD\n";
  for (const auto& row : rows) {
    for (const double value : row) block += number(value) + " ";
    block += "\n";
  }
  return block + "EOD\n";
}

std::string matrix_block(const std::string& name, const Matrix& matrix) {
  std::string block = "$" + name + " << EOD\n";
  for (Index i = 0; i < matrix.rows(); ++i) {
    for (Index j = 0; j < matrix.cols(); ++j) fmt::format_to(std::back_inserter(block), "{:.4g} ", matrix(i, j));
    block += "\n";
  }
  return block + "EOD\n";
}

/// The density that the darkest colour stands for: a few sharp peaks must not leave all else pale.
double saturation(const Matrix& density) {
  std::vector<double> peaks;
  for (Index j = 0; j < density.cols(); ++j) peaks.push_back(density.col(j).maxCoeff());
  std::sort(peaks.begin(), peaks.end());
  return std::max(peaks[peaks.size() * 9 / 10], 1e-12);
}

/// The clause of `plot` that draws $name as an image whose cells cover [x0, x1] by [y0, y1].
std::string image(const std::string& name, const Matrix& cells, double x0, double x1, double y0, double y1) {
  return fmt::format("${} matrix using ({}+{}*($1+0.5)):({}+{}*($2+0.5)):3 with image notitle", name, x0,
                     (x1 - x0) / static_cast<double>(cells.cols()), y0, (y1 - y0) / static_cast<double>(cells.rows()));
}

}  // namespace

PosteriorPicture::PosteriorPicture(const Model& model, std::vector<std::string> names)
    : model_(model), names_(std::move(names)) {
  const Index components = model_.observation->observation_dimension();
  if (names_.empty() && components == 1) names_ = {"y"};
  for (Index i = static_cast<Index>(names_.size()); i < components; ++i) names_.push_back(fmt::format("y{}", i));
  for (Index i = 0; i < std::min(model_.dimension(), kMostPanels); ++i) tracks_.emplace_back(i);
  on_scale_.setConstant(components, static_cast<Index>(tracks_.size()), true);
}

void PosteriorPicture::add_law(const Filter& filter, bool predicted) {
  for (MarginalTrack& track : tracks_) track.add(filter, stage_, predicted);
}

void PosteriorPicture::add_observation(const Filter& filter, const Vector& y) {
  if (judged_ < kJudged) judge_scales(filter, y);
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

void PosteriorPicture::judge_scales(const Filter& filter, const Vector& y) {
  ++judged_;
  for (Index i = 0; i < on_scale_.rows(); ++i) {
    for (Index j = 0; j < on_scale_.cols(); ++j) {
      if (std::isfinite(y[i]) && on_scale_(i, j)) on_scale_(i, j) = peaks_at(filter, y, i, j);
    }
  }
}

bool PosteriorPicture::peaks_at(const Filter& filter, const Vector& y, Index component, Index coordinate) const {
  const double deviation = std::sqrt(filter.covariance()(coordinate, coordinate));
  const double offsets[] = {0.0, 0.01, -0.01, 0.1, -0.1, 1.0, -1.0};
  Vector alone = Vector::Constant(y.size(), std::nan(""));
  alone[component] = y[component];
  Points states = filter.mean().transpose().replicate(std::size(offsets), 1);
  for (std::size_t k = 0; k < std::size(offsets); ++k) {
    states(static_cast<Index>(k), coordinate) = y[component] + offsets[k] * deviation;
  }
  Vector likelihood(states.rows());
  model_.observation->log_likelihood(states, alone, filter.time(), likelihood);
  return likelihood[0] >= likelihood.maxCoeff() && likelihood[0] > likelihood.tail(2).maxCoeff();
}

bool PosteriorPicture::on_scale(Index component, Index coordinate) const {
  return judged_ > 0 && on_scale_(component, coordinate);
}

std::vector<Index> PosteriorPicture::off_scale_components() const {
  std::vector<Index> components;
  for (Index i = 0; i < on_scale_.rows() && static_cast<Index>(components.size()) < kMostComponents; ++i) {
    if (judged_ > 0 && !on_scale_.row(i).any()) components.push_back(i);
  }
  return components;
}

std::string PosteriorPicture::coordinate_panel(std::size_t panel, double begin, double end) const {
  const MarginalTrack& track = tracks_[panel];
  const auto coordinate = static_cast<Index>(panel);
  auto [low, high] = track.range();

  std::vector<std::vector<double>> observed;
  std::string observed_names;
  for (Index i = 0; i < on_scale_.rows(); ++i) {
    if (!on_scale(i, coordinate)) continue;
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
  std::string script = matrix_block("density" + id, density) + data_block("band" + id, band);
  if (!observed.empty()) script += data_block("observed" + id, observed);
  script += fmt::format("set xrange [{}:{}]\nset yrange [{}:{}]\nset cbrange [0:{}]\n", begin, end, low, high,
                        saturation(density));
  script += fmt::format("set ylabel 'x{}'\nset cblabel 'density of x{}'\n", panel, panel);
  script += "plot " + image("density" + id, density, begin, end, low, high);
  script += fmt::format(
      ", $band{0} using 1:3 with lines ls 1 title 'mean', $band{0} using 1:2 with lines ls 2 title "
      "'5 % to 95 %', $band{0} using 1:4 with lines ls 2 notitle",
      id);
  if (!observed.empty()) {
    script += fmt::format(", $observed{} using 1:2 with points ls 3 ps {} title {} noenhanced", id,
                          observed.size() > 300 ? 0.4 : 0.9, gnuplot_quoted("observed " + observed_names));
  }
  return script + "\n";
}

std::string PosteriorPicture::observation_panel(const std::vector<Index>& components) const {
  static const char* kColours[] = {"#495057", "#c92a2a", "#1971c2", "#2f9e44"};
  std::vector<std::vector<double>> rows;
  for (const Point& point : points_) {
    rows.push_back({point.time});
    for (const Index component : components) rows.back().push_back(point.value[component]);
  }
  std::string script = data_block("observations", rows);
  script += "set yrange [*:*]\nunset colorbox\nset ylabel 'observed'\nplot ";
  for (std::size_t k = 0; k < components.size(); ++k) {
    const bool dense = points_.size() > 300;
    script += fmt::format("{}$observations using 1:{} with {} lc rgb '{}' title {} noenhanced", k > 0 ? ", " : "",
                          k + 2, dense ? "impulses lw 0.8" : "points pt 7 ps 0.9", kColours[k],
                          gnuplot_quoted(names_[static_cast<std::size_t>(components[k])]));
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
  std::string script = matrix_block("joint", density);
  script +=
      fmt::format("set xrange [{}:{}]\nset yrange [{}:{}]\nset cbrange [0:{}]\nset xlabel 'x0'\nset ylabel 'x1'\n",
                  low[0], high[0], low[1], high[1], std::max(density.maxCoeff(), 1e-12));
  script += fmt::format("set cblabel 'joint density at t = {:.4g}'\nplot ", filter.time());
  return script + image("joint", density, low[0], high[0], low[1], high[1]) + "\n";
}

/// Where the next plot goes, in shares of the page from its lower left corner.
std::string place(double left, double right, double bottom, double top) {
  return fmt::format(
      "set lmargin at screen {}\nset rmargin at screen {}\nset bmargin at screen {}\nset tmargin at screen "
      "{}\n",
      left, right, bottom, top);
}

}  // namespace

bool PosteriorPicture::write(const std::string& file, const Filter& filter, const Labels& labels) {
  for (MarginalTrack& track : tracks_) track.add_always(filter, stage_, false);
  const double begin = tracks_.front().laws().front().time;
  const double end = std::max(filter.time(), begin + 1e-9);
  const std::vector<Index> off_scale = off_scale_components();
  const bool joint = model_.dimension() == 2;

  // Heights in shares of one coordinate's panel.
  const double observed_height = off_scale.empty() ? 0.0 : 0.5;
  const double units = static_cast<double>(tracks_.size()) + observed_height;
  const int height = static_cast<int>(std::min(1500.0, 250.0 + 420.0 * units));
  const double head = 70.0 / height, foot = 75.0 / height, gap = 48.0 / height;
  const double unit = (1.0 - head - foot - gap * std::ceil(units - 1.0)) / units;
  const double right = joint ? 0.50 : 0.90;

  std::string script =
      fmt::format("set terminal pngcairo size {},{} font 'DejaVu Sans,14' background '#ffffff'\n", kWidth, height);
  script += fmt::format("set output {}\n{}", gnuplot_quoted(file), kStyle);
  script +=
      fmt::format("set multiplot\nset label 1 {} noenhanced at screen 0.07,{} font ',18' textcolor rgb '#212529'\n",
                  gnuplot_quoted(labels.title), 1.0 - 0.45 * head);
  double top = 1.0 - head;
  for (std::size_t panel = 0; panel < tracks_.size(); ++panel) {
    const bool lowest = panel + 1 == tracks_.size() && off_scale.empty();
    script += place(0.07, right, top - unit, top);
    script += lowest ? fmt::format("set format x '%g'\nset xlabel {} noenhanced\n",
                                   gnuplot_quoted("time (" + labels.time_unit + ")"))
                     : "set format x ''\n";
    script += coordinate_panel(panel, begin, end) + "unset label 1\n";
    top -= unit + gap;
  }
  if (!off_scale.empty()) {
    script += place(0.07, right, top - observed_height * unit, top);
    script +=
        fmt::format("set format x '%g'\nset xlabel {} noenhanced\n", gnuplot_quoted("time (" + labels.time_unit + ")"));
    script += observation_panel(off_scale);
  }
  if (joint) {
    script +=
        place(0.64, 0.92, foot, 1.0 - head) + "set colorbox\nset format x '%g'\nunset key\n" + joint_panel(filter);
  }
  return run_gnuplot(script + "unset multiplot\nset output\n");
}

}  // namespace jko
