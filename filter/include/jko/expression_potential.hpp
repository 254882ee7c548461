#pragma once
/// A potential that the user writes: any formula in x0 … x{D-1} and t.
///
///     ExpressionPotential potential("x0**4/4 - x0**2/2 + 0.1*sin(t)*x0", 1);

#include "jko/expression.hpp"
#include "jko/potential.hpp"

namespace jko {

class JKO_API ExpressionPotential final : public Potential {
 public:
  /// Throws std::invalid_argument as Expression does.
  ExpressionPotential(const std::string& formula, Index dimension);

  Index dimension() const override { return dimension_; }
  bool time_dependent() const override { return expression_.uses("t"); }

  /// Values and gradients are not finite where the formula is undefined.
  void evaluate(PointsView x, double t, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const override;
  std::string formula() const override { return expression_.formula(); }
  const Expression& expression() const { return expression_; }

 private:
  Index dimension_;
  Expression expression_;
};

}  // namespace jko
