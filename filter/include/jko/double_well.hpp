#pragma once
/// The double well Φ(x) = Σ_d h_d ((x_d/w_d)² - 1)²: in each coordinate two minima of depth 0 at ±w, and between them a
/// barrier of height h at 0. Jumps from one well to the other take times of the order of exp(β h).

#include "jko/potential.hpp"

namespace jko {

class JKO_API DoubleWell final : public Potential {
 public:
  /// One barrier's height and one well's distance from the barrier for each coordinate. Throws std::invalid_argument if
  /// sizes differ or a number is not positive and finite.
  DoubleWell(Vector height, Vector width);

  const Vector& height() const { return height_; }
  const Vector& width() const { return width_; }

  Index dimension() const override { return height_.size(); }
  void evaluate(PointsView x, double t, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const override;
  void gradient(PointsView x, double t, Eigen::Ref<Points> gradient) const override;
  bool single_precision() const override { return true; }
  void gradient_single(SinglePointsView x, double t, Eigen::Ref<SinglePoints> gradient) const override;
  std::string formula() const override;

 private:
  Vector height_;
  Vector width_;
};

}  // namespace jko
