/// The log evidence of the first T observations of a stochastic-volatility study, by a way that shares nothing with any
/// filter here: importance sampling of the whole path from the Gaussian at its posterior mode (Shephard & Pitt 1997,
/// Durbin & Koopman 1997). For quadratic potentials, whose transitions are exact, and y_i ~ N(0, exp(x_i)). The share
/// of effective samples says whether to believe it; it falls with T.
///
///     build/bench_path_evidence configs/eu_volatility_4d.json data/eu_stock_returns.csv 35 201

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <algorithm>
#include <boost/random/normal_distribution.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <vector>

#include "filter/random.hpp"
#include "src/config.hpp"
#include "src/recording.hpp"
#include "src/run_files.hpp"

using namespace jko;

namespace {

constexpr double kHalfLogTau = 0.91893853320467274178;

/// x_k = mean + F (x_{k-1} - mean) + N(0, Q), stationary law N(mean, S); one unit of time a step.
struct Transition {
  Vector mean;
  Matrix f, q, s;

  explicit Transition(const Model& model) {
    const Index d = model.dimension();
    const auto gradient = [&](const Vector& x) {
      Points g(1, d);
      model.potential->gradient(x.transpose(), 0.0, g);
      return Vector(g.row(0).transpose());
    };
    const Vector minus_b = gradient(Vector::Zero(d));
    Matrix a(d, d);
    for (Index i = 0; i < d; ++i) a.col(i) = gradient(Vector::Unit(d, i)) - minus_b;
    const Eigen::SelfAdjointEigenSolver<Matrix> eigen(a);
    mean = a.ldlt().solve(-minus_b);
    s = model.temperature() * a.inverse();
    f = eigen.eigenvectors() * (-eigen.eigenvalues().array()).exp().matrix().asDiagonal() *
        eigen.eigenvectors().transpose();
    q = s - f * s * f.transpose();
  }
};

double log_determinant(const Eigen::LLT<Matrix>& factor) {
  return 2.0 * factor.matrixLLT().diagonal().array().log().sum();
}

struct Estimate {
  double log_evidence, effective_share;
};

Estimate estimate(const Transition& law, const std::vector<Vector>& observations, Index draws) {
  const Index d = law.mean.size(), steps = static_cast<Index>(observations.size()), n = d * steps;
  Matrix precision = Matrix::Zero(n, n);
  Vector y(n), mean(n);
  const Matrix qi = law.q.inverse();
  precision.topLeftCorner(d, d) = law.s.inverse();
  for (Index k = 0; k < steps; ++k) {
    y.segment(k * d, d) = observations[static_cast<std::size_t>(k)];
    mean.segment(k * d, d) = law.mean;
    if (k == 0) continue;
    precision.block(k * d, k * d, d, d) += qi;
    precision.block((k - 1) * d, (k - 1) * d, d, d) += law.f.transpose() * qi * law.f;
    precision.block(k * d, (k - 1) * d, d, d) -= qi * law.f;
    precision.block((k - 1) * d, k * d, d, d) -= law.f.transpose() * qi;
  }
  const Vector half_square = 0.5 * y.array().square();
  const auto loss = [&](const Vector& x) {
    return 0.5 * (x - mean).dot(precision * (x - mean)) +
           (0.5 * x.array() + half_square.array() * (-x.array()).exp()).sum();
  };
  // Newton's method on a convex function.
  Vector x = mean;
  Eigen::LLT<Matrix> factor;
  for (int iteration = 0; iteration < 200; ++iteration) {
    const Vector e = half_square.array() * (-x.array()).exp();
    const Vector gradient = precision * (x - mean) + Vector((0.5 - e.array()).matrix());
    Matrix hessian = precision;
    hessian.diagonal() += e;
    factor.compute(hessian);
    if (gradient.cwiseAbs().maxCoeff() < 1e-9) break;
    const Vector step = factor.solve(gradient);
    double length = 1.0;
    while (length > 1e-8 && loss(x - length * step) > loss(x) - 1e-4 * length * gradient.dot(step)) length /= 2.0;
    x -= length * step;
  }
  const double constant = 0.5 * log_determinant(Eigen::LLT<Matrix>(precision)) - 0.5 * log_determinant(factor) -
                          static_cast<double>(n) * kHalfLogTau;
  RandomEngine engine(1);
  boost::random::normal_distribution<double> normal;
  Vector log_weight(draws), z(n);
  for (Index i = 0; i < draws; ++i) {
    for (double& value : z) value = normal(engine);
    log_weight(i) = constant + 0.5 * z.squaredNorm() - loss(x + factor.matrixU().solve(z));
  }
  const double top = log_weight.maxCoeff();
  const Vector weight = (log_weight.array() - top).exp();
  return {top + std::log(weight.mean()),
          weight.sum() * weight.sum() / weight.squaredNorm() / static_cast<double>(draws)};
}

}  // namespace

int main(int count, char** arguments) try {
  if (count < 4) throw std::invalid_argument("usage: bench_path_evidence CONFIG OBSERVATIONS T…");
  const Config config = load_config(arguments[1]);
  const Transition law(config.model);
  RecordingReader recording(arguments[2], recording_format(config));
  std::vector<Vector> all;
  while (const auto observation = recording.next()) all.push_back(observation->value);
  for (int k = 3; k < count; ++k) {
    const auto steps = std::min<std::size_t>(all.size(), std::strtoul(arguments[k], nullptr, 10));
    const Estimate found = estimate(law, {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(steps)}, 20'000);
    std::printf("first %zu observations: log evidence %.3f, effective samples %.1f %% of 20,000\n", steps,
                found.log_evidence, 100.0 * found.effective_share);
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
