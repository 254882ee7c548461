#pragma once
/// A log-likelihood that the user writes: any formula in x0 … x{D-1}, y0 … y{M-1} and t, normalising constants included
/// if the evidence is to mean something.
///
///     ExpressionLikelihood robust("-2.5*log1p((y0 - x0)**2 / 0.64)", 1, 1);
///
/// Such a formula cannot be integrated over one of its y in general, so that an observation with any missing entry is
/// skipped as a whole: its log-likelihood is 0.

#include "jko/expression.hpp"
#include "jko/observation_model.hpp"

namespace jko {

class JKO_API ExpressionLikelihood final : public ObservationModel {
 public:
  /// Throws std::invalid_argument as Expression does.
  ExpressionLikelihood(const std::string& formula, Index state_dimension, Index observation_dimension);

  Index state_dimension() const override { return state_dimension_; }
  Index observation_dimension() const override { return observation_dimension_; }
  void log_likelihood(PointsView x, const Vector& y, double t, Eigen::Ref<Vector> log_likelihood) const override;

  bool can_sample() const override { return false; }
  /// Throws std::logic_error: nothing is known of the law but its density.
  Vector sample(const Vector& x, double t, RandomEngine& engine) const override;

  std::string formula() const override { return "log g = " + expression_.formula(); }

 private:
  Index state_dimension_;
  Index observation_dimension_;
  Expression expression_;
};

}  // namespace jko
