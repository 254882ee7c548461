#pragma once
/// The posterior of Bayesian logistic regression, up to its constant: a potential to which rows of data, not a formula,
/// give the shape (Liu and Wang 2016, "Stein variational gradient descent", section 5; Mokrov et al. 2021, "Large-scale
/// Wasserstein gradient flows", section 5.3).
///
///     LogisticPosterior posterior(x, y, {1.0, 0.01});       // x (n, d), y (n) of ±1
///     posterior.evaluate(theta, 0.0, value, gradient);      // theta (N, d + 1): weights w, then log α
///     LogisticPosterior noisy = posterior.minibatch(500, seed, step);   // unbiased for it
///     LikelihoodExpansion near = posterior.expand_likelihood(w);        // its Taylor polynomial of order two
///     Vector p = predictive_probability(x_test, theta);     // p(y = 1 | x), averaged over the rows of theta
///
/// The model is p(y | x, w) = 1/(1 + exp(-y w·x)),  w | α ~ N(0, α⁻¹ I),  α ~ Gamma(shape a, rate b). There is no
/// intercept unless x has a column of ones. In s = log α, whose Jacobian is dα/ds = α,
///
///     Φ(w, s) = Σ_i log(1 + exp(-y_i w·x_i)) + e^s (|w|²/2 + b) - (d/2 + a) s.

#include <cstdint>
#include <memory>

#include "jko/potential.hpp"

namespace jko {

/// The law of the weights' precision α.
struct PrecisionPrior {
  double shape = 1.0;
  double rate = 0.01;  ///< inverse scale: the mean is shape/rate
};

/// The Taylor polynomial of second order around a point of what the likelihood adds to Φ, scale() included.
struct LikelihoodExpansion {
  Vector at;           ///< w, (d)
  double value = 0.0;  ///< Σ_i log(1 + exp(-y_i w·x_i))
  Vector gradient;     ///< (d)
  Matrix hessian;      ///< Σ_i p_i (1 - p_i) x_i x_iᵀ with p_i = p(y_i | x_i, w), (d, d)
};

class LogisticPosterior final : public Potential {
 public:
  /// Throws std::invalid_argument if sizes differ, there are no data, a feature is not finite, a label is neither -1
  /// nor 1, or the prior's numbers are not positive.
  LogisticPosterior(PointsView x, const Vector& y, PrecisionPrior prior = {});

  Index rows() const { return signed_rows_->cols(); }
  Index features() const { return signed_rows_->rows(); }
  const PrecisionPrior& prior() const { return prior_; }
  /// By how much the likelihood of these rows counts: 1, or all rows over those of the mini-batch.
  double scale() const { return scale_; }
  /// y_i x_i, a row of data in each column, (d, n).
  const Matrix& signed_rows() const { return *signed_rows_; }
  /// The mean over w's coordinates of the log likelihood's curvature at w = 0, with the sign of a precision.
  double curvature_at_zero() const;

  Index dimension() const override { return features() + 1; }
  /// On all threads. Costs 4 N n d multiplications and N n exponentials. Where s > 50 the exponential goes on as its
  /// tangent, so that a stray point still has a finite value and a way back.
  void evaluate(PointsView theta, double t, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const override;
  std::string formula() const override;

  /// On all threads, in one pass over the data that costs n d² multiplications. Throws std::invalid_argument if `w` has
  /// not one weight a feature.
  LikelihoodExpansion expand_likelihood(const Vector& w) const;

  /// The posterior of a random subset of the rows, each as likely as any other, whose likelihood is scaled up such that
  /// Φ and ∇Φ are those of all rows on average over subsets. The subset is a function of (seed, step). All rows, if
  /// there are no more than `size`; throws std::invalid_argument if size < 1.
  LogisticPosterior minibatch(Index size, std::uint64_t seed, std::uint64_t step) const;

 private:
  LogisticPosterior(std::shared_ptr<const Matrix> signed_rows, PrecisionPrior prior, double scale);

  /// y_i x_i, shape (d, n): one row of data a column, so that taking a subset copies whole pieces of memory.
  std::shared_ptr<const Matrix> signed_rows_;
  PrecisionPrior prior_;
  double scale_ = 1.0;
};

/// p(y = 1 | x) for each row of `x` (n, d), averaged over the rows of `theta` (N, d + 1), in which log α is ignored.
Vector predictive_probability(PointsView x, PointsView theta);

}  // namespace jko
