#include "filter/model/logistic_approximation.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <cmath>

namespace jko {
namespace {

constexpr int kMostRounds = 200, kMostPasses = 400;
constexpr double kTolerance = 1e-5;  // of a step in w, in posterior standard deviations, and of one in log α

/// Inverse square root of a symmetric positive definite matrix, itself symmetric.
Matrix inverse_root(const Matrix& h) { return Eigen::SelfAdjointEigenSolver<Matrix>(h).operatorInverseSqrt(); }

}  // namespace

NormalApproximation normal_approximation(const LogisticPosterior& posterior) {
  const Index d = posterior.features();
  const PrecisionPrior& prior = posterior.prior();
  const double shape = prior.shape + 0.5 * static_cast<double>(d);
  const auto hessian = [](const LikelihoodExpansion& at, double alpha) {
    Matrix h = at.hessian;
    h.diagonal().array() += alpha;
    return h;
  };
  const auto rate = [&](const LikelihoodExpansion& at, double alpha) {
    const Matrix inverse = Eigen::LLT<Matrix>(hessian(at, alpha)).solve(Matrix::Identity(d, d));
    return prior.rate + 0.5 * (at.at.squaredNorm() + inverse.trace());
  };

  NormalApproximation result;
  LikelihoodExpansion here = posterior.expand_likelihood(Vector::Zero(d));
  result.passes = 1;
  double alpha = 1.0;
  for (int round = 0; round < kMostRounds && !result.converged; ++round) {
    const Vector slope = here.gradient + alpha * here.at;
    const Vector step = -Eigen::LLT<Matrix>(hessian(here, alpha)).solve(slope);
    const double decrement = -slope.dot(step);  // the step's length in standard deviations, squared
    const bool close = decrement <= kTolerance * kTolerance;
    bool moved = close;
    if (!close) {
      const double value = here.value + 0.5 * alpha * here.at.squaredNorm();
      for (double share = 1.0; !moved && share > 1e-6 && result.passes < kMostPasses; share *= 0.5) {
        LikelihoodExpansion there = posterior.expand_likelihood(here.at + share * step);
        ++result.passes;
        // Descent, but for rounding.
        const double target = value - 1e-4 * share * decrement + 1e-12 * std::abs(value);
        if (there.value + 0.5 * alpha * there.at.squaredNorm() <= target) {
          here = std::move(there);
          moved = true;
        }
      }
    }
    const double next = shape / rate(here, alpha);
    result.converged = close && std::abs(std::log(next / alpha)) <= kTolerance;
    if (!moved) break;
    alpha = next;
  }

  result.precision = alpha;
  result.mean.resize(d + 1);
  result.mean << here.at, boost::math::digamma(shape) - std::log(shape / alpha);
  result.root = Matrix::Zero(d + 1, d + 1);
  result.root.topLeftCorner(d, d) = inverse_root(hessian(here, alpha));
  result.root(d, d) = std::sqrt(boost::math::trigamma(shape));
  result.likelihood = std::move(here);
  return result;
}

}  // namespace jko
