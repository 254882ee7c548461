#pragma once
/// The quadratic potential Φ(x) = ½ xᵀA x - bᵀx: the diffusion is the Ornstein-Uhlenbeck process with drift -A x + b.

#include "jko/potential.hpp"

namespace jko {

class JKO_API Quadratic final : public Potential {
 public:
  /// Throws std::invalid_argument if A is not symmetric, sizes differ or a number is not finite. A need not be positive
  /// definite, though the process has a stationary law only then.
  Quadratic(Matrix A, Vector b);

  const Matrix& A() const { return A_; }
  const Vector& b() const { return b_; }

  Index dimension() const override { return b_.size(); }
  void evaluate(PointsView x, double t, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const override;
  void gradient(PointsView x, double t, Eigen::Ref<Points> gradient) const override;
  bool single_precision() const override { return true; }
  void gradient_single(SinglePointsView x, double t, Eigen::Ref<SinglePoints> gradient) const override;
  std::string formula() const override;

 private:
  Matrix A_;
  Vector b_;
  Eigen::MatrixXf A_single_;
  Eigen::VectorXf b_single_;
};

}  // namespace jko
