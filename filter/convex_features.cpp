#include "filter/convex_features.hpp"

#include <cmath>

#include "filter/random.hpp"

namespace jko {
namespace {

// On a line: how far a unit's bump reaches over its neighbours'. Wide bumps are smooth together; too wide ones cannot be
// told apart.
const double kOverlap = getenv("OV") ? atof(getenv("OV")) : 1.6;
// In more dimensions: steepness in whitened coordinates.
constexpr double kSteepness = 2.0;

}  // namespace

ConvexFeatures::ConvexFeatures(const Frame& frame, Index width, std::uint64_t seed) : frame_(frame) {
  const Index d = dimension();
  // Directions whose squares span the symmetric matrices: the axes and, between each two of them, both diagonals.
  quadratic_ = d * d;
  directions_.resize(quadratic_ + width, d);
  offsets_.resize(width);
  Index at = 0;
  for (Index i = 0; i < d; ++i) {
    directions_.row(at++) = Vector::Unit(d, i);
    for (Index j = 0; j < i; ++j) {
      directions_.row(at++) = (Vector::Unit(d, i) + Vector::Unit(d, j)) / std::sqrt(2.0);
      directions_.row(at++) = (Vector::Unit(d, i) - Vector::Unit(d, j)) / std::sqrt(2.0);
    }
  }
  const double range = frame_.reach * (d == 1 ? 1.05 : 1.0);
  if (d == 1) {
    const double steepness = std::max(1.0, kOverlap * width / (2.0 * range));
    directions_.bottomRows(width).setConstant(steepness);
    for (Index h = 0; h < width; ++h) offsets_(h) = -steepness * range * (2.0 * (h + 0.5) / width - 1.0);
    kappa_ = frame_.scale * frame_.scale * range / (steepness * width);
  } else {
    const Points direction = quasi_standard_normal(width, d, seed);
    const Points offset = quasi_uniform(width, 1, seed + 1);
    for (Index h = 0; h < width; ++h) {
      directions_.row(at + h) = kSteepness * direction.row(h) / direction.row(h).norm();
      offsets_(h) = kSteepness * range * (2.0 * offset(h) - 1.0);
    }
    kappa_ = frame_.scale * frame_.scale * range * d / (kSteepness * width);
  }
  // The quadratic units keep the units of x, the hidden ones see whitened input.
  directions_.bottomRows(width) *= frame_.whitening;
}

void ConvexFeatures::evaluate(PointsView x, Matrix& r, Matrix& s) const {
  const Points centred = x.rowwise() - frame_.center.transpose();
  const Index hidden = units() - quadratic_;
  r.noalias() = centred * directions_.transpose();
  s.resize(r.rows(), r.cols());
  s.leftCols(quadratic_).setOnes();
  auto a = r.rightCols(hidden).array();
  a.rowwise() += offsets_.transpose().array();
  a = (1.0 + (-a.max(-700.0)).exp()).inverse();
  s.rightCols(hidden) = kappa_ * a * (1.0 - a);
  a *= kappa_;
}

Vector ConvexFeatures::start() const {
  Vector u = Vector::Zero(units());
  for (Index i = 0; i < dimension(); ++i) u(axis(i)) = 0.5;
  u.tail(units() - quadratic_).setOnes();
  return u;
}

ConvexMap<double> ConvexFeatures::map(const Vector& shift, const Vector& u) const {
  const Index d = dimension(), hidden = units() - quadratic_;
  const auto g = directions_.topRows(quadratic_);
  ConvexMap<double> map = ConvexMap<double>::zero(d, {hidden});
  map.Q = g.transpose() * u.head(quadratic_).asDiagonal() * g + kFloor * Matrix::Identity(d, d);
  map.c = shift - g.transpose() * u.head(quadratic_).asDiagonal() * (g * frame_.center);
  auto& layer = map.layers.front();
  layer.A = directions_.bottomRows(hidden);
  layer.b = offsets_ - layer.A * frame_.center;
  layer.w = kappa_ * u.tail(hidden);
  return map;
}

}  // namespace jko
