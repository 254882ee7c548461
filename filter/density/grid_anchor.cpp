#include "filter/density/grid_anchor.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <cmath>

namespace jko {
namespace {

// Values are floored below the largest one: interpolation through much deeper ones would ring.
constexpr double kDepth = 200.0;

/// Cubic Lagrange weights of the points -1, 0, 1, 2 at t in [0, 1].
std::array<double, 4> cubic_weights(double t) {
  return {-t * (t - 1.0) * (t - 2.0) / 6.0, (t + 1.0) * (t - 1.0) * (t - 2.0) / 2.0, -(t + 1.0) * t * (t - 2.0) / 2.0,
          (t + 1.0) * t * (t - 1.0) / 6.0};
}

}  // namespace

Points LatticeBox::points(const Eigen::VectorXi& counts) const {
  const Index d = center.size();
  Points z(counts.prod(), d);
  Index stride = 1;
  for (Index k = 0; k < d; ++k) {
    const double spacing = (high(k) - low(k)) / (counts(k) - 1);
    for (Index i = 0; i < z.rows(); ++i) z(i, k) = low(k) + spacing * static_cast<double>((i / stride) % counts(k));
    stride *= counts(k);
  }
  return (z * axes.transpose()).rowwise() + center.transpose();
}

double LatticeBox::cell(const Eigen::VectorXi& counts) const {
  return std::abs(axes.determinant()) * ((high - low).array() / (counts.array() - 1).cast<double>()).prod();
}

GridAnchor::GridAnchor(LatticeBox box, const Eigen::VectorXi& counts, Vector log_density)
    : box_(std::move(box)), counts_(counts), values_(std::move(log_density)), inverse_axes_(box_.axes.inverse()) {
  spacing_ = ((box_.high - box_.low).array() / (counts_.array() - 1).cast<double>()).matrix();
  const double top = values_.maxCoeff();
  values_ = values_.unaryExpr([top](double v) { return v > top - kDepth ? v : top - kDepth; });
  values_.array() -= top + std::log((values_.array() - top).exp().sum() * box_.cell(counts));
}

Vector GridAnchor::log_density(PointsView points) const {
  const Points z = (points.rowwise() - box_.center.transpose()) * inverse_axes_.transpose();
  Vector result(points.rows());
  for (Index i = 0; i < points.rows(); ++i) {
    std::array<std::array<double, 4>, 2> weight;
    std::array<int, 2> first;
    double outside = 0.0;
    for (int k = 0; k < 2; ++k) {
      const double inside = std::clamp(z(i, k), box_.low(k), box_.high(k));
      const double away = std::abs(z(i, k) - inside);
      // Beyond the box a Gaussian tail in whitened coordinates, whose slope at the edge is that of a law a box wide.
      outside += away * (0.5 * away + 0.5 * (box_.high(k) - box_.low(k)));
      const double at = (inside - box_.low(k)) / spacing_(k);
      first[k] = std::clamp(static_cast<int>(at) - 1, 0, counts_(k) - 4);
      weight[k] = cubic_weights(at - first[k] - 1.0);
    }
    double value = 0.0;
    for (int b = 0; b < 4; ++b) {
      const double* row = &values_(static_cast<Index>(first[1] + b) * counts_(0) + first[0]);
      value += weight[1][b] * (weight[0][0] * row[0] + weight[0][1] * row[1] + weight[0][2] * row[2] +
                               weight[0][3] * row[3]);
    }
    result(i) = value - outside;
  }
  return result;
}

}  // namespace jko
