#pragma once
/// What an observation says of the state: the log-likelihood log g(y | x, t).
///
/// An entry of y that is NaN is missing. Models with independent entries skip it, correlated ones marginalise it, and
/// an observation with no entry at all has log-likelihood 0 everywhere. No model ever returns NaN: where g is zero, or
/// where a formula is undefined, the value is -infinity.
///
/// To add one: derive from ObservationModel in a file of this folder, and register its name in src/config_model.cpp.

#include <memory>
#include <string>

#include "filter/random.hpp"
#include "filter/types.hpp"

namespace jko {

class ObservationModel {
 public:
  virtual ~ObservationModel() = default;

  virtual Index state_dimension() const = 0;
  virtual Index observation_dimension() const = 0;

  /// log g(y | x, t) at each row of `x` (N, D); `y` has observation_dimension() entries, `log_likelihood` N. May be
  /// called from several threads at once.
  virtual void log_likelihood(PointsView x, const Vector& y, double t, Eigen::Ref<Vector> log_likelihood) const = 0;

  /// Whether sample() works: a likelihood that is only an expression cannot be drawn from.
  virtual bool can_sample() const { return true; }

  /// One draw of y given the state x (D).
  virtual Vector sample(const Vector& x, double t, RandomEngine& engine) const = 0;

  /// The model as a formula, for people: "y ~ N(x0, 1)".
  virtual std::string formula() const = 0;
};

}  // namespace jko
