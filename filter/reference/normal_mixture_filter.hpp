#pragma once
/// What filters have in common whose law is a mixture of normal laws (mostly of a single one): moments, quantiles,
/// density and samples. A filter derives from it and moves and reweights the components.

#include <vector>

#include "jko/filter.hpp"
#include "jko/gaussian_mixture.hpp"

namespace jko {

class NormalMixtureFilter : public Filter {
 public:
  double time() const override { return time_; }
  Index dimension() const override { return law_.dimension(); }
  Vector mean() const override { return law_.mean(); }
  Matrix covariance() const override { return law_.covariance(); }
  Matrix quantiles(const std::vector<double>& levels) const override;
  Vector log_density(PointsView points) const override { return law_.log_density(points); }
  Points sample(Index count, std::uint64_t seed) const override { return law_.sample(count, seed, 0); }

 protected:
  using Component = GaussianMixture::Component;

  NormalMixtureFilter(GaussianMixture law, double time) : law_(std::move(law)), time_(time) {}

  const GaussianMixture& law() const { return law_; }

  /// Makes the components the law: covariances are made symmetric, components without weight left out. Returns false,
  /// and keeps the law that was, if a number is not finite or a covariance not positive definite.
  bool replace_law(std::vector<Component> components);

  void set_time(double t) { time_ = t; }

 private:
  GaussianMixture law_;
  double time_;
};

}  // namespace jko
