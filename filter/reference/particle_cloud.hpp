#pragma once
/// A law given by weighted particles: moments, quantiles, kernel density and draws.

#include <cstdint>
#include <vector>

#include "filter/types.hpp"

namespace jko {

/// Systematic resampling (Kitagawa 1996): `count` indices, each as often as its share of the weights, by one `offset`
/// in [0, 1). Weights need not be normalised.
std::vector<Index> systematic(const Vector& weights, Index count, double offset);

struct ParticleCloud {
  Points x;        ///< (N, D)
  Vector weights;  ///< (N), of sum 1

  double effective_sample_size() const { return 1.0 / weights.squaredNorm(); }
  Vector mean() const { return x.transpose() * weights; }
  Matrix covariance() const;
  Matrix quantiles(const std::vector<double>& levels) const;  ///< (levels, D)

  /// Gaussian kernels of Silverman's bandwidth around at most 4,000 particles that represent all: on a line at their
  /// quantiles, elsewhere systematically chosen.
  Vector log_density(const Points& points) const;

  /// `count` independent draws, shape (count, D).
  Points sample(Index count, std::uint64_t seed) const;
};

}  // namespace jko
