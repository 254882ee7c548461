#include "filter/reference/proximal_recursion.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "filter/parallel.hpp"
#include "filter/random.hpp"
#include "filter/reference/langevin.hpp"

namespace jko {
namespace {

constexpr double kLeastExponent = -700.0;
constexpr Index kColumns = 32;             // of a block
constexpr Index kFewestColumnBlocks = 16;  // blocks, for which other threads are woken: a step does so a dozen times

const ProximalOptions& checked(const ProximalOptions& options) {
  const auto require = [](bool good, const char* what) {
    if (!good) throw std::invalid_argument(what);
  };
  require(options.particles >= 2 && options.particles <= ProximalOptions::kMostParticles,
          "the proximal recursion needs 2 to 8192 particles");
  require(options.step > 0.0 && std::isfinite(options.step), "the step of time must be positive");
  require(options.regularisation > 0.0 && std::isfinite(options.regularisation), "the regularisation must be positive");
  require(options.tolerance > 0.0, "the tolerance must be positive");
  require(options.iterations >= 1, "at least one iteration is needed");
  return options;
}

/// What is undefined, as 0 / 0, has no mass.
double or_none(double log_value) { return std::isnan(log_value) ? -kInfinity : log_value; }

/// log Σ_i exp(A_ij + v_i) for each column j of A.
Vector log_product(const Matrix& A, const Vector& v) {
  Vector result(A.cols());
  const auto add_up = [&](Index, Index first, Index count) {
    Eigen::ArrayXd sum(A.rows());
    for (Index j = first; j < first + count; ++j) {
      sum = A.col(j).array() + v.array();
      const double top = sum.maxCoeff();
      // Nothing of a sum of one and more, and far slower if it were a subnormal number.
      result(j) = top > -kInfinity ? top + std::log((sum - top).max(kLeastExponent).exp().sum()) : -kInfinity;
    }
  };
  for_each_block(A.cols(), kColumns, add_up, kFewestColumnBlocks);
  return result;
}

/// Thompson's distance of two positive vectors, given by their logarithms; where both are zero they agree.
double distance(const Vector& log_a, const Vector& log_b) {
  double largest = 0.0;
  for (Index i = 0; i < log_a.size(); ++i) {
    if (log_a(i) != log_b(i)) largest = std::max(largest, std::abs(log_a(i) - log_b(i)));
  }
  return largest;
}

}  // namespace

ProximalRecursion::ProximalRecursion(Model model, ProximalOptions options)
    : model_(std::move(model)),
      options_(checked(options)),
      x_(model_.initial.sample(options_.particles, options_.seed, 0)),
      log_values_(model_.initial.log_density(x_)),
      log_y_(Vector::Zero(options_.particles)),
      log_z_(Vector::Zero(options_.particles)),
      time_(model_.start_time) {}

int ProximalRecursion::step(double dt, bool& converged) {
  const Index n = x_.rows(), d = x_.cols();
  Vector potential(n);
  Points force(n, d);
  model_.potential->evaluate(x_, time_, potential, force);
  const Points before = x_;
  LangevinSteps{*model_.potential, model_.temperature(), Integrator::euler_maruyama}.advance(x_, time_, dt, 1,
                                                                                             options_.seed, stream_++);
  log_kernel_.resize(n, n);
  log_kernel_transposed_.resize(n, n);
  const auto fill = [&](Matrix& kernel, const Points& rows, const Points& columns) {
    const auto measure = [&](Index, Index first, Index count) {
      Eigen::ArrayXd square(n);
      for (Index j = first; j < first + count; ++j) {
        square.setZero();
        for (Index k = 0; k < d; ++k) square += (rows.col(k).array() - columns(j, k)).square();
        kernel.col(j) = square / (-2.0 * options_.regularisation);
      }
    };
    for_each_block(n, kColumns, measure, kFewestColumnBlocks);
  };
  fill(log_kernel_, before, x_);
  fill(log_kernel_transposed_, x_, before);

  const double exponent = 1.0 / (1.0 + model_.beta * options_.regularisation / dt);
  const Vector log_xi = (-model_.beta * potential.array() - 1.0).unaryExpr([](double v) { return or_none(v); });
  // Any start leads to the one fixed point; the last step's z is close to this one's.
  const auto y_of = [&](const Vector& log_z) {
    return Vector((log_values_ - log_product(log_kernel_transposed_, log_z)).unaryExpr(&or_none));
  };
  log_y_ = y_of(log_z_);
  int iterations = 0;
  for (converged = false; !converged && iterations < options_.iterations; ++iterations) {
    const Vector log_z = (exponent * (log_xi - log_product(log_kernel_, log_y_))).unaryExpr(&or_none);
    const Vector log_y = y_of(log_z);
    converged = distance(log_z, log_z_) < options_.tolerance && distance(log_y, log_y_) < options_.tolerance;
    log_z_ = log_z;
    log_y_ = log_y;
  }
  log_values_ = (log_z_ + log_product(log_kernel_, log_y_)).unaryExpr(&or_none);
  time_ += dt;
  return iterations;
}

PredictSummary ProximalRecursion::predict(double t) {
  PredictSummary summary;
  const double start = time_, interval = t - start;
  if (!(interval > 0.0)) return summary;
  const auto steps = static_cast<int>(std::clamp(std::ceil(interval / options_.step * (1.0 - 1e-12)), 1.0, 1e9));
  for (int k = 0; k < steps; ++k) {
    bool converged = false;
    summary.iterations += step(interval / steps, converged);
    summary.fallback = summary.fallback || !converged;
    time_ = k + 1 == steps ? t : start + (k + 1) * (interval / steps);
  }
  summary.steps = steps;
  law_.reset();
  return summary;
}

UpdateSummary ProximalRecursion::update(const Vector& y) {
  UpdateSummary summary;
  law();
  summary.effective_sample_size = law_->effective_sample_size();
  if (y.array().isNaN().all()) return summary;
  Vector log_likelihood(x_.rows());
  model_.observation->log_likelihood(x_, y, time_, log_likelihood);
  summary.log_evidence_increment =
      law_->reweight([&](Index first, Eigen::Ref<Vector> out) { out = log_likelihood.segment(first, out.size()); });
  if (!summary.possible()) return summary;
  summary.effective_sample_size = law_->effective_sample_size();
  const double offset = uniform_number(options_.seed, stream_++);
  const std::vector<Index> chosen = systematic_resample(law_->weights(), x_.rows(), offset);
  log_values_ = (log_values_ + log_likelihood)(chosen).unaryExpr(&or_none);
  x_ = x_(chosen, Eigen::all).eval();
  return summary;  // the law is still that of the weighted particles, which say more than copies of some
}

const ParticleCloud& ProximalRecursion::law() const {
  if (!law_) {
    law_.emplace(x_, options_.bandwidth);
    const Vector log_weights = log_values_ - law_->log_density(x_);
    law_->reweight([&](Index first, Eigen::Ref<Vector> out) { out = log_weights.segment(first, out.size()); });
  }
  return *law_;
}

}  // namespace jko
