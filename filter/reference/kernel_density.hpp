#pragma once
/// A Gaussian kernel density of weighted particles; kernels have the particles' covariance, scaled by the square of a
/// bandwidth.
///
///     KernelDensity density(x, weights, mean, covariance, Bandwidth::cross_validated);
///     Vector log_p = density.log_density(points);
///
/// In one and two dimensions all particles count, shared among the cells of a fine grid; in more, some ten thousand
/// that represent them.

#include <Eigen/Cholesky>
#include <cstdint>
#include <vector>

#include "jko/baselines.hpp"
#include "jko/types.hpp"

namespace jko {

/// Indices of `count` of the particles, in order, by systematic resampling (Kitagawa 1996): particle i about count *
/// weights[i] times. `offset` lies in (0, 1); weights need not be normalised.
std::vector<Index> systematic_resample(const Vector& weights, Index count, double offset);

class KernelDensity {
 public:
  /// Particles `x` (N, D) with normalised `weights` (N), and their moments.
  KernelDensity(const Points& x, const Vector& weights, const Vector& mean, const Matrix& covariance, Bandwidth rule);

  /// log density at each row of `points` (N, D); -infinity far from all particles, where it underflows.
  Vector log_density(PointsView points) const;

  /// `count` independent draws of this density, shape (count, D).
  Points sample(Index count, std::uint64_t seed) const;

  /// The bandwidth in units of the law's standard deviation.
  double bandwidth() const { return bandwidth_; }

 private:
  /// The mass of particles on a grid of square cells in whitened coordinates; one column in one dimension.
  struct Grid {
    double low[2] = {0.0, 0.0};  ///< coordinates of the first node
    double width = 1.0;
    Matrix mass;
  };

  Points whitened(PointsView x) const;
  double cross_validated_on_grid(const Points& z, const Vector& weights) const;
  double cross_validated_on_subset(const std::vector<Index>& particle, double count) const;
  double grid_bandwidth() const;
  Vector log_density_on_grid(const Points& z) const;
  Vector log_density_of_centres(const Points& z) const;

  Vector mean_;
  Eigen::LLT<Matrix> root_;  ///< of the covariance: whitened coordinates are L⁻¹ (x - mean)
  double bandwidth_;
  Grid grid_;             ///< in one and two dimensions
  SinglePoints centres_;  ///< in more: whitened
  double log_root_;       ///< log det L
};

}  // namespace jko
