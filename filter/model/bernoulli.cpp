#include "jko/bernoulli.hpp"

#include <boost/random/uniform_01.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace jko {

void BernoulliObservation::log_density(Index, double y, Eigen::Ref<Vector> parameter) const {
  if (y != 0.0 && y != 1.0) {
    parameter.setConstant(-std::numeric_limits<double>::infinity());
    return;
  }
  // log sigmoid(z) = min(z, 0) - log(1 + exp(-|z|)), and log(1 - sigmoid(z)) is that of -z.
  const Vector z = (y == 1.0 ? 1.0 : -1.0) * parameter;
  parameter = z.array().isNaN().select(z, z.array().min(0.0) - (-z.array().abs()).exp().log1p());
}

double BernoulliObservation::draw(Index, double parameter, RandomEngine& engine) const {
  if (std::isnan(parameter)) throw std::domain_error("a Bernoulli logit is undefined at the state");
  return boost::random::uniform_01<double>()(engine) < 1.0 / (1.0 + std::exp(-parameter)) ? 1.0 : 0.0;
}

FormulaObservation::EntryMoments BernoulliObservation::moments_of(Index, double parameter) const {
  const double p = 1.0 / (1.0 + std::exp(-parameter)), q = 1.0 / (1.0 + std::exp(parameter));
  return {p, p * q};
}

std::string BernoulliObservation::law(Index, const std::string& parameter) const {
  return "Bernoulli(sigmoid(" + parameter + "))";
}

}  // namespace jko
