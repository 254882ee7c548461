#pragma once
/// What the JKO filter is compared with: truths and opponents, each a Filter (jko/filter.hpp).
///
///     std::unique_ptr<Filter> truth = grid_filter(model);                 // D = 1, 2
///     std::unique_ptr<Filter> opponent = particle_filter(model, options);
///
/// Truths: the Kalman filter, where all is linear and normal; a fine grid, in one and two dimensions. All functions
/// here throw std::invalid_argument, in one line, if the method cannot filter the model, or an option is out of range,
/// of which validate() says the same before.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "jko/filter.hpp"
#include "jko/model.hpp"

namespace jko {

/// The exact filter for the Ornstein-Uhlenbeck process with linear Gaussian observations, in any dimension (Kalman
/// 1960, with the continuous process discretised exactly).
JKO_API std::unique_ptr<Filter> kalman_filter(Model model);

struct JKO_API GridOptions {
  Index cells = 0;    ///< along each axis; 0: 2,000 on a line, 200 in the plane
  double step = 0.0;  ///< time step; 0: a fiftieth of the model's shortest time scale (a twentieth in the plane)
  /// Bounds of each axis. Empty: the box around a few thousand unobserved paths up to `horizon`, a third wider on each
  /// side.
  std::vector<std::pair<double, double>> domain;
  double horizon = 100.0;  ///< how long those paths are, in units of the model's time
  std::uint64_t seed = 0;  ///< of those paths

  bool validate(std::string* why = nullptr) const;
};
/// The Fokker-Planck equation on a fine grid (Chang and Cooper 1970; in the plane, Strang splitting of the two axes)
/// and Bayes' rule cell by cell, in one and two dimensions. log_density() is -infinity outside the domain.
JKO_API std::unique_ptr<Filter> grid_filter(Model model, GridOptions options = {});

/// How paths of the diffusion are stepped, with ξ ~ N(0, I) and s = sqrt(2 dt/β).
enum class Integrator {
  euler_maruyama,  ///< x' = x - dt ∇Φ(x) + s ξ: its bias is of the first order in dt
  /// x' = x - dt/2 (∇Φ(x) + ∇Φ(x*)) + s ξ with Euler's x*: of the second (Kloeden and Platen 1992, section 15.1)
  heun,
};

/// How the bandwidth of a kernel density is chosen; n is the effective sample size.
enum class Bandwidth {
  silverman,  ///< (4 / ((D + 2) n))^(1/(D + 4)), the best one for a Gaussian law (Silverman 1986, section 4.3)
  scott,      ///< n^(-1/(D + 4)) (Scott 1992, section 6.3)
  /// That under which the particles, each left out in turn, are the most likely (Habbema et al. 1974): the one that
  /// also suits laws of several modes.
  cross_validated,
};

struct JKO_API ParticleOptions {
  Index particles = 100000;
  double step = 0.0;  ///< of time, at most; 0: one that suits the drift
  Integrator integrator = Integrator::heun;
  double resample_below = 0.5;  ///< resample when the effective sample size falls below this share of the particles
  Bandwidth bandwidth = Bandwidth::cross_validated;  ///< of log_density()
  std::uint64_t seed = 0;

  bool validate(std::string* why = nullptr) const;
};
/// The bootstrap particle filter (Gordon, Salmond and Smith 1993), with systematic resampling and a Gaussian kernel
/// density.
JKO_API std::unique_ptr<Filter> particle_filter(Model model, ParticleOptions options = {});

struct JKO_API AuxiliaryParticleOptions {
  Index particles = 20000;
  double step = 0.0;                                 ///< of time, at most; 0: one that suits the drift
  Bandwidth bandwidth = Bandwidth::cross_validated;  ///< of log_density()
  std::uint64_t seed = 0;

  bool validate(std::string* why = nullptr) const;
};
/// Particles whose noise-free image explains the observation are chosen as ancestors, and moved to it anew (Pitt and
/// Shephard 1999, "Filtering via simulation: auxiliary particle filters").
JKO_API std::unique_ptr<Filter> auxiliary_particle_filter(Model model, AuxiliaryParticleOptions options = {});

struct JKO_API EnsembleKalmanOptions {
  Index members = 1000;
  double step = 0.0;  ///< of time, at most; 0: one that suits the drift
  std::uint64_t seed = 0;

  bool validate(std::string* why = nullptr) const;
};
/// The stochastic ensemble Kalman filter (Evensen 1994; Burgers, van Leeuwen and Evensen 1998). It needs observations
/// that can be sampled.
JKO_API std::unique_ptr<Filter> ensemble_kalman_filter(Model model, EnsembleKalmanOptions options = {});

struct JKO_API GaussianSumOptions {
  Index components = 100;
  std::uint64_t seed = 0;  ///< of where the components are put

  bool validate(std::string* why = nullptr) const;
};
/// A mixture of normal laws, each moved and corrected by itself (Sorenson and Alspach 1971). This filter and the two
/// below need an observation model with moments; where the mean of y does not depend on x they learn nothing.
JKO_API std::unique_ptr<Filter> gaussian_sum_filter(Model model, GaussianSumOptions options = {});

/// A normal law, moved and corrected by tangents at its mean (Jazwinski 1970, section 8.3).
JKO_API std::unique_ptr<Filter> extended_kalman_filter(Model model);
/// A normal law, moved and corrected over its sigma points (Julier and Uhlmann 2004; Särkkä 2007).
JKO_API std::unique_ptr<Filter> unscented_kalman_filter(Model model);

}  // namespace jko
