#include "jko/expression_potential.hpp"

namespace jko {

ExpressionPotential::ExpressionPotential(const std::string& formula, Index dimension)
    : dimension_(dimension), expression_(formula, dimension, {"t"}) {}

void ExpressionPotential::evaluate(PointsView x, double t, Eigen::Ref<Vector> value,
                                   Eigen::Ref<Points> gradient) const {
  expression_.evaluate(x, Vector::Constant(1, t), value, gradient);
}

}  // namespace jko
