#include "filter/pooled_parametrisation.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <boost/random/discrete_distribution.hpp>
#include <cmath>
#include <numeric>
#include <vector>

#include "filter/random.hpp"

namespace jko {
namespace {

constexpr double kSmallestShare = 1e-6;  // of the nodes: a unit that fewer see stays where it is

/// Where θ holds what.
struct Layout {
  Index d, units;
  Index square() const { return d * d; }
  Index shift() const { return square(); }
  Index planes() const { return shift() + d; }
  Index offsets() const { return planes() + units * d; }
  Index weight() const { return offsets() + units; }
  Index size() const { return weight() + 1; }
};

/// p of a pooled map at each node, (N, units).
Matrix shares(const ConvexMap::Layer& pool, PointsView nodes) {
  Matrix p = (nodes * pool.A.transpose()).rowwise() + pool.b.transpose();
  p.colwise() -= p.rowwise().maxCoeff().eval();
  p = p.array().exp();
  p.array().colwise() /= p.rowwise().sum().array().eval();
  return p;
}

/// The curvature of Φ at most nodes is at most this: by differences of ∇Φ, each along a random direction. Not negative.
double upper_curvature(const JkoStepProblem& problem, const Points& force, double scale, std::uint64_t seed) {
  constexpr double kNudge = 1e-4, kMost = 0.9;
  const Index n = problem.nodes.rows(), d = problem.nodes.cols();
  Points direction(n, d), there(n, d);
  Vector value(n);
  fill_standard_normal(seed, 0, direction);
  direction = direction.rowwise().normalized().eval();
  problem.potential->evaluate(problem.nodes + kNudge * scale * direction, problem.time, value, there);
  std::vector<double> curvatures;
  for (Index i = 0; i < n; ++i) {
    const double curvature = direction.row(i).dot(there.row(i) - force.row(i)) / (kNudge * scale);
    if (std::isfinite(curvature)) curvatures.push_back(curvature);
  }
  if (curvatures.empty()) return 0.0;
  const auto at = curvatures.begin() + static_cast<std::ptrdiff_t>(kMost * static_cast<double>(curvatures.size() - 1));
  std::nth_element(curvatures.begin(), at, curvatures.end());
  return std::max(*at, 0.0);
}

}  // namespace

PooledParametrisation::PooledParametrisation(const ConvexMap& guess, PointsView nodes, const Vector& weights)
    : widths_(guess.widths()) {
  const Index d = nodes.cols();
  const auto& pool = guess.layers.front();
  const Layout at{d, pool.b.size()};
  center_ = nodes.transpose() * weights;
  const Points centred = nodes.rowwise() - center_.transpose();
  scale_ = std::sqrt(std::max(centred.rowwise().squaredNorm().dot(weights) / static_cast<double>(d), 1e-300));
  stretch_ = scale_ * pool.w(0);

  const Matrix p = shares(pool, nodes);
  const Vector share = p.transpose() * weights;
  seen_ = Points::Zero(at.units, d);
  for (Index k = 0; k < at.units; ++k) {
    if (share(k) > kSmallestShare) seen_.row(k) = (p.col(k).cwiseProduct(weights)).transpose() * nodes / share(k);
  }

  const Matrix identity = Matrix::Identity(d, d);
  start_.resize(at.size());
  start_.head(at.square()) = scale_ * Matrix(Eigen::LLT<Matrix>(guess.Q - kMapFloor * identity).matrixL()).reshaped();
  start_.segment(at.shift(), d) = guess.c - center_ + guess.Q * center_;
  start_.segment(at.planes(), at.units * d) = pool.A.reshaped() / scale_;
  start_.segment(at.offsets(), at.units) = pool.b + pool.A.cwiseProduct(seen_).rowwise().sum();
  start_(at.weight()) = stretch_ * std::log(pool.w(0));
}

ConvexMap PooledParametrisation::map(const Vector& theta) const {
  const Layout at{center_.size(), seen_.rows()};
  ConvexMap map;
  const Matrix R = Matrix(theta.head(at.square()).reshaped(at.d, at.d).triangularView<Eigen::Lower>()) / scale_;
  map.Q = R * R.transpose();
  map.Q.diagonal().array() += kMapFloor;
  map.c = center_ - map.Q * center_ + theta.segment(at.shift(), at.d);
  auto& pool = map.layers.emplace_back();
  pool.A = scale_ * theta.segment(at.planes(), at.units * at.d).reshaped(at.units, at.d);
  pool.W.resize(at.units, 0);
  pool.b = theta.segment(at.offsets(), at.units) - pool.A.cwiseProduct(seen_).rowwise().sum();
  pool.w = Vector::Constant(1, std::exp(theta(at.weight()) / stretch_));
  return map;
}

std::vector<Index> PooledParametrisation::order_of(PointsView nodes) const {
  const ConvexMap guess = map(start_);
  const auto& pool = guess.layers.front();
  const Matrix logit = (nodes * pool.A.transpose()).rowwise() + pool.b.transpose();
  std::vector<Index> unit(static_cast<std::size_t>(nodes.rows())), order(unit.size());
  for (Index i = 0; i < nodes.rows(); ++i) logit.row(i).maxCoeff(&unit[static_cast<std::size_t>(i)]);
  std::iota(order.begin(), order.end(), Index(0));
  std::stable_sort(order.begin(), order.end(), [&](Index i, Index j) {
    return unit[static_cast<std::size_t>(i)] < unit[static_cast<std::size_t>(j)];
  });
  return order;
}

Vector PooledParametrisation::pull_back(const Vector& theta, const ConvexMap& d_map) const {
  const Layout at{center_.size(), seen_.rows()};
  const auto& pool = d_map.layers.front();
  Vector gradient(at.size());
  const Matrix R = Matrix(theta.head(at.square()).reshaped(at.d, at.d).triangularView<Eigen::Lower>()) / scale_;
  const Matrix d_Q = d_map.Q - d_map.c * center_.transpose();
  gradient.head(at.square()) = Matrix(((d_Q + d_Q.transpose()) * R).triangularView<Eigen::Lower>()).reshaped() / scale_;
  gradient.segment(at.shift(), at.d) = d_map.c;
  gradient.segment(at.planes(), at.units * at.d) = (scale_ * (pool.A - pool.b.asDiagonal() * seen_)).reshaped();
  gradient.segment(at.offsets(), at.units) = pool.b;
  gradient(at.weight()) = pool.w(0) * std::exp(theta(at.weight()) / stretch_) / stretch_;
  return gradient;
}

ConvexMap tangent_map(const JkoStepProblem& problem, Index width, std::uint64_t seed) {
  constexpr double kSmallest = 0.05;  // eigenvalue of Q in a guess
  const Points& x = problem.nodes;
  const Index n = x.rows(), d = x.cols();
  const double tau = problem.tau_hat;
  Vector value(n);
  Points force(n, d);
  problem.potential->evaluate(x, problem.time, value, force);
  const Vector mean = x.transpose() * problem.weights;
  const Points centred = x.rowwise() - mean.transpose();
  Matrix covariance = centred.transpose() * problem.weights.asDiagonal() * centred;
  covariance.diagonal().array() += 1e-9 * covariance.trace() + 1e-300;
  const double scale = std::sqrt(covariance.trace() / static_cast<double>(d));
  const double curvature = std::min(upper_curvature(problem, force, scale, seed), 0.5 / tau);
  Matrix precision = Eigen::LLT<Matrix>(covariance).solve(Matrix::Identity(d, d));
  precision = 0.5 * (precision + precision.transpose()).eval();

  ConvexMap map;
  map.Q = (1.0 - tau * curvature) * Matrix::Identity(d, d) + tau * problem.temperature * precision;
  map.Q.diagonal().array() = map.Q.diagonal().array().max(kSmallest);
  map.c = -tau * problem.temperature * (precision * mean);
  auto& pool = map.layers.emplace_back();
  pool.A.resize(width, d);
  pool.W.resize(width, 0);
  pool.b.resize(width);
  pool.w = Vector::Constant(1, tau);

  // Planes that differ: each next one with a probability like the squared distance to the nearest so far (Arthur and
  // Vassilvitskii, "k-means++", 2007).
  const Points slope = curvature * x - force;
  RandomEngine engine(seed);
  std::vector<double> distance(static_cast<std::size_t>(n), 1.0);
  for (Index k = 0; k < width; ++k) {
    const Index i = boost::random::discrete_distribution<Index>(distance.begin(), distance.end())(engine);
    pool.A.row(k) = slope.row(i);
    pool.b(k) = 0.5 * curvature * x.row(i).squaredNorm() - value(i) - slope.row(i).dot(x.row(i));
    const Vector squares = (slope.rowwise() - slope.row(i)).rowwise().squaredNorm();
    double sum = 0.0;
    for (Index j = 0; j < n; ++j) {
      const double square = squares(j);
      double& least = distance[static_cast<std::size_t>(j)];
      least = std::isfinite(square) ? (k == 0 ? square : std::min(least, square)) : 0.0;
      sum += least;
    }
    if (!(sum > 0.0)) std::fill(distance.begin(), distance.end(), 1.0);
  }
  return map;
}

}  // namespace jko
