#pragma once
/// The potential of LSWGF's filtering task (arXiv 2106.00736, section 4.4), Φ(x) = Σ_d sin(2π x_d)/π + x_d²/4: a
/// parabola with a well at every integer and a quarter below.

#include "jko/potential.hpp"

namespace jko {

class JKO_API SineWell final : public Potential {
 public:
  /// Throws std::invalid_argument if the dimension is not positive.
  explicit SineWell(Index dimension);

  Index dimension() const override { return dimension_; }
  void evaluate(PointsView x, double t, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const override;
  void gradient(PointsView x, double t, Eigen::Ref<Points> gradient) const override;
  bool single_precision() const override { return true; }
  void gradient_single(SinglePointsView x, double t, Eigen::Ref<SinglePoints> gradient) const override;
  std::string formula() const override;

 private:
  Index dimension_;
};

}  // namespace jko
