#pragma once
/// Observations whose entries are independent given the state, each of a law with one parameter that is a formula in
/// x0 … x{D-1} and t. Missing entries are skipped.

#include <vector>

#include "jko/expression.hpp"
#include "jko/observation_model.hpp"

namespace jko {

class JKO_API FormulaObservation : public ObservationModel {
 public:
  /// One formula an entry. Throws std::invalid_argument if there is none, or as Expression does.
  FormulaObservation(const std::vector<std::string>& formulas, Index state_dimension);

  Index state_dimension() const override { return state_dimension_; }
  Index observation_dimension() const override { return static_cast<Index>(parameters_.size()); }
  void log_likelihood(PointsView x, const Vector& y, double t, Eigen::Ref<Vector> log_likelihood) const override;
  Vector sample(const Vector& x, double t, RandomEngine& engine) const override;
  bool has_moments() const override { return true; }
  ConditionalMoments moments(PointsView x, double t) const override;
  std::string formula() const override;

 protected:
  /// Replaces each parameter by the log density (or probability) of the entry's being y under it. NaN says undefined.
  virtual void log_density(Index entry, double y, Eigen::Ref<Vector> parameter) const = 0;

  /// One draw of the entry. Throws std::domain_error if there is no law with that parameter.
  virtual double draw(Index entry, double parameter, RandomEngine& engine) const = 0;

  struct EntryMoments {
    double mean, variance;
  };
  /// Those of the entry; NaN if there is no law with that parameter.
  virtual EntryMoments moments_of(Index entry, double parameter) const = 0;

  /// The entry's law, for people: "N(x0, 0.1^2)".
  virtual std::string law(Index entry, const std::string& parameter) const = 0;

 private:
  Index state_dimension_;
  std::vector<Expression> parameters_;
};

}  // namespace jko
