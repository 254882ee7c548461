#include "filter/convex_features.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <boost/math/constants/constants.hpp>
#include <cmath>

#include "filter/random.hpp"

namespace jko {
namespace {

// How far a unit's bump reaches over its neighbours'. Wide bumps are smooth together; too wide ones cannot be told
// apart.
constexpr double kOverlap = 1.6;
constexpr double kMargin = 1.05;  // bumps reach a little beyond the nodes

// Sums of functions along too few directions cannot follow a law that is bent, along too many each has too few bumps.
constexpr Index kBumps = 18, kFewest = 4, kMost = 16;

/// Unit vectors along which features vary, in coordinates of unit variance: a fan in the plane; in more dimensions the
/// axes, along which most potentials vary, and as many quasi-random directions.
Matrix fan(Index dimension, Index width, std::uint64_t seed) {
  if (dimension == 1) return Matrix::Ones(1, 1);
  if (dimension == 2) {
    const Index count = std::clamp((width + kBumps / 2) / kBumps, kFewest, kMost);
    const Vector angle = Vector::LinSpaced(count + 1, 0.0, boost::math::constants::pi<double>()).head(count);
    Matrix directions(count, 2);
    directions << angle.array().cos(), angle.array().sin();
    return directions;
  }
  Matrix directions(2 * dimension, dimension);
  directions << Matrix::Identity(dimension, dimension),
      quasi_standard_normal(dimension, dimension, seed).rowwise().normalized();
  return directions;
}

}  // namespace

ConvexFeatures::ConvexFeatures(PointsView nodes, const Vector& weights, Index width, std::uint64_t seed)
    : frame_(Frame::of(nodes, weights)) {
  const Index d = dimension();
  // Directions whose squares span the symmetric matrices: the axes and, between each two of them, both diagonals.
  quadratic_ = d * d;
  directions_.resize(count(d, width), d);
  offsets_.resize(width);
  Index at = 0;
  for (Index i = 0; i < d; ++i) {
    directions_.row(at++) = Vector::Unit(d, i);
    for (Index j = 0; j < i; ++j) {
      directions_.row(at++) = (Vector::Unit(d, i) + Vector::Unit(d, j)) / std::sqrt(2.0);
      directions_.row(at++) = (Vector::Unit(d, i) - Vector::Unit(d, j)) / std::sqrt(2.0);
    }
  }
  // Along each direction evenly spaced bumps share the nodes' range; together they carry half of the identity's
  // curvature.
  const Matrix covariance = (frame_.whitening.transpose() * frame_.whitening).inverse();
  const Vector deviation = covariance.diagonal().cwiseSqrt();
  const Matrix along = fan(d, width, seed) * deviation.cwiseInverse().asDiagonal();
  kappa_.resize(width);
  for (Index k = 0, h = 0; k < along.rows(); ++k) {
    const Index bumps = (k + 1) * width / along.rows() - h;
    if (bumps > 0) fans_.push_back({quadratic_ + h, bumps});
    const double spread = std::sqrt(along.row(k) * covariance * along.row(k).transpose());
    const Eigen::VectorXd place = (nodes.rowwise() - frame_.center.transpose()) * along.row(k).transpose() / spread;
    const double middle = 0.5 * (place.minCoeff() + place.maxCoeff());
    // A law of unit variance reaches at least one to both sides of its middle, but for rounding.
    const double range = kMargin * std::max(1.0, 0.5 * (place.maxCoeff() - place.minCoeff()));
    const double steepness = std::max(1.0, kOverlap * static_cast<double>(bumps) / (2.0 * range));
    const double share = static_cast<double>(d) / static_cast<double>(along.rows());
    for (Index i = 0; i < bumps; ++i, ++h) {
      const double bump = middle + range * (2.0 * (static_cast<double>(i) + 0.5) / static_cast<double>(bumps) - 1.0);
      directions_.row(quadratic_ + h) = steepness / spread * along.row(k);
      offsets_(h) = -steepness * bump;
      kappa_(h) =
          share * range / (steepness * static_cast<double>(bumps)) * spread * spread / along.row(k).squaredNorm();
    }
  }
}

void ConvexFeatures::evaluate(PointsView x, Matrix& r, Matrix& s) const {
  const Points centred = x.rowwise() - frame_.center.transpose();
  const Index n = x.rows();
  r.resize(n, units());
  s.resize(n, units());
  r.leftCols(quadratic_).noalias() = centred * directions_.topRows(quadratic_).transpose();
  s.leftCols(quadratic_).setOnes();
  Eigen::ArrayXd decay(n);
  for (const Fan& fan : fans_) {
    const auto along = (centred * directions_.row(fan.first).transpose()).array();
    // exp(-a_h) = exp(-a_first) exp(b_first - b_h)
    const Index hidden = fan.first - quadratic_;
    decay = (-(along + offsets_(hidden)).max(-600.0).min(600.0)).exp();
    for (Index h = hidden; h < hidden + fan.count; ++h) {
      const double shift = std::exp(offsets_(hidden) - offsets_(h)), scale = kappa_(h);
      auto r_h = r.col(quadratic_ + h).array();
      r_h = (1.0 + shift * decay).inverse();
      s.col(quadratic_ + h).array() = scale * r_h * (1.0 - r_h);
      r_h *= scale;
    }
  }
}

Vector ConvexFeatures::start() const {
  Vector u = Vector::Zero(units());
  const bool sparse = dimension() > 2;  // hidden units are priced then (newton_step.cpp), and start from nothing
  for (Index i = 0; i < dimension(); ++i) u(axis(i)) = sparse ? 1.0 - kFloor : 0.5;
  if (!sparse) u.tail(units() - quadratic_).setOnes();
  return u;
}

ConvexMap ConvexFeatures::map(const Vector& shift, const Vector& u) const {
  const Index d = dimension(), hidden = units() - quadratic_;
  const auto g = directions_.topRows(quadratic_);
  // Units without weight are left out: whoever goes through the map later does not pay for them.
  std::vector<Index> used;
  for (Index h = 0; h < hidden; ++h) {
    if (u(quadratic_ + h) > 0.0) used.push_back(h);
  }
  ConvexMap map = ConvexMap::zero(d, {static_cast<Index>(used.size())});
  map.Q = g.transpose() * u.head(quadratic_).asDiagonal() * g + kFloor * Matrix::Identity(d, d);
  map.c = shift - g.transpose() * u.head(quadratic_).asDiagonal() * (g * frame_.center);
  auto& layer = map.layers.front();
  layer.A = directions_.bottomRows(hidden)(used, Eigen::all);
  layer.b = offsets_(used) - layer.A * frame_.center;
  layer.w = kappa_(used).cwiseProduct(u.tail(hidden)(used));
  return map;
}

}  // namespace jko
