#include "filter/density/grid_anchor.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "filter/density/cubic_interpolation.hpp"
#include "filter/state_checks.hpp"

namespace jko {
namespace {

// Values are floored below the largest one: interpolation through much deeper ones would ring.
constexpr double kDepth = 200.0;

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

GridAnchor::GridAnchor(const AnchorState& state)
    : box_{state.center, state.axes, state.low, state.high}, values_(state.values) {
  require_vector(box_.center, 2, "a grid's centre");
  require_shape(box_.axes, 2, 2, "a grid's axes");
  require_vector(box_.low, 2, "a grid's bounds");
  require_vector(box_.high, 2, "a grid's bounds");
  require_state((box_.high - box_.low).minCoeff() > 0.0, "a grid's bounds, which must rise");
  for (const Index count : state.counts) require_state(count >= 4 && count <= 10'000, "a grid's size");
  counts_ << static_cast<int>(state.counts[0]), static_cast<int>(state.counts[1]);
  require_vector(values_, state.counts[0] * state.counts[1], "a grid's values");
  inverse_axes_ = box_.axes.inverse();
  require_state(inverse_axes_.allFinite(), "a grid's axes, which are singular");
  spacing_ = ((box_.high - box_.low).array() / (counts_.array() - 1).cast<double>()).matrix();
}

AnchorState GridAnchor::state() const {
  AnchorState state;
  state.kind = AnchorState::grid;
  state.center = box_.center;
  state.axes = box_.axes;
  state.low = box_.low;
  state.high = box_.high;
  state.counts[0] = counts_(0);
  state.counts[1] = counts_(1);
  state.values = values_;
  return state;
}

Vector GridAnchor::log_density(PointsView points) const {
  const Points z = (points.rowwise() - box_.center.transpose()) * inverse_axes_.transpose();
  Vector result(points.rows());
  for (Index i = 0; i < points.rows(); ++i) {
    if (z.row(i).hasNaN()) {  // it has no place on the grid
      result(i) = std::numeric_limits<double>::quiet_NaN();
      continue;
    }
    std::array<double, 2> at;
    double outside = 0.0;
    for (int k = 0; k < 2; ++k) {
      const double inside = std::clamp(z(i, k), box_.low(k), box_.high(k));
      const double away = std::abs(z(i, k) - inside);
      // Beyond the box a Gaussian tail in whitened coordinates, whose slope at the edge is that of a law a box wide.
      outside += away * (0.5 * away + 0.5 * (box_.high(k) - box_.low(k)));
      at[k] = (inside - box_.low(k)) / spacing_(k);
    }
    result(i) = interpolate_log_density(values_.data(), counts_(0), {counts_(0), counts_(1)}, at) - outside;
  }
  return result;
}

}  // namespace jko
