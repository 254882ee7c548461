#pragma once
/// All of the library. Three objects make it: a Model says what is known beforehand, a Filter takes observations one by
/// one, and its law is what is known now.
///
///     jko::Model model{potential, beta, initial, observation};        // model.hpp
///     jko::JkoFilter filter(model, jko::JkoOptions{});                // jko_filter.hpp; baselines.hpp: the others
///     filter.predict(t);
///     filter.update(y);
///     filter.mean(), filter.quantiles({0.05, 0.95}), filter.log_density(points), filter.sample(1000, seed);
///
/// | header | what it has |
/// |---|---|
/// | filter.hpp | what every filter does, and the summaries of its two steps |
/// | jko_filter.hpp, jko_options.hpp, step_limits.hpp | the filter by JKO steps, what may be chosen, a step at a time |
/// | baselines.hpp | truths and opponents: Kalman, grid, particles, ensemble, … |
/// | model.hpp, gaussian_mixture.hpp | the model, and its initial law |
/// | potential.hpp; quadratic.hpp, double_well.hpp, sine_well.hpp, mixture_potential.hpp | potentials |
/// | observation_model.hpp; linear_gaussian.hpp, stochastic_volatility.hpp, nonlinear.hpp, poisson.hpp, bernoulli.hpp |
/// likelihoods | | expression_potential.hpp, expression_likelihood.hpp | both as formulas, compiled when the program
/// runs | | divergence.hpp, energy_distance.hpp | how far two laws are apart | | engine.hpp | where steps are computed
/// | | version.hpp; types.hpp, config.hpp, export.hpp, random_engine.hpp | the version; what all others share |

#include "jko/baselines.hpp"
#include "jko/bernoulli.hpp"
#include "jko/divergence.hpp"
#include "jko/double_well.hpp"
#include "jko/energy_distance.hpp"
#include "jko/engine.hpp"
#include "jko/expression_likelihood.hpp"
#include "jko/expression_potential.hpp"
#include "jko/filter.hpp"
#include "jko/gaussian_mixture.hpp"
#include "jko/jko_filter.hpp"
#include "jko/linear_gaussian.hpp"
#include "jko/mixture_potential.hpp"
#include "jko/model.hpp"
#include "jko/nonlinear.hpp"
#include "jko/observation_model.hpp"
#include "jko/poisson.hpp"
#include "jko/potential.hpp"
#include "jko/quadratic.hpp"
#include "jko/sine_well.hpp"
#include "jko/stochastic_volatility.hpp"
#include "jko/version.hpp"
