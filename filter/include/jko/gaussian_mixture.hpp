#pragma once
/// Gaussian mixtures: initial laws, proposals for new nodes, and (as -log density) a potential.
///
///     auto law = GaussianMixture::gaussian(mean, covariance);
///     Vector log_p = law.log_density(points);

#include <cstdint>
#include <vector>

#include "jko/types.hpp"

namespace jko {

class JKO_API GaussianMixture {
 public:
  struct Component {
    double weight = 1.0;
    Vector mean;        ///< (D)
    Matrix covariance;  ///< (D, D), symmetric positive definite
  };

  /// Weights are normalised. Throws std::invalid_argument, saying which component, if there is none, if sizes differ,
  /// if a weight is not positive or if a covariance is not symmetric positive definite.
  explicit GaussianMixture(std::vector<Component> components);

  /// The mixture that had these components(), bit for bit: weights, whose sum must be 1 but for rounding, are taken as
  /// they are. Throws std::invalid_argument also if it is not.
  static GaussianMixture restored(std::vector<Component> components);

  static GaussianMixture gaussian(const Vector& mean, const Matrix& covariance);
  static GaussianMixture standard(Index dimension);

  Index dimension() const { return components_.front().mean.size(); }
  const std::vector<Component>& components() const { return components_; }

  Vector mean() const;
  Matrix covariance() const;

  /// log p at each row of `points` (N, D).
  Vector log_density(PointsView points) const;

  /// The same, and the gradient of log p, shape (N, D).
  void log_density_and_gradient(PointsView points, Eigen::Ref<Vector> log_density, Eigen::Ref<Points> gradient) const;

  /// `count` independent draws, shape (count, D).
  Points sample(Index count, std::uint64_t seed, std::uint64_t stream) const;

  /// `count` quasi-random draws: components take their share of the points in proportion to their weights, and each
  /// component's points have its mean and covariance exactly (if there are at least eight a dimension).
  Points quasi_sample(Index count, std::uint64_t seed) const;

 private:
  struct Factor {
    Matrix lower;           ///< L with covariance = L Lᵀ
    double log_normaliser;  ///< log(weight) - log sqrt((2π)^D det covariance)
  };
  GaussianMixture(std::vector<Component> components, bool normalised);

  std::vector<Component> components_;
  std::vector<Factor> factors_;
};

}  // namespace jko
