#pragma once
/// A mini-batch of a logistic posterior without most of its noise: a control variate from one expansion of all rows.
///
///     LikelihoodExpansion all = posterior.expand_likelihood(w_star);              // once
///     ControlledMinibatch noisy(posterior.minibatch(16384, seed, step), all);     // each step
///
///     Φ̂(w, s) = Φ_batch(w, s) + T_all(w) - T_batch(w)
///
/// with T the Taylor polynomials of second order around w* of what the likelihood adds to Φ. It is unbiased as
/// Φ_batch is, exact at w*, and its noise grows as |w - w*|³, so that where there are many rows, and the posterior is
/// narrow, next to nothing of it is left (control variates for subsampled data: Bardenet, Doucet and Holmes 2017, "On
/// Markov chain Monte Carlo methods for tall data"; Baker et al. 2019, "Control variates for stochastic gradient
/// MCMC"). Far from w* the polynomials win, and Φ̂ may have no lower bound: for laws that are near w* already.

#include "filter/model/logistic_posterior.hpp"

namespace jko {

class ControlledMinibatch final : public Potential {
 public:
  /// Throws std::invalid_argument if `all` is of another number of features.
  ControlledMinibatch(LogisticPosterior batch, const LikelihoodExpansion& all);

  Index dimension() const override { return batch_.dimension(); }
  void evaluate(PointsView theta, double t, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const override;
  std::string formula() const override;

  const LogisticPosterior& batch() const { return batch_; }
  /// What the batch's second order lacks of that of all rows.
  const LikelihoodExpansion& missing() const { return missing_; }

 private:
  LogisticPosterior batch_;
  LikelihoodExpansion missing_;  ///< of all rows, less that of the batch
};

}  // namespace jko
