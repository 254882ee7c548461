#pragma once
/// Linear observations with Gaussian noise: y = H x + N(0, R). Of a partial observation the missing entries are
/// integrated out, which leaves the rows of H and the block of R that belong to the entries seen.

#include "jko/observation_model.hpp"

namespace jko {

class JKO_API LinearGaussian final : public ObservationModel {
 public:
  /// H has shape (observation, state). Throws std::invalid_argument if sizes differ, a number is not finite, or R is
  /// not symmetric positive definite.
  LinearGaussian(Matrix H, Matrix R);

  const Matrix& H() const { return H_; }
  const Matrix& R() const { return R_; }

  Index state_dimension() const override { return H_.cols(); }
  Index observation_dimension() const override { return H_.rows(); }
  void log_likelihood(PointsView x, const Vector& y, double t, Eigen::Ref<Vector> log_likelihood) const override;
  Vector sample(const Vector& x, double t, RandomEngine& engine) const override;
  bool has_moments() const override { return true; }
  ConditionalMoments moments(PointsView x, double t) const override;
  std::string formula() const override;

 private:
  Matrix H_;
  Matrix R_;
  Matrix R_root_;  ///< lower L with R = L Lᵀ
};

}  // namespace jko
