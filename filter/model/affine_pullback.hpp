#pragma once
/// A potential in other coordinates: Φ(m + S z), so that what is long and narrow in x is round in z.
///
///     AffinePullback round(potential, mean, root);          // x = m + S z
///     filter.push_forward(round.map());                     // of a law in z: the law in x
///
/// exp(-Φ) dx and exp(-Φ(m + S z)) dz are the same law, since the Jacobian is constant. The gradient flow that leads
/// there is another one: that of the metric |S⁻¹ dx|.

#include "filter/convex_map.hpp"
#include "jko/potential.hpp"

namespace jko {

class AffinePullback final : public Potential {
 public:
  /// `mean` m (D), `root` S (D, D), symmetric, so that z -> m + S z is the gradient of a convex function. Throws
  /// std::invalid_argument if sizes differ or S is not symmetric.
  AffinePullback(std::shared_ptr<const Potential> potential, Vector mean, Matrix root);

  /// z -> m + S z.
  ConvexMap map() const { return ConvexMap::affine(root_, mean_); }

  Index dimension() const override { return mean_.size(); }
  bool time_dependent() const override { return potential_->time_dependent(); }
  void evaluate(PointsView z, double t, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const override;
  std::string formula() const override { return potential_->formula() + " at x = m + S z"; }

 private:
  std::shared_ptr<const Potential> potential_;
  Vector mean_;
  Matrix root_;
};

}  // namespace jko
