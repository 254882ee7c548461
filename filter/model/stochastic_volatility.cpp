#include "jko/stochastic_volatility.hpp"

#include <boost/random/normal_distribution.hpp>
#include <cmath>
#include <stdexcept>

#include "filter/model/undefined.hpp"

namespace jko {

StochasticVolatility::StochasticVolatility(Index dimension) : dimension_(dimension) {
  if (dimension < 1) throw std::invalid_argument("stochastic volatility: the dimension is not positive");
}

void StochasticVolatility::log_likelihood(PointsView x, const Vector& y, double,
                                          Eigen::Ref<Vector> log_likelihood) const {
  const double log_two_pi = 1.8378770664093453;
  log_likelihood.setZero();
  for (Index i = 0; i < dimension_; ++i) {
    if (std::isnan(y[i])) continue;
    // y² exp(-x) as one exponential, since 0 times infinity is no number.
    const double log_square = 2.0 * std::log(std::abs(y[i]));
    log_likelihood.array() -= 0.5 * (log_two_pi + x.col(i).array() + (log_square - x.col(i).array()).exp());
  }
  undefined_is_impossible(log_likelihood);
}

Vector StochasticVolatility::sample(const Vector& x, double, RandomEngine& engine) const {
  boost::random::normal_distribution<double> normal;
  return Vector::NullaryExpr(dimension_, [&](Index i) { return std::exp(0.5 * x[i]) * normal(engine); });
}

ConditionalMoments StochasticVolatility::moments(PointsView x, double) const {
  ConditionalMoments moments{Points::Zero(x.rows(), dimension_), {}};
  for (Index i = 0; i < x.rows(); ++i) moments.covariance.emplace_back(x.row(i).array().exp().matrix().asDiagonal());
  return moments;
}

std::string StochasticVolatility::formula() const {
  std::string text;
  for (Index i = 0; i < dimension_; ++i) {
    const std::string number = std::to_string(i);
    text += (i ? ", y" : "y") + number + " ~ N(0, exp(x" + number + "))";
  }
  return text;
}

}  // namespace jko
