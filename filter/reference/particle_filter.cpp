#include "filter/reference/particle_filter.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <boost/math/constants/constants.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "filter/random.hpp"

namespace jko {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kFarthest = 1e100;  // of a coordinate: its square and cube are still finite
constexpr Index kKernels = 4000;     // of a density in two dimensions or more

}  // namespace

ParticleFilter::ParticleFilter(Model model, ParticleOptions options)
    : model_(std::move(model)), options_(options), time_(model_.start_time) {
  const Index n = options_.particles, d = dimension();
  if (n < 2) throw std::invalid_argument("the bootstrap filter needs at least 2 particles");
  if (!(options_.step >= 0.0)) throw std::invalid_argument("the bootstrap filter's step must not be negative");
  if (!(options_.resample_below >= 0.0 && options_.resample_below <= 1.0)) {
    throw std::invalid_argument("resample_below must lie in [0, 1]");
  }
  x_ = model_.initial.sample(n, options_.seed, draws_++);
  weights_ = Vector::Constant(n, 1.0 / static_cast<double>(n));
  force_.resize(n, d);
  noise_.resize(n, d);
  if (options_.step == 0.0) {
    // The drift's rate: root mean square of the change of ∇Φ along each coordinate, the largest of them.
    const Index sample = std::min<Index>(n, 2048);
    const Points here = x_.topRows(sample);
    const double nudge = 1e-4 * std::sqrt(model_.initial.covariance().trace() / static_cast<double>(d));
    Points a(sample, d), b(sample, d);
    model_.potential->gradient(here, time_, a);
    double rate = 0.0;
    for (Index k = 0; k < d; ++k) {
      Points moved = here;
      moved.col(k).array() += nudge;
      model_.potential->gradient(moved, time_, b);
      rate = std::max(rate, std::sqrt((b - a).rowwise().squaredNorm().mean()) / nudge);
    }
    options_.step = std::isfinite(rate) && rate > 0.0 ? 0.02 / rate : kInfinity;
  }
}

PredictSummary ParticleFilter::predict(double t) {
  PredictSummary summary;
  const double interval = t - time_;
  if (!(interval > 0.0)) return summary;
  // Resampling waits for the next move: until then the weighted particles say more of the law than copies of some
  // would.
  if (effective_sample_size() < options_.resample_below * static_cast<double>(x_.rows())) {
    Matrix offset(1, 1);
    fill_uniform(options_.seed, draws_++, offset);
    x_ = x_(systematic(x_.rows(), offset(0)), Eigen::all).eval();
    weights_.setConstant(1.0 / static_cast<double>(x_.rows()));
  }
  const int steps = std::max(1, static_cast<int>(std::ceil(interval / options_.step * (1.0 - 1e-12))));
  const double dt = interval / steps, spread = std::sqrt(2.0 * dt * model_.temperature());
  for (int k = 0; k < steps; ++k) {
    model_.potential->gradient(x_, time_ + k * dt, force_);
    fill_standard_normal(options_.seed, draws_++, noise_);
    const Index n = x_.size();
#pragma omp parallel for schedule(static)
    for (Index i = 0; i < n; ++i) {
      // Where the drift is not finite, or too steep for this step to mean anything, a particle stays for the step.
      const double moved = x_.data()[i] + spread * noise_.data()[i] - dt * force_.data()[i];
      if (std::abs(moved) < kFarthest) x_.data()[i] = moved;
    }
  }
  time_ = t;
  summary.steps = steps;
  return summary;
}

UpdateSummary ParticleFilter::update(const Vector& y) {
  UpdateSummary summary;
  Vector log_weights(x_.rows());
  model_.observation->log_likelihood(x_, y, time_, log_weights);
  log_weights.array() += weights_.array().log();
  // A particle that has left the domain of the formulas has no weight.
  log_weights = log_weights.unaryExpr([](double v) { return std::isnan(v) ? -kInfinity : v; });
  const double top = log_weights.maxCoeff();
  if (!(top > -kInfinity)) {
    summary.log_evidence_increment = -kInfinity;
    return summary;
  }
  const Vector w = (log_weights.array() - top).exp();
  const double sum = w.sum();
  summary.log_evidence_increment = top + std::log(sum);
  weights_ = w / sum;
  summary.effective_sample_size = effective_sample_size();
  return summary;
}

std::vector<Index> ParticleFilter::systematic(Index count, double offset) const {
  std::vector<Index> chosen(count);
  const double total = weights_.sum();
  double cumulative = weights_(0);
  Index i = 0;
  for (Index k = 0; k < count; ++k) {
    const double level = (static_cast<double>(k) + offset) / static_cast<double>(count) * total;
    while (cumulative < level && i + 1 < weights_.size()) cumulative += weights_(++i);
    chosen[k] = i;
  }
  return chosen;
}

Matrix ParticleFilter::covariance() const {
  const Points centred = x_.rowwise() - mean().transpose();
  return centred.transpose() * weights_.asDiagonal() * centred;
}

