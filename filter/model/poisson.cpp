#include "jko/poisson.hpp"

#include <boost/math/special_functions/gamma.hpp>
#include <boost/random/poisson_distribution.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>

namespace jko {

void PoissonObservation::log_density(Index, double y, Eigen::Ref<Vector> parameter) const {
  const auto rate = parameter.array();
  if (!std::isfinite(y) || y < 0.0 || y != std::floor(y)) {
    parameter.setConstant(-std::numeric_limits<double>::infinity());
  } else if (y == 0.0) {
    parameter = (rate >= 0.0).select(-rate, std::numeric_limits<double>::quiet_NaN());
  } else {
    parameter = y * rate.log() - rate - boost::math::lgamma(y + 1.0);
  }
}

double PoissonObservation::draw(Index, double parameter, RandomEngine& engine) const {
  if (!(parameter >= 0.0 && parameter < 1e15)) {
    throw std::domain_error("a Poisson rate is negative, undefined or above 1e15 at the state");
  }
  if (parameter == 0.0) return 0.0;
  return static_cast<double>(boost::random::poisson_distribution<std::int64_t, double>(parameter)(engine));
}

FormulaObservation::EntryMoments PoissonObservation::moments_of(Index, double parameter) const {
  const double rate = parameter >= 0.0 ? parameter : std::numeric_limits<double>::quiet_NaN();
  return {rate, rate};
}

std::string PoissonObservation::law(Index, const std::string& parameter) const { return "Poisson(" + parameter + ")"; }

}  // namespace jko
