#pragma once
/// How the JKO filter finds a posterior: few first-order steps of growing τ from a normal law around w = 0, towards
/// exp(-Φ) of LogisticPosterior.
///
///     PosteriorFlow flow = posterior_flow(posterior, options, seed);
///     Points theta = flow.filter.sample(4096, seed);
///
/// JKO steps are implicit: however long, they do not overshoot, and as τ grows they tend to the law of least free
/// energy among what the maps can reach. So the path is of no interest, and only the first steps, where the law moves
/// farthest, need be short.

#include "filter/jko_filter.hpp"
#include "filter/model/logistic_posterior.hpp"

namespace jko {

struct PosteriorFlowOptions {
  JkoOptions jko;           ///< its τ is not used
  double first_step = 1.0;  ///< τ of the first step
  double growth = 10.0;     ///< each step is so many times as long as the one before
  int steps = 4;            ///< at most; retries count
  Index batch = 0;          ///< rows of the data in a step; 0: all
  int full_steps = 1;       ///< so many of the last steps use all rows
};

struct PosteriorFlow {
  Model model;
  JkoFilter filter;
  int steps = 0;       ///< made
  int iterations = 0;  ///< of the solver, retries included
  int retries = 0;     ///< steps that could not be solved, and were made again with a shorter τ
};

/// The law that the flow starts from: w ~ N(0, c I), with 1/c the mean curvature of the likelihood at w = 0, so that no
/// step has to shrink it by much, and log α ~ N(s, 1), with s that of α's mean given |w|² = |c ∇Φ|² + c d: what one
/// step of gradient descent from w = 0 would lead to.
GaussianMixture posterior_start(const LogisticPosterior& posterior);

PosteriorFlow posterior_flow(const LogisticPosterior& posterior, const PosteriorFlowOptions& options,
                             std::uint64_t seed);

}  // namespace jko
