#pragma once
/// The potential Φ = -log p of a Gaussian mixture p, which at β = 1 is the law that the diffusion tends to.

#include "jko/gaussian_mixture.hpp"
#include "jko/potential.hpp"

namespace jko {

class JKO_API MixturePotential final : public Potential {
 public:
  explicit MixturePotential(GaussianMixture law) : law_(std::move(law)) {}

  const GaussianMixture& law() const { return law_; }

  Index dimension() const override { return law_.dimension(); }
  void evaluate(PointsView x, double t, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const override;
  std::string formula() const override;

 private:
  GaussianMixture law_;
};

}  // namespace jko
