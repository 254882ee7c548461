#pragma once
/// How mean and covariance of a diffusion move while its law is taken for normal, X ~ N(m, P):
///
///     m' = -E ∇Φ(X, t),    P' = -(C + Cᵀ) + (2/β) I  with  C = E (X - m) ∇Φ(X, t)ᵀ
///
/// with the expectations of a MomentRule (Jazwinski 1970, section 9.2, for the linearised ones; Särkkä 2007, "On
/// unscented Kalman filtering for state estimation of continuous-time nonlinear systems"). Integrated by the adaptive
/// steps of Dormand and Prince (1980).

#include <vector>

#include "filter/reference/moment_rule.hpp"
#include "jko/gaussian_mixture.hpp"
#include "jko/model.hpp"

namespace jko {

class MomentFlow {
 public:
  MomentFlow(const Model& model, MakeMomentRule make_rule)
      : potential_(model.potential), temperature_(model.temperature()), make_rule_(make_rule) {}

  /// Moves mean and covariance of every component from time `from` to `to`. Returns the number of time steps; 0 if the
  /// equations could not be solved, which leaves the components as they are.
  int move(std::vector<GaussianMixture::Component>& components, double from, double to) const;

 private:
  using State = std::vector<double>;  ///< (m, P), component by component

  void slope(const State& state, State& slope, double t) const;

  std::shared_ptr<const Potential> potential_;
  double temperature_;
  MakeMomentRule make_rule_;
};

}  // namespace jko
