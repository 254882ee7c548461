#pragma once
/// Nonlinear observations y_i = h_i(x, t) + noise, each h_i a formula, the noise Gaussian or Student's.
///
///     NonlinearObservation range({"sqrt(x0**2 + x1**2)"}, 2, Noise::gaussian(Vector::Constant(1, 0.1)));

#include "jko/formula_observation.hpp"

namespace jko {

/// Additive noise, independent between entries.
struct Noise {
  enum class Law { gaussian, student_t };
  Law law;
  Vector scale;               ///< of each entry: the standard deviation, or Student's scale
  double degrees_of_freedom;  ///< Student's; the smaller, the heavier the tails

  static Noise gaussian(Vector standard_deviation) { return {Law::gaussian, std::move(standard_deviation), 0.0}; }
  static Noise student_t(Vector scale, double degrees_of_freedom) {
    return {Law::student_t, std::move(scale), degrees_of_freedom};
  }
};

class JKO_API NonlinearObservation final : public FormulaObservation {
 public:
  /// Throws std::invalid_argument if there is not one scale a formula, or if a scale or the degrees of freedom are not
  /// positive.
  NonlinearObservation(const std::vector<std::string>& formulas, Index state_dimension, Noise noise);

  /// Student's noise has a variance only with more than two degrees of freedom.
  bool has_moments() const override { return noise_.law == Noise::Law::gaussian || noise_.degrees_of_freedom > 2.0; }

 protected:
  void log_density(Index entry, double y, Eigen::Ref<Vector> parameter) const override;
  double draw(Index entry, double parameter, RandomEngine& engine) const override;
  EntryMoments moments_of(Index entry, double parameter) const override;
  std::string law(Index entry, const std::string& parameter) const override;

 private:
  Noise noise_;
};

}  // namespace jko
