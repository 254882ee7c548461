#include "jko/formula_observation.hpp"

#include <cmath>
#include <stdexcept>

#include "filter/model/undefined.hpp"

namespace jko {

FormulaObservation::FormulaObservation(const std::vector<std::string>& formulas, Index state_dimension)
    : state_dimension_(state_dimension) {
  if (formulas.empty()) throw std::invalid_argument("an observation needs at least one formula");
  for (const std::string& formula : formulas) {
    parameters_.emplace_back(formula, state_dimension, std::vector<std::string>{"t"});
  }
}

void FormulaObservation::log_likelihood(PointsView x, const Vector& y, double t,
                                        Eigen::Ref<Vector> log_likelihood) const {
  log_likelihood.setZero();
  Vector entry(x.rows());
  for (Index i = 0; i < observation_dimension(); ++i) {
    if (std::isnan(y[i])) continue;
    parameters_[i].evaluate(x, Vector::Constant(1, t), entry);
    log_density(i, y[i], entry);
    log_likelihood += entry;
  }
  undefined_is_impossible(log_likelihood);
}

Vector FormulaObservation::sample(const Vector& x, double t, RandomEngine& engine) const {
  Vector y(observation_dimension()), parameter(1);
  for (Index i = 0; i < y.size(); ++i) {
    parameters_[i].evaluate(x.transpose(), Vector::Constant(1, t), parameter);
    y[i] = draw(i, parameter[0], engine);
  }
  return y;
}

ConditionalMoments FormulaObservation::moments(PointsView x, double t) const {
  const Index n = x.rows(), m = observation_dimension();
  ConditionalMoments moments{Points(n, m), std::vector<Matrix>(static_cast<std::size_t>(n), Matrix::Zero(m, m))};
  Vector parameter(n);
  for (Index k = 0; k < m; ++k) {
    parameters_[k].evaluate(x, Vector::Constant(1, t), parameter);
    for (Index i = 0; i < n; ++i) {
      const EntryMoments entry = moments_of(k, parameter[i]);
      moments.mean(i, k) = entry.mean;
      moments.covariance[i](k, k) = entry.variance;
    }
  }
  return moments;
}

std::string FormulaObservation::formula() const {
  std::string text;
  for (Index i = 0; i < observation_dimension(); ++i) {
    text += (i ? ", y" : "y") + std::to_string(i) + " ~ " + law(i, parameters_[i].formula());
  }
  return text;
}

}  // namespace jko