Matrix ParticleFilter::quantiles(const std::vector<double>& levels) const {
  Matrix result(static_cast<Index>(levels.size()), dimension());
  std::vector<Index> order(x_.rows());
  for (Index k = 0; k < dimension(); ++k) {
    std::iota(order.begin(), order.end(), Index{0});
    std::sort(order.begin(), order.end(), [&](Index a, Index b) { return x_(a, k) < x_(b, k); });
    for (std::size_t q = 0; q < levels.size(); ++q) {
      double cumulative = 0.0;
      Index i = 0;
      while (i + 1 < x_.rows() && cumulative + weights_(order[i]) < levels[q]) cumulative += weights_(order[i++]);
      result(q, k) = x_(order[i], k);
    }
  }
  return result;
}

Vector ParticleFilter::log_density(PointsView points) const {
  const Index d = dimension();
  // Silverman's rule, with the effective number of kernels.
  double n = effective_sample_size();
  if (d > 1) n = std::min(n, static_cast<double>(kKernels));
  const double factor = std::pow(4.0 / (static_cast<double>(d + 2) * n), 1.0 / static_cast<double>(d + 4));
  const Matrix cov = covariance();
  // A law that has collapsed onto one particle is still given some width.
  const double least = 1e-12 * (1.0 + x_.cwiseAbs().maxCoeff());
  if (d == 1) return line_density(points, std::max(factor * std::sqrt(cov(0, 0)), least));

  const Points centres = x_(systematic(std::min(kKernels, x_.rows()), 0.5), Eigen::all);
  const Eigen::LLT<Matrix> llt(factor * factor * cov + least * least * Matrix::Identity(d, d));
  const Points z = llt.matrixL().solve(points.transpose()).transpose();
  const Points c = llt.matrixL().solve(centres.transpose()).transpose();
  const double normaliser = std::log(static_cast<double>(c.rows())) +
                            0.5 * static_cast<double>(d) * std::log(boost::math::constants::two_pi<double>()) +
                            Matrix(llt.matrixL()).diagonal().array().log().sum();
  Vector result(points.rows());
#pragma omp parallel for schedule(static)
  for (Index i = 0; i < points.rows(); ++i) {
    const Vector exponent = -0.5 * (c.rowwise() - z.row(i)).rowwise().squaredNorm();
    const double top = exponent.maxCoeff();
    result(i) = top + std::log((exponent.array() - top).exp().sum()) - normaliser;
  }
  return result;
}

// Kernels around the bins of a histogram a tenth of the bandwidth wide: the same density to three digits, at a cost
// that does not depend on the number of particles.
Vector ParticleFilter::line_density(PointsView points, double bandwidth) const {
  constexpr Index kMostBins = 200000;
  const double low = x_.minCoeff(), high = x_.maxCoeff();
  const Index bins =
      std::clamp<Index>(static_cast<Index>(std::min((high - low) / (0.1 * bandwidth), 1e9)) + 1, 1, kMostBins);
  const double width = std::max((high - low) / static_cast<double>(bins), 1e-300);
  Vector mass = Vector::Zero(bins + 1);
  for (Index i = 0; i < x_.rows(); ++i) {
    // Linear binning: a particle's mass is shared by its two neighbours.
    const double at = (x_(i) - low) / width;
    const Index k = std::clamp<Index>(static_cast<Index>(at), 0, bins - 1);
    mass(k) += weights_(i) * (1.0 - (at - static_cast<double>(k)));
    mass(k + 1) += weights_(i) * (at - static_cast<double>(k));
  }
  const double normaliser = std::log(bandwidth) + 0.5 * std::log(boost::math::constants::two_pi<double>());
  Vector result(points.rows());
#pragma omp parallel for schedule(static)
  for (Index i = 0; i < points.rows(); ++i) {
    double sum = 0.0;
    const double centre = (points(i, 0) - low) / width, reach = 8.0 * bandwidth / width;
    const auto bin = [bins](double at) { return static_cast<Index>(std::clamp(at, 0.0, static_cast<double>(bins))); };
    const Index first = bin(centre - reach), last = bin(centre + reach + 1.0);
    for (Index k = first; k <= last; ++k) {
      const double z = (points(i, 0) - (low + static_cast<double>(k) * width)) / bandwidth;
      if (mass(k) > 0.0) sum += mass(k) * std::exp(-0.5 * z * z);
    }
    result(i) = std::log(sum) - normaliser;
  }
  return result;
}

Points ParticleFilter::sample(Index count, std::uint64_t seed) const {
  Matrix uniform(count, 1);
  fill_uniform(seed, 0, uniform);
  Vector cumulative(weights_.size());
  std::partial_sum(weights_.begin(), weights_.end(), cumulative.begin());
  std::vector<Index> chosen(count);
  for (Index i = 0; i < count; ++i) {
    const Index k =
        std::lower_bound(cumulative.begin(), cumulative.end(), uniform(i) * cumulative.tail(1)(0)) - cumulative.begin();
    chosen[i] = std::min(k, weights_.size() - 1);
  }
  return x_(chosen, Eigen::all);
}

}  // namespace jko
