#pragma once
/// Yes or no: y_i is 1 with probability sigmoid(logit_i(x, t)) and 0 otherwise, each logit a formula.
///
///     BernoulliObservation detected({"2 - abs(x0)"}, 1);
///
/// Data other than 0 and 1 are impossible under every state.

#include "jko/formula_observation.hpp"

namespace jko {

class JKO_API BernoulliObservation final : public FormulaObservation {
 public:
  using FormulaObservation::FormulaObservation;

 protected:
  void log_density(Index entry, double y, Eigen::Ref<Vector> parameter) const override;
  double draw(Index entry, double parameter, RandomEngine& engine) const override;
  EntryMoments moments_of(Index entry, double parameter) const override;
  std::string law(Index entry, const std::string& parameter) const override;
};

}  // namespace jko
