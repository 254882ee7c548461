#pragma once
/// The filtering problems that the benchmarks share.

#include <Eigen/QR>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "filter/random.hpp"
#include "jko/double_well.hpp"
#include "jko/linear_gaussian.hpp"
#include "jko/model.hpp"
#include "jko/nonlinear.hpp"
#include "jko/quadratic.hpp"
#include "jko/sine_well.hpp"

namespace jko {

struct Problem {
  std::string name;
  Model model;
  double interval;
  int observations;
  double until;  ///< end of the recording; the law there is what is compared
};

/// Observations of a path of the diffusion, by Euler-Maruyama steps of a thousandth of the interval.
inline std::vector<Vector> simulate(const Problem& p, unsigned seed) {
  const Index d = p.model.dimension();
  const int steps = 1000;
  const double dt = p.interval / steps;
  RandomEngine engine(seed);
  Points x = p.model.initial.sample(1, seed, 0), force(1, d), noise(1, d);
  std::vector<Vector> observations;
  for (int k = 0; k < p.observations; ++k) {
    for (int s = 0; s < steps; ++s) {
      p.model.potential->gradient(x, 0.0, force);
      fill_standard_normal(seed, 1 + k * steps + s, noise);
      x += -dt * force + std::sqrt(2.0 * dt * p.model.temperature()) * noise;
    }
    observations.push_back(p.model.observation->sample(x.row(0).transpose(), (k + 1) * p.interval, engine));
  }
  return observations;
}

/// Rates from 0.5 to 2 along random orthogonal axes, all of the state seen.
inline Model ornstein_uhlenbeck(Index d) {
  const Matrix U = Eigen::HouseholderQR<Matrix>(GaussianMixture::standard(d).sample(d, 1, 0)).householderQ();
  const Matrix A = U * Vector::LinSpaced(d, 0.5, 2.0).asDiagonal() * U.transpose();
  return {std::make_shared<Quadratic>(0.5 * (A + A.transpose()), Vector::Ones(d)), 1.0, GaussianMixture::standard(d),
          std::make_shared<LinearGaussian>(Matrix::Identity(d, d), 0.25 * Matrix::Identity(d, d))};
}

inline Problem sine_well() {
  const Model model{std::make_shared<SineWell>(1), 1.0, GaussianMixture::standard(1),
                    std::make_shared<LinearGaussian>(Matrix::Identity(1, 1), Matrix::Identity(1, 1))};
  return {"sine well", model, 0.5, 9, 5.0};
}

inline Problem double_well() {
  const Model model{std::make_shared<DoubleWell>(Vector::Ones(2), Vector::Ones(2)), 2.0, GaussianMixture::standard(2),
                    std::make_shared<NonlinearObservation>(std::vector<std::string>{"sqrt((x0 - 2)**2 + (x1 + 1)**2)"},
                                                           2, Noise::gaussian(Vector::Constant(1, 0.2)))};
  return {"double well, D=2", model, 0.5, 20, 10.0};
}

}  // namespace jko
