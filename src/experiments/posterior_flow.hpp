#pragma once
/// How the JKO filter finds a posterior: from a normal approximation of it, a few first-order steps of growing τ
/// towards exp(-Φ) of LogisticPosterior, in coordinates in which that approximation is N(0, I).
///
///     PosteriorFlow flow = posterior_flow(posterior, options, seed);
///     Points theta = flow.filter.sample(4096, seed);
///
/// θ = m + S z with m and S of normal_approximation(); the flow starts from z ~ N(0, I), whose steps need to find only
/// what no normal law has, and the part of it that this one gets wrong: skewness, and how w and log α hang together.
/// JKO steps are implicit: however long, they do not overshoot, and as τ grows they tend to the law of least free
/// energy among what the maps can reach. The last map of the chain is z -> m + S z, so the filter's law is that of θ.
///
/// Steps that use a mini-batch have that of ControlledMinibatch around w*.

#include "filter/model/logistic_posterior.hpp"
#include "jko/jko_filter.hpp"

namespace jko {

struct PosteriorFlowOptions {
  JkoOptions jko;             ///< but τ, scheme, chain, hold_out and seed
  double first_step = 100.0;  ///< τ of the first step, in the units of z: Φ's curvature there is about 1
  double growth = 10.0;       ///< each step is so many times as long as the one before
  int steps = 1;              ///< unless two tries in a row fail
  Index batch = 0;            ///< rows of the data in a step; 0: all
  int full_steps = 0;         ///< so many of the last steps use all rows
};

struct PosteriorFlow {
  Model model;                         ///< the posterior of all rows; its initial law is that of z
  JkoFilter filter;                    ///< its law is that of θ
  Vector start_mean, start_deviation;  ///< of the normal approximation, (d + 1)
  int passes = 0;                      ///< over the data, to find m and S
  int steps = 0;                       ///< made
  int iterations = 0;                  ///< of the solver, retries included
  int retries = 0;                     ///< steps that could not be solved, and were made again with a shorter τ
};

/// A law around w = 0 to start chains from: w ~ N(0, c I), with 1/c the mean curvature of the likelihood at w = 0, and
/// log α ~ N(s, 1), with s that of α's mean given |w|² = |c ∇Φ|² + c d: what one step of gradient descent from w = 0
/// would lead to.
GaussianMixture posterior_start(const LogisticPosterior& posterior);

PosteriorFlow posterior_flow(const LogisticPosterior& posterior, const PosteriorFlowOptions& options,
                             std::uint64_t seed);

}  // namespace jko
