#include "jko/expression_likelihood.hpp"

#include <stdexcept>

#include "filter/model/formula.hpp"
#include "filter/model/undefined.hpp"

namespace jko {
namespace {

std::vector<std::string> scalars(Index observation_dimension) {
  auto names = numbered_names("y", static_cast<std::size_t>(observation_dimension));
  names.push_back("t");
  return names;
}

}  // namespace

ExpressionLikelihood::ExpressionLikelihood(const std::string& formula, Index state_dimension,
                                           Index observation_dimension)
    : state_dimension_(state_dimension),
      observation_dimension_(observation_dimension),
      expression_(formula, state_dimension, scalars(observation_dimension)) {}

void ExpressionLikelihood::log_likelihood(PointsView x, const Vector& y, double t,
                                          Eigen::Ref<Vector> log_likelihood) const {
  if (y.hasNaN()) {
    log_likelihood.setZero();
    return;
  }
  Vector scalars(y.size() + 1);
  scalars << y, t;
  expression_.evaluate(x, scalars, log_likelihood);
  undefined_is_impossible(log_likelihood);
}

Vector ExpressionLikelihood::sample(const Vector&, double, RandomEngine&) const {
  throw std::logic_error("a likelihood that is an expression cannot be sampled from");
}

}  // namespace jko
