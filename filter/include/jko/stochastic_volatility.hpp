#pragma once
/// Stochastic volatility: the state is the log-variance of what is seen, y_i ~ N(0, exp(x_i)) independently.
/// (Taylor 1982; the daily returns of a share price, for one.)

#include "jko/observation_model.hpp"

namespace jko {

class JKO_API StochasticVolatility final : public ObservationModel {
 public:
  /// One observation for each of the state's coordinates. Throws std::invalid_argument if the dimension is not
  /// positive.
  explicit StochasticVolatility(Index dimension);

  Index state_dimension() const override { return dimension_; }
  Index observation_dimension() const override { return dimension_; }
  void log_likelihood(PointsView x, const Vector& y, double t, Eigen::Ref<Vector> log_likelihood) const override;
  Vector sample(const Vector& x, double t, RandomEngine& engine) const override;
  bool has_moments() const override { return true; }
  ConditionalMoments moments(PointsView x, double t) const override;
  std::string formula() const override;

 private:
  Index dimension_;
};

}  // namespace jko
