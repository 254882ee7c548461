#include "filter/reference/particle_filter.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "filter/parallel.hpp"
#include "filter/random.hpp"

namespace jko {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Index kRows = 8192;  // of a block: few enough to stay in cache from one pass to the next
constexpr Index kFewest = 4;   // blocks, for which other threads are woken

/// The automatic step in units of the drift's time scale.
double relative_step(Integrator integrator) { return integrator == Integrator::heun ? 0.1 : 0.004; }

/// Steps of at most `step` in an interval.
int steps_of(double interval, double step) {
  return static_cast<int>(std::clamp(std::ceil(interval / step * (1.0 - 1e-12)), 1.0, 1e9));
}

/// The drift's rate over a sample `x` of a law: root mean square of the change of ∇Φ along each coordinate, the largest
/// of them. Points where it is not finite are left out, and so is the steepest hundredth, lest a few that have gone
/// astray decide alone.
double drift_rate(const Model& model, const Points& x, double t) {
  const Index n = x.rows(), d = x.cols();
  const double nudge = 1e-4 * std::sqrt(model.initial.covariance().trace() / static_cast<double>(d));
  Points here(n, d), there(n, d);
  model.potential->gradient(x, t, here);
  double rate = 0.0;
  for (Index k = 0; k < d; ++k) {
    Points moved = x;
    moved.col(k).array() += nudge;
    model.potential->gradient(moved, t, there);
    Vector squares = (there - here).rowwise().squaredNorm();
    const auto end = std::remove_if(squares.begin(), squares.end(), [](double v) { return !std::isfinite(v); });
    std::sort(squares.begin(), end);
    const Index kept = (end - squares.begin()) * 99 / 100;
    if (kept > 0) rate = std::max(rate, std::sqrt(squares.head(kept).mean()) / nudge);
  }
  return rate;
}

}  // namespace

ParticleFilter::ParticleFilter(Model model, ParticleOptions options)
    : model_(std::move(model)), options_(options), time_(model_.start_time) {
  const Index n = options_.particles;
  if (n < 2) throw std::invalid_argument("the bootstrap filter needs at least 2 particles");
  if (!(options_.step >= 0.0)) throw std::invalid_argument("the bootstrap filter's step must not be negative");
  if (!(options_.resample_below >= 0.0 && options_.resample_below <= 1.0)) {
    throw std::invalid_argument("resample_below must lie in [0, 1]");
  }
  x_ = model_.initial.sample(n, options_.seed, draws_++);
  spare_.resize(n, dimension());
  spare_weights_.resize(n);
  weights_ = Vector::Constant(n, 1.0 / static_cast<double>(n));
  effective_sample_size_ = static_cast<double>(n);
}

double ParticleFilter::automatic_step(double interval) {
  const Index n = x_.rows(), d = dimension(), count = std::min(n, std::clamp<Index>(n / 32, 64, 512));
  const double wanted = relative_step(options_.integrator);
  Points pilots(count, d), noise(count, d);
  for (Index i = 0; i < count; ++i) pilots.row(i) = x_.row(i * n / count);
  fill_standard_normal(options_.seed, draws_++, noise);
  const auto allowed = [&](const Points& x, double t) { return wanted / std::max(drift_rate(model_, x, t), 1e-300); };
  // Where the law is going to be matters as well: a step's noise away, and at the interval's end.
  double step = std::min(interval, allowed(pilots, time_));
  for (int halvings = 0; halvings < 60; ++halvings, step *= 0.5) {
    if (allowed(pilots + std::sqrt(2.0 * step * model_.temperature()) * noise, time_) >= 0.9 * step) break;
  }
  const int steps = steps_of(interval, step);
  LangevinSteps{*model_.potential, model_.temperature(), options_.integrator}.advance(pilots, time_, interval / steps,
                                                                                      steps, options_.seed, draws_++);
  return std::min(step, allowed(pilots, time_ + interval));
}

PredictSummary ParticleFilter::predict(double t) {
  PredictSummary summary;
  const double interval = t - time_;
  if (!(interval > 0.0)) return summary;
  // Resampling waits for the next move: until then the weighted particles say more of the law than copies of some
  // would.
  if (effective_sample_size_ < options_.resample_below * static_cast<double>(x_.rows())) resample();
  summary.steps = steps_of(interval, options_.step > 0.0 ? options_.step : automatic_step(interval));
  LangevinSteps{*model_.potential, model_.temperature(), options_.integrator}.advance(
      x_, time_, interval / summary.steps, summary.steps, options_.seed, draws_++);
  time_ = t;
  density_.reset();
  return summary;
}

void ParticleFilter::resample() {
  Matrix offset(1, 1);
  fill_uniform(options_.seed, draws_++, offset);
  const std::vector<Index> chosen = systematic_resample(weights_, x_.rows(), offset(0));
  const auto take = [&](Index, Index first, Index size) {
    for (Index k = 0; k < x_.cols(); ++k) {
      for (Index i = first; i < first + size; ++i) spare_(i, k) = x_(chosen[i], k);
    }
    weights_.segment(first, size).setConstant(1.0 / static_cast<double>(x_.rows()));
  };
  for_each_block(x_.rows(), kRows, take, kFewest);
  x_.swap(spare_);
  effective_sample_size_ = static_cast<double>(x_.rows());
  equal_weights_ = true;
}

