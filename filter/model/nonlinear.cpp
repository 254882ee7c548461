#include "jko/nonlinear.hpp"

#include <boost/math/special_functions/gamma.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/student_t_distribution.hpp>
#include <cmath>
#include <stdexcept>

#include "filter/model/text.hpp"

namespace jko {
namespace {

const double kPi = 3.14159265358979323846;

}  // namespace

NonlinearObservation::NonlinearObservation(const std::vector<std::string>& formulas, Index state_dimension, Noise noise)
    : FormulaObservation(formulas, state_dimension), noise_(std::move(noise)) {
  if (noise_.scale.size() != observation_dimension()) {
    throw std::invalid_argument("observation noise: " + std::to_string(noise_.scale.size()) + " scales for " +
                                std::to_string(observation_dimension()) + " formulas");
  }
  if (!noise_.scale.allFinite() || !(noise_.scale.array() > 0.0).all()) {
    throw std::invalid_argument("observation noise: a scale is not positive");
  }
  if (noise_.law == Noise::Law::student_t &&
      !(std::isfinite(noise_.degrees_of_freedom) && noise_.degrees_of_freedom > 0.0)) {
    throw std::invalid_argument("observation noise: the degrees of freedom are not positive");
  }
}

void NonlinearObservation::log_density(Index entry, double y, Eigen::Ref<Vector> parameter) const {
  const double s = noise_.scale[entry], nu = noise_.degrees_of_freedom;
  const auto z = (y - parameter.array()) / s;
  if (noise_.law == Noise::Law::gaussian) {
    parameter = -0.5 * z.square() - 0.5 * std::log(2.0 * kPi) - std::log(s);
  } else {
    const double log_normaliser =
        boost::math::lgamma(0.5 * (nu + 1.0)) - boost::math::lgamma(0.5 * nu) - 0.5 * std::log(nu * kPi) - std::log(s);
    parameter = log_normaliser - 0.5 * (nu + 1.0) * (z.square() / nu).log1p();
  }
}

double NonlinearObservation::draw(Index entry, double parameter, RandomEngine& engine) const {
  if (!std::isfinite(parameter)) throw std::domain_error("an observation's formula is undefined at the state");
  const double noise = noise_.law == Noise::Law::gaussian
                           ? boost::random::normal_distribution<double>()(engine)
                           : boost::random::student_t_distribution<double>(noise_.degrees_of_freedom)(engine);
  return parameter + noise_.scale[entry] * noise;
}

FormulaObservation::EntryMoments NonlinearObservation::moments_of(Index entry, double parameter) const {
  const double nu = noise_.degrees_of_freedom, square = noise_.scale[entry] * noise_.scale[entry];
  return {parameter, noise_.law == Noise::Law::gaussian ? square : square * nu / (nu - 2.0)};
}

std::string NonlinearObservation::law(Index entry, const std::string& parameter) const {
  const std::string scale = to_text(noise_.scale[entry]);
  if (noise_.law == Noise::Law::gaussian) return "N(" + parameter + ", " + scale + "^2)";
  return parameter + " + " + scale + "*student_t(" + to_text(noise_.degrees_of_freedom) + ")";
}

}  // namespace jko
