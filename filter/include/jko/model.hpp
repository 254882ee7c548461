#pragma once
/// A filtering problem: the four parts of its definition.

#include <memory>

#include "jko/gaussian_mixture.hpp"
#include "jko/observation_model.hpp"
#include "jko/potential.hpp"

namespace jko {

/// dX = -∇Φ(X, t) dt + sqrt(2/β) dW,  X(start_time) ~ initial,  y_k ~ g(· | X(t_k)).
struct Model {
  std::shared_ptr<const Potential> potential;
  double beta;  ///< inverse temperature, > 0
  GaussianMixture initial;
  std::shared_ptr<const ObservationModel> observation;
  double start_time = 0.0;

  Index dimension() const { return initial.dimension(); }
  double temperature() const { return 1.0 / beta; }
};

}  // namespace jko