UpdateSummary ParticleFilter::update(const Vector& y) {
  UpdateSummary summary;
  if (y.array().isNaN().all()) {
    summary.effective_sample_size = effective_sample_size_;
    return summary;
  }
  const Index n = x_.rows(), blocks = (n + kRows - 1) / kRows;
  // Each block takes its weights relative to its own largest at first, so that they are visited only once more.
  Eigen::ArrayXd tops(blocks), sums(blocks), squares(blocks);
  Vector& relative = spare_weights_;
  const auto weigh = [&](Index block, Index first, Index size) {
    auto own = relative.segment(first, size);
    model_.observation->log_likelihood(x_.middleRows(first, size), y, time_, own);
    if (!equal_weights_) own.array() += weights_.segment(first, size).array().log();
    // A particle that has left the domain of the formulas has no weight.
    own = own.unaryExpr([](double v) { return std::isnan(v) ? -kInfinity : v; });
    tops(block) = own.maxCoeff();
    // All of a block may be impossible.
    own.array() = (own.array() - std::max(tops(block), std::numeric_limits<double>::lowest())).exp();
    sums(block) = own.sum();
    squares(block) = own.squaredNorm();
  };
  for_each_block(n, kRows, weigh, kFewest);
  const double top = tops.maxCoeff();
  if (!(top > -kInfinity)) {
    summary.log_evidence_increment = -kInfinity;
    return summary;
  }
  const Eigen::ArrayXd scale = (tops - top).exp();
  const double sum = (sums * scale).sum();
  const auto normalise = [&](Index block, Index first, Index size) {
    weights_.segment(first, size) = relative.segment(first, size) * (scale(block) / sum);
  };
  for_each_block(n, kRows, normalise, kFewest);
  summary.log_evidence_increment = top + std::log(equal_weights_ ? sum / static_cast<double>(n) : sum);
  effective_sample_size_ = sum * sum / (squares * scale.square()).sum();
  summary.effective_sample_size = effective_sample_size_;
  equal_weights_ = false;
  density_.reset();
  return summary;
}

Vector ParticleFilter::mean() const {
  Matrix sums(dimension(), (x_.rows() + kRows - 1) / kRows);
  const auto sum_up = [&](Index block, Index first, Index size) {
    sums.col(block).noalias() = x_.middleRows(first, size).transpose() * weights_.segment(first, size);
  };
  for_each_block(x_.rows(), kRows, sum_up, kFewest);
  return sums.rowwise().sum();
}

Matrix ParticleFilter::covariance() const {
  const Index d = dimension(), blocks = (x_.rows() + kRows - 1) / kRows;
  const Vector centre = mean();
  Matrix sums(d * d, blocks);
  const auto sum_up = [&](Index block, Index first, Index size) {
    const Points centred = x_.middleRows(first, size).rowwise() - centre.transpose();
    const Matrix sum = centred.transpose() * weights_.segment(first, size).asDiagonal() * centred;
    sums.col(block) = sum.reshaped();
  };
  for_each_block(x_.rows(), kRows, sum_up, kFewest);
  return sums.rowwise().sum().reshaped(d, d);
}

// Without a full sort: only particles in those cells of a histogram in which a quantile lies are put in order.
Matrix ParticleFilter::quantiles(const std::vector<double>& levels) const {
  constexpr Index kCells = 1 << 14;
  struct Cell {
    double mass = 0.0;
    bool wanted = false;
    std::vector<std::pair<double, double>> members;  ///< value and weight
  };
  const Index n = x_.rows();
  Matrix result(static_cast<Index>(levels.size()), dimension());
  for_each_block(dimension(), 1, [&](Index, Index k, Index) {
    const auto values = x_.col(k);
    const double low = values.minCoeff(), range = values.maxCoeff() - low;
    const double scale = range > 0.0 ? static_cast<double>(kCells - 1) / range : 0.0;
    const auto cell_of = [=](double value) { return static_cast<Index>((value - low) * scale); };
    std::vector<Cell> cells(kCells);
    for (Index i = 0; i < n; ++i) cells[cell_of(values(i))].mass += weights_(i);
    // Each level's cell, and the mass below it.
    std::vector<std::pair<Index, double>> at(levels.size());
    for (std::size_t q = 0; q < levels.size(); ++q) {
      Index c = 0, last = 0;
      double below = 0.0, below_last = 0.0;
      for (; c < kCells; ++c) {
        if (cells[c].mass == 0.0) continue;
        last = c;
        below_last = below;
        below += cells[c].mass;
        if (below >= levels[q]) break;
      }
      at[q] = {last, below_last};
      cells[last].wanted = true;
    }
    for (Index i = 0; i < n; ++i) {
      Cell& cell = cells[cell_of(values(i))];
      if (cell.wanted) cell.members.emplace_back(values(i), weights_(i));
    }
    for (Cell& cell : cells) std::sort(cell.members.begin(), cell.members.end());
    for (std::size_t q = 0; q < levels.size(); ++q) {
      const auto& members = cells[at[q].first].members;
      double cumulative = at[q].second;
      std::size_t i = 0;
      while (i + 1 < members.size() && cumulative + members[i].second < levels[q]) cumulative += members[i++].second;
      result(static_cast<Index>(q), k) = members[i].first;
    }
  });
  return result;
}

Vector ParticleFilter::log_density(PointsView points) const {
  if (!density_) density_.emplace(x_, weights_, mean(), covariance(), options_.bandwidth);
  return density_->log_density(points);
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
