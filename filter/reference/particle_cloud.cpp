#include "filter/reference/particle_cloud.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <boost/math/constants/constants.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "filter/random.hpp"

namespace jko {
namespace {

constexpr Index kKernels = 4000;

/// Indices of the particles in the order of a coordinate.
std::vector<Index> sorted_by(const Points& x, Index coordinate) {
  std::vector<Index> order(static_cast<std::size_t>(x.rows()));
  std::iota(order.begin(), order.end(), Index{0});
  std::sort(order.begin(), order.end(), [&](Index a, Index b) { return x(a, coordinate) < x(b, coordinate); });
  return order;
}

}  // namespace

std::vector<Index> systematic(const Vector& weights, Index count, double offset) {
  std::vector<Index> chosen(static_cast<std::size_t>(count));
  const double total = weights.sum();
  Index last = weights.size() - 1;
  while (last > 0 && weights(last) == 0.0) --last;  // rounding must not choose what has no weight
  double cumulative = weights(0);
  Index i = 0;
  for (Index k = 0; k < count; ++k) {
    const double level = (static_cast<double>(k) + offset) / static_cast<double>(count) * total;
    while (cumulative <= level && i < last) cumulative += weights(++i);
    chosen[k] = i;
  }
  return chosen;
}

Matrix ParticleCloud::covariance() const {
  const Points centred = x.rowwise() - mean().transpose();
  return centred.transpose() * weights.asDiagonal() * centred;
}

Matrix ParticleCloud::quantiles(const std::vector<double>& levels) const {
  Matrix result(static_cast<Index>(levels.size()), x.cols());
  for (Index k = 0; k < x.cols(); ++k) {
    const std::vector<Index> order = sorted_by(x, k);
    for (std::size_t q = 0; q < levels.size(); ++q) {
      double cumulative = 0.0;
      Index i = 0;
      while (i + 1 < x.rows() && cumulative + weights(order[i]) < levels[q]) cumulative += weights(order[i++]);
      result(static_cast<Index>(q), k) = x(order[i], k);
    }
  }
  return result;
}

Vector ParticleCloud::log_density(const Points& points) const {
  const Index d = x.cols(), kernels = std::min(kKernels, x.rows());
  const std::vector<Index> order = sorted_by(x, 0);
  const Points ordered = x(order, Eigen::all);
  const Points centres = ordered(systematic(weights(order), kernels, 0.5), Eigen::all);

  const double n = std::min(effective_sample_size(), static_cast<double>(kernels));
  const double factor = std::pow(4.0 / (static_cast<double>(d + 2) * n), 1.0 / static_cast<double>(d + 4));
  // A law that has collapsed onto one particle is still given some width.
  const double least = 1e-12 * (1.0 + x.cwiseAbs().maxCoeff());
  const Eigen::LLT<Matrix> llt(factor * factor * covariance() + least * least * Matrix::Identity(d, d));
  const Points z = llt.matrixL().solve(points.transpose()).transpose();
  const Points c = llt.matrixL().solve(centres.transpose()).transpose();
  const double normaliser = std::log(static_cast<double>(kernels)) +
                            0.5 * static_cast<double>(d) * std::log(boost::math::constants::two_pi<double>()) +
                            Matrix(llt.matrixL()).diagonal().array().log().sum();
  Vector result(points.rows());
#pragma omp parallel for schedule(static)
  for (Index i = 0; i < points.rows(); ++i) {
    const Vector exponent = -0.5 * (c.rowwise() - z.row(i)).rowwise().squaredNorm();
    const double top = exponent.maxCoeff();
    result(i) = top + std::log((exponent.array() - top).exp().sum()) - normaliser;
  }
  return result;
}

Points ParticleCloud::sample(Index count, std::uint64_t seed) const {
  Matrix uniform(count, 1);
  fill_uniform(seed, 0, uniform);
  Vector cumulative(weights.size());
  std::partial_sum(weights.begin(), weights.end(), cumulative.begin());
  std::vector<Index> chosen(static_cast<std::size_t>(count));
  for (Index i = 0; i < count; ++i) {
    const double level = uniform(i) * cumulative(cumulative.size() - 1);
    const Index k = std::upper_bound(cumulative.begin(), cumulative.end(), level) - cumulative.begin();
    chosen[i] = std::min(k, weights.size() - 1);
  }
  return x(chosen, Eigen::all);
}

}  // namespace jko
