#pragma once
/// One tester, many filters: any filter against the exact Kalman filter on an Ornstein-Uhlenbeck process.

#include <Eigen/QR>
#include <cmath>
#include <functional>
#include <memory>

#include "filter/reference/kalman_filter.hpp"
#include "jko/divergence.hpp"
#include "tests/filter/random_map.hpp"

namespace jko {

/// An Ornstein-Uhlenbeck process in d dimensions that couples them all, observed with noise; every second observation
/// is partial where there is more than one entry.
inline Model ou_model(Index d, double noise = 0.5) {
  const Matrix U = Eigen::HouseholderQR<Matrix>(random_points(d, d, 11)).householderQ();
  Matrix A = U * Vector::LinSpaced(d, 0.5, 2.0).asDiagonal() * U.transpose();
  A = 0.5 * (A + A.transpose()).eval();
  return {std::make_shared<Quadratic>(A, random_points(d, 1, 12)), 1.0,
          GaussianMixture::gaussian(Vector::Zero(d), Matrix::Identity(d, d)),
          std::make_shared<LinearGaussian>(Matrix::Identity(d, d), noise * noise * Matrix::Identity(d, d))};
}

struct AgainstKalman {
  double mean_error = 0.0;          ///< root mean square, in posterior standard deviations
  double symmetric_kl = 0.0;        ///< of the moment-matched normal laws, mean over the observations
  double log_evidence_error = 0.0;  ///< of the whole recording
  int fallbacks = 0;
};

/// Filters `count` observations, 0.25 apart, drawn from the model's own predictive laws.
inline AgainstKalman compare_with_kalman(const Model& model, Filter& filter, int count, bool partial = true) {
  KalmanFilter kalman(model);
  AgainstKalman result;
  RandomEngine engine(3);
  const Index d = model.dimension();
  double square = 0.0;
  for (int k = 1; k <= count; ++k) {
    kalman.predict(0.25 * k);
    result.fallbacks += filter.predict(0.25 * k).fallback;
    const Vector x = kalman.sample(1, 100 + k).row(0).transpose();
    Vector y = model.observation->sample(x, kalman.time(), engine);
    if (partial && d > 1 && k % 2 == 0) y(k % d) = std::nan("");
    result.log_evidence_error += filter.update(y).log_evidence_increment - kalman.update(y).log_evidence_increment;
    const Vector apart = filter.mean() - kalman.mean();
    square += apart.cwiseAbs2().cwiseQuotient(kalman.covariance().diagonal()).mean();
    result.symmetric_kl += symmetric_kl(filter.mean(), filter.covariance(), kalman.mean(), kalman.covariance()) / count;
  }
  result.mean_error = std::sqrt(square / count);
  return result;
}

}  // namespace jko
