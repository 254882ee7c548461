#include "src/view/illustrate.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "filter/belief.hpp"

namespace jko {
namespace {

constexpr double kTail = 0.0005;  // of the mass, beyond either end before the range is widened
constexpr double kMargin = 0.15;  // of the range, at either end
constexpr Index kMarginalPoints = 128, kPairPoints = 64, kCornerPoints = 40, kGlidePoints = 256, kCloudDraws = 2000;
constexpr Index kCornerCoordinates = 6;  // beyond which a plot of all pairs is too small to read
constexpr double kLargest = 1e30;        // that a single-precision picture takes

/// Where the law lies along each coordinate, with a margin.
std::vector<Interval> ranges_of(const Filter& law) {
  const Matrix ends = law.quantiles({kTail, 1.0 - kTail});
  std::vector<Interval> ranges;
  for (Index k = 0; k < ends.cols(); ++k) {
    double low = ends(0, k), high = ends(1, k);
    if (!std::isfinite(low) || !std::isfinite(high)) low = -1.0, high = 1.0;
    const double margin = std::max(kMargin * (high - low), 1e-6 * (1.0 + std::abs(low)));
    ranges.push_back({low - margin, high + margin});
  }
  return ranges;
}

Vector even(const Interval& range, Index count) { return Vector::LinSpaced(count, range.low, range.high); }

/// The lattice over a box, the first coordinate running fastest.
Points lattice(const Interval& x, const Interval& y, Index count) {
  const Vector along = even(x, count), up = even(y, count);
  Points points(count * count, 2);
  for (Index row = 0; row < count; ++row) {
    points.col(0).segment(row * count, count) = along;
    points.col(1).segment(row * count, count).setConstant(up(row));
  }
  return points;
}

std::vector<float> densities(const Eigen::Ref<const Eigen::ArrayXd>& density) {
  std::vector<float> values(static_cast<std::size_t>(density.size()));
  for (Index i = 0; i < density.size(); ++i) {
    // NaN fails both comparisons.
    values[static_cast<std::size_t>(i)] =
        density(i) > 0.0 && density(i) < kLargest ? static_cast<float>(density(i)) : 0;
  }
  return values;
}

SampledCurve curve(const Interval& range, const Eigen::Ref<const Eigen::ArrayXd>& density) {
  return {range.low, range.high, densities(density)};
}

SampledField field(Index first, Index second, const Interval& x, const Interval& y, Index count) {
  SampledField field;
  field.x = first;
  field.y = second;
  field.x_low = x.low;
  field.x_high = x.high;
  field.y_low = y.low;
  field.y_high = y.high;
  field.columns = field.rows = count;
  return field;
}

/// The part of a curve that lies above a level: calls visit(begin, end) for each of its pieces within a segment, with
/// the places in units of samples.
template <class Visit>
void for_each_piece_above(const SampledCurve& curve, double level, const Visit& visit) {
  for (std::size_t i = 0; i + 1 < curve.values.size(); ++i) {
    const double a = curve.values[i], b = curve.values[i + 1];
    if (a < level && b < level) continue;
    const double crossing = a == b ? 0.0 : (level - a) / (b - a), start = static_cast<double>(i);
    visit(start + (a < level ? crossing : 0.0), start + (b < level ? crossing : 1.0));
  }
}

double mass_above(const SampledCurve& curve, double level) {
  double mass = 0.0;
  const auto value = [&](double place) {
    const auto i = std::min(static_cast<std::size_t>(place), curve.values.size() - 2);
    const double share = place - static_cast<double>(i);
    return (1.0 - share) * curve.values[i] + share * curve.values[i + 1];
  };
  for_each_piece_above(curve, level, [&](double begin, double end) {
    mass += (end - begin) * value(0.5 * (begin + end));  // exact: the curve is straight there
  });
  return mass * curve.step();
}

/// The smallest set with a share of the mass: where the density is above the level that leaves this much.
std::vector<Interval> highest_density_region(const SampledCurve& curve, double share) {
  double low = 0.0, high = *std::max_element(curve.values.begin(), curve.values.end());
  const double wanted = share * mass_above(curve, 0.0);
  std::vector<Interval> region;
  if (!(wanted > 0.0)) return region;
  for (int k = 0; k < 50; ++k) {
    const double middle = 0.5 * (low + high);
    (mass_above(curve, middle) > wanted ? low : high) = middle;
  }
  for_each_piece_above(curve, low, [&](double begin, double end) {
    const Interval piece{curve.low + begin * curve.step(), curve.low + end * curve.step()};
    const bool joins = !region.empty() && piece.low <= region.back().high + 1e-9 * curve.step();
    if (joins) {
      region.back().high = piece.high;
    } else {
      region.push_back(piece);
    }
  });
  return region;
}

/// The densities above which the shares of the mass lie.
std::vector<float> highest_density_levels(const SampledField& field, const std::vector<double>& shares) {
  std::vector<float> sorted = field.values;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const double total = std::accumulate(sorted.begin(), sorted.end(), 0.0);
  std::vector<float> levels;
  std::size_t i = 0;
  double above = 0.0;
  for (const double share : shares) {
    while (i + 1 < sorted.size() && above + 0.5 * sorted[i] < share * total) above += sorted[i++];
    levels.push_back(sorted[i]);
  }
  return levels;
}

void add_regions(LawPicture& picture) {
  for (const SampledCurve& marginal : picture.marginals) {
    picture.half_regions.push_back(highest_density_region(marginal, 0.5));
    picture.ninety_regions.push_back(highest_density_region(marginal, 0.9));
  }
  for (const SampledField& pair : picture.pairs) {
    const std::vector<float> levels = highest_density_levels(pair, {0.5, 0.9});
    picture.half_levels.push_back(levels[0]);
    picture.ninety_levels.push_back(levels[1]);
  }
}

void draw_line(const Filter& law, const Interval& range, Index count, LawPicture& picture) {
  const Eigen::ArrayXd density = law.log_density(even(range, count)).array().exp();
  picture.marginals = {curve(range, density)};
}

void draw_plane(const Filter& law, const std::vector<Interval>& ranges, Index count, LawPicture& picture) {
  SampledField plane = field(0, 1, ranges[0], ranges[1], count);
  plane.values = densities(law.log_density(lattice(ranges[0], ranges[1], count)).array().exp());
  // By the trapezoidal rule across.
  Eigen::ArrayXd rule = Eigen::ArrayXd::Ones(count);
  rule(0) = rule(count - 1) = 0.5;
  const Eigen::Map<const Eigen::ArrayXXf> values(plane.values.data(), count, count);  // (columns, rows)
  const Matrix density = values.cast<double>();
  const auto step = [&](const Interval& range) { return (range.high - range.low) / static_cast<double>(count - 1); };
  picture.marginals = {curve(ranges[0], density * rule.matrix() * step(ranges[1])),
                       curve(ranges[1], density.transpose() * rule.matrix() * step(ranges[0]))};
  picture.pairs = {std::move(plane)};
}

/// Gaussian kernels around the nodes at the samples of one coordinate, (N, count): marginals are its columns' weighted
/// sums, and a pair's density is the product of two of them.
Matrix kernels(const Eigen::Ref<const Vector>& x, double width, const Interval& range, Index count) {
  const Vector at = even(range, count);
  Matrix values(x.size(), count);
  for (Index c = 0; c < count; ++c) {
    values.col(c) = (-0.5 * ((x.array() - at(c)) / width).square()).exp() / (width * std::sqrt(2.0 * EIGEN_PI));
  }
  return values;
}

void draw_space(const Filter& law, const std::vector<Interval>& ranges, const PictureOptions& options,
                LawPicture& picture) {
  const Index d = law.dimension();
  const NodeCloud cloud = cloud_of(law);
  const double effective = 1.0 / cloud.weights.squaredNorm();
  // Silverman's rule of thumb (1986, equation 3.31), and the one for two coordinates.
  const Matrix quartiles = law.quantiles({0.25, 0.75});
  const Vector deviation =
      ((cloud.x.rowwise() - picture.mean.transpose()).cwiseAbs2().transpose() * cloud.weights).cwiseSqrt();
  const Vector scale =
      deviation.cwiseMin((quartiles.row(1) - quartiles.row(0)).transpose() / 1.34).unaryExpr([](double s) {
        return std::isfinite(s) ? std::max(s, 1e-12) : 1.0;
      });
  const double line_width = 0.9 * std::pow(effective, -0.2), pair_width = std::pow(effective, -1.0 / 6.0);
  for (Index k = 0; k < d; ++k) {
    const Matrix kernel = kernels(cloud.x.col(k), line_width * scale(k), ranges[k], kMarginalPoints);
    picture.marginals.push_back(curve(ranges[k], kernel.transpose() * cloud.weights));
  }

  const auto add_pair = [&](Index x, Index y, const Matrix& kernel_x, const Matrix& kernel_y) {
    SampledField pair = field(x, y, ranges[x], ranges[y], kernel_x.cols());
    const Matrix density = kernel_x.transpose() * (cloud.weights.asDiagonal() * kernel_y);  // (columns, rows)
    pair.values = densities(density.reshaped().array());
    picture.pairs.push_back(std::move(pair));
  };
  const auto pair_kernels = [&](Index k, Index count) {
    return kernels(cloud.x.col(k), pair_width * scale(k), ranges[k], count);
  };
  const Index first = std::min(options.first, options.second), second = std::max(options.first, options.second);
  if (first >= 0 && first < second && second < d) {
    add_pair(first, second, pair_kernels(first, kPairPoints), pair_kernels(second, kPairPoints));
  }
  std::vector<Matrix> corner;
  for (Index k = 0; k < std::min(d, kCornerCoordinates); ++k) {
    corner.push_back(pair_kernels(k, kCornerPoints));
    for (Index j = 0; j < k; ++j) {
      if (j != first || k != second) add_pair(j, k, corner[static_cast<std::size_t>(j)], corner.back());
    }
  }
  picture.exact = false;
}

/// In the range of single precision, and where Φ is undefined or infinite on a level with the highest point.
std::vector<float> clamped(const Vector& value) {
  double lowest = kLargest, highest = -kLargest;
  for (const double v : value) {
    if (!(std::abs(v) < kLargest)) continue;
    lowest = std::min(lowest, v);
    highest = std::max(highest, v);
  }
  if (lowest > highest) lowest = highest = 0.0;
  std::vector<float> values;
  for (const double v : value) {
    values.push_back(static_cast<float>(std::isnan(v) ? highest : std::clamp(v, lowest, highest)));
  }
  return values;
}

Vector evaluate(const Potential& potential, const Points& points, double t) {
  Vector value(points.rows());
  Points gradient(points.rows(), points.cols());
  potential.evaluate(points, t, value, gradient);
  return value;
}

}  // namespace

LawPicture illustrate(const Filter& law, const PictureOptions& options) {
  LawPicture picture;
  picture.time = law.time();
  picture.mean = law.mean();
  picture.quantiles = law.quantiles(kPictureLevels);
  const std::vector<Interval> ranges = ranges_of(law);
  if (law.dimension() == 1) {
    draw_line(law, ranges[0], options.line_points, picture);
  } else if (law.dimension() == 2) {
    draw_plane(law, ranges, options.plane_points, picture);
  } else {
    draw_space(law, ranges, options, picture);
  }
  add_regions(picture);
  return picture;
}

NodeCloud cloud_of(const Filter& law) {
  NodeCloud cloud;
  const auto* jko = dynamic_cast<const JkoFilter*>(&law);
  if (!jko) {
    cloud.x = law.sample(kCloudDraws, 1);
    cloud.weights = Vector::Constant(kCloudDraws, 1.0 / static_cast<double>(kCloudDraws));
    cloud.of = kCloudDraws;
    return cloud;
  }
  const Nodes& nodes = jko->belief().nodes();
  const Index n = nodes.x.rows(), kept = std::min(n, NodeCloud::kMostNodes);
  std::vector<Index> rows(static_cast<std::size_t>(kept));
  for (Index i = 0; i < kept; ++i) rows[static_cast<std::size_t>(i)] = i * n / kept;
  cloud.x = nodes.x(rows, Eigen::all);
  cloud.weights = nodes.weights(rows);
  cloud.weights /= cloud.weights.sum();
  cloud.of = n;
  return cloud;
}

Glide glide_of(const JkoFilter& after) {
  Glide glide;
  const ConvexMap* map = after.belief().last_map();
  const double length = after.last_step().length;
  if (!map || after.dimension() != 1 || !(length > 0.0)) return glide;
  const Points z = even(ranges_of(after)[0], kGlidePoints);
  const MapInverse back = invert(*map, z);
  const Eigen::ArrayXd stretch = back.log_det.array().exp();
  const Eigen::ArrayXd density = after.log_density(z).array().exp() * stretch;
  if (!back.preimage.allFinite() || !stretch.allFinite() || !(stretch > 0.0).all()) return glide;
  glide.begin = after.time() - length;
  glide.end = after.time();
  const Eigen::VectorXf from = back.preimage.cast<float>(), to = z.cast<float>();
  glide.from.assign(from.begin(), from.end());
  glide.to.assign(to.begin(), to.end());
  glide.density = densities(density);
  for (const double value : stretch) glide.stretch.push_back(static_cast<float>(value));
  return glide;
}

SampledCurve sample_potential(const Potential& potential, double t, double low, double high, Index count) {
  return {low, high, clamped(evaluate(potential, even({low, high}, count), t))};
}

SampledField sample_potential(const Potential& potential, double t, double x_low, double x_high, double y_low,
                              double y_high, Index count) {
  const Interval x{x_low, x_high}, y{y_low, y_high};
  SampledField sampled = field(0, 1, x, y, count);
  sampled.values = clamped(evaluate(potential, lattice(x, y, count), t));
  return sampled;
}

}  // namespace jko
