#pragma once
/// A normal law near the posterior of Bayesian logistic regression, to start from and to measure lengths in.
///
///     NormalApproximation near = normal_approximation(posterior);
///     Points theta = (z * near.root).rowwise() + near.mean.transpose();      // z (N, d + 1) ~ N(0, I)
///
/// It is the fixed point of mean-field variational Bayes (Bishop 2006, "Pattern Recognition and Machine Learning",
/// section 10.3) with Laplace's approximation for the weights:
///
///     w ~ N(w*, H⁻¹),   w* = argmin loss(w) + α |w|²/2,   H = ∇² loss(w*) + α I
///     α ~ Gamma(a + d/2, b + E|w|²/2),  E|w|² = |w*|² + tr H⁻¹,  of which α above is the mean
///
/// and log α has its mean and variance under that Gamma law: digamma and trigamma functions. The joint mode of
/// (w, log α) would not do: where data say little it lies at w = 0, far from all mass.

#include "filter/model/logistic_posterior.hpp"

namespace jko {

struct NormalApproximation {
  Vector mean;                     ///< of w, then log α, (d + 1)
  Matrix root;                     ///< S, symmetric and positive definite: the covariance is S S, (d + 1, d + 1)
  LikelihoodExpansion likelihood;  ///< around w*
  double precision = 0.0;          ///< α
  int passes = 0;                  ///< over the data
  bool converged = false;          ///< else what many passes came to, which is a law as well
};

/// Newton's method for w* with steps that are halved until they descend, and a new α after each: one pass over the data
/// a try.
NormalApproximation normal_approximation(const LogisticPosterior& posterior);

}  // namespace jko
