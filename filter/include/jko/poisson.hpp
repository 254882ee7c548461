#pragma once
/// Counts: y_i ~ Poisson(rate_i(x, t)), each rate a formula.
///
///     PoissonObservation spikes({"exp(x0)"}, 1);
///
/// A rate that is negative, infinite or undefined makes any count impossible; a rate of zero makes any but zero so.
/// Data that are no counts (negative, or not whole) are impossible under every state: the log-likelihood is -infinity
/// everywhere, and a filter reports an impossible observation.

#include "jko/formula_observation.hpp"

namespace jko {

class JKO_API PoissonObservation final : public FormulaObservation {
 public:
  using FormulaObservation::FormulaObservation;

 protected:
  void log_density(Index entry, double y, Eigen::Ref<Vector> parameter) const override;
  double draw(Index entry, double parameter, RandomEngine& engine) const override;
  EntryMoments moments_of(Index entry, double parameter) const override;
  std::string law(Index entry, const std::string& parameter) const override;
};

}  // namespace jko
