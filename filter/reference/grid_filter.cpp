#include "filter/reference/grid_filter.hpp"

#include <algorithm>
#include <array>
#include <boost/random/discrete_distribution.hpp>
#include <boost/random/uniform_real_distribution.hpp>
#include <cmath>
#include <stdexcept>

#include "filter/density/cubic_interpolation.hpp"
#include "filter/random.hpp"

namespace jko {
namespace {

/// Root mean square of the change of ∇Φ along each axis over the points, the largest axis.
double curvature(const Potential& potential, const Points& x, double t) {
  const Index n = x.rows(), d = x.cols();
  Points here(n, d), there(n, d);
  potential.gradient(x, t, here);
  double largest = 0.0;
  for (Index k = 0; k < d; ++k) {
    const double spread = std::sqrt((x.col(k).array() - x.col(k).mean()).square().mean());
    const double nudge = 1e-4 * std::max(spread, 1e-12);
    Points moved = x;
    moved.col(k).array() += nudge;
    potential.gradient(moved, t, there);
    const Vector change = (there - here).rowwise().squaredNorm() / (nudge * nudge);
    double sum = 0.0;
    for (Index i = 0; i < n; ++i) sum += std::isfinite(change(i)) ? change(i) : 0.0;
    largest = std::max(largest, std::sqrt(sum / static_cast<double>(n)));
  }
  return largest;
}

}  // namespace

GridFilter::GridFilter(Model model, GridOptions options)
    : model_(std::move(model)), options_(std::move(options)), time_(model_.start_time) {
  const Index d = dimension();
  if (d > 2) throw std::invalid_argument("the grid filter works in one or two dimensions only");
  if (std::string why; !options_.validate(&why)) throw std::invalid_argument(why);
  if (options_.cells == 0) options_.cells = d == 1 ? 2000 : 200;
  choose_domain_and_step();

  columns_ = options_.cells;
  rows_ = d == 1 ? 1 : options_.cells;
  spacing_.resize(d);
  cells_.resize(columns_ * rows_, d);
  for (Index k = 0; k < d; ++k) {
    const auto [low, high] = options_.domain[k];
    spacing_(k) = (high - low) / static_cast<double>(options_.cells);
    for (Index i = 0; i < cells_.rows(); ++i) {
      const Index at = k == 0 ? i % columns_ : i / columns_;
      cells_(i, k) = low + (static_cast<double>(at) + 0.5) * spacing_(k);
    }
  }
  const Vector log_initial = model_.initial.log_density(cells_);
  const Vector initial = (log_initial.array() - log_initial.maxCoeff()).exp();
  density_ = (initial / (initial.sum() * spacing_.prod())).reshaped(columns_, rows_).transpose();
  assemble(time_);
}

void GridFilter::choose_domain_and_step() {
  const Index d = dimension();
  if (options_.domain.empty() || options_.step == 0.0) {
    const Pilot pilot = run_pilot();
    if (options_.domain.empty()) {
      const Vector margin = (pilot.high - pilot.low) / 3.0;
      for (Index k = 0; k < d; ++k) {
        options_.domain.emplace_back(pilot.low(k) - margin(k), pilot.high(k) + margin(k));
      }
    }
    if (options_.step == 0.0) options_.step = (d == 1 ? 0.02 : 0.05) / pilot.rate;
  }
  if (static_cast<Index>(options_.domain.size()) != d) {
    throw std::invalid_argument("the grid's domain needs one pair of bounds for each dimension");
  }
  if (std::string why; !options_.validate(&why)) throw std::invalid_argument(why);  // a law without a box, say
}

GridFilter::Pilot GridFilter::run_pilot() const {
  constexpr Index kPaths = 4096;
  constexpr int kSteps = 4000;
  const Index d = dimension();
  Points x = model_.initial.sample(kPaths, options_.seed, 0);
  Pilot pilot{x.colwise().minCoeff(), x.colwise().maxCoeff(), 0.0};
  const double pace = 0.1 / std::max(curvature(*model_.potential, x, time_), 1e-12);
  const int steps = static_cast<int>(std::clamp(std::ceil(options_.horizon / pace), 1.0, static_cast<double>(kSteps)));
  const double dt = std::min(pace, options_.horizon / steps);
  Points force(kPaths, d), noise(kPaths, d);
  for (int k = 0; k < steps; ++k) {
    model_.potential->gradient(x, time_ + k * dt, force);
    fill_standard_normal(options_.seed, 1 + k, noise);
    // No path moves farther in a step than the box is wide: Euler's scheme explodes where the drift grows faster than
    // linearly (Hutzenthaler, Jentzen, Kloeden 2011), and the box must not.
    const Vector most = pilot.high - pilot.low;
    for (Index i = 0; i < kPaths; ++i) {
      for (Index j = 0; j < d; ++j) {
        if (!std::isfinite(force(i, j))) continue;
        const double drift = std::clamp(-dt * force(i, j), -most(j), most(j));
        x(i, j) += drift + std::sqrt(2.0 * dt * model_.temperature()) * noise(i, j);
      }
    }
    pilot.low = pilot.low.cwiseMin(x.colwise().minCoeff().transpose());
    pilot.high = pilot.high.cwiseMax(x.colwise().maxCoeff().transpose());
  }
  // A posterior may be a third as wide as the law of the unobserved paths.
  const Points centred = x.rowwise() - x.colwise().mean();
  const double spread = centred.colwise().squaredNorm().minCoeff() / static_cast<double>(kPaths);
  pilot.rate = curvature(*model_.potential, x, time_) + model_.temperature() / (0.1 * spread);
  return pilot;
}

void GridFilter::assemble(double t) {
  Vector value(cells_.rows());
  Points gradient(cells_.rows(), dimension());
  model_.potential->evaluate(cells_, t, value, gradient);
  // Where Φ is not finite, or so high that the rates would overflow, there is no mass: a wall.
  double lowest = kInfinity;
  for (const double v : value) lowest = std::isfinite(v) ? std::min(lowest, v) : lowest;
  const double wall = lowest + 1e6 * model_.temperature();
  const Matrix scaled =
      value.unaryExpr([&](double v) { return v < wall ? v : wall; }).reshaped(columns_, rows_) * model_.beta;
  axes_.clear();
  axes_.emplace_back(scaled.transpose(), model_.temperature() / (spacing_(0) * spacing_(0)));
  if (dimension() == 2) axes_.emplace_back(scaled, model_.temperature() / (spacing_(1) * spacing_(1)));
}

void GridFilter::advance(double dt) {
  if (dimension() == 1) {
    axes_[0].advance(density_, dt);
    return;
  }
  axes_[0].advance(density_, 0.5 * dt);
  Matrix across = density_.transpose();
  axes_[1].advance(across, dt);
  density_ = across.transpose();
  axes_[0].advance(density_, 0.5 * dt);
}

PredictSummary GridFilter::predict(double t) {
  PredictSummary summary;
  const double interval = t - time_;
  if (!(interval > 0.0)) return summary;
  const int steps = static_cast<int>(std::ceil(interval / options_.step * (1.0 - 1e-12)));
  const double dt = interval / steps, start = time_;
  for (int k = 0; k < steps; ++k) {
    if (model_.potential->time_dependent()) assemble(start + (k + 0.5) * dt);
    advance(dt);
  }
  // TR-BDF2 may undershoot zero by rounding where there is nothing.
  density_ = density_.cwiseMax(0.0);
  density_ /= density_.sum() * spacing_.prod();
  time_ = t;
  summary.steps = steps;
  return summary;
}

Vector GridFilter::weights() const { return Matrix(density_.transpose()).reshaped() * spacing_.prod(); }

UpdateSummary GridFilter::update(const Vector& y) {
  UpdateSummary summary;
  Vector log_likelihood(cells_.rows());
  model_.observation->log_likelihood(cells_, y, time_, log_likelihood);
  const Vector prior = weights();
  const Vector log_posterior = prior.array().log() + log_likelihood.array();
  const double top = log_posterior.maxCoeff();
  if (!(top > -kInfinity)) {
    summary.log_evidence_increment = -kInfinity;
    return summary;
  }
  Vector posterior = (log_posterior.array() - top).exp();
  const double sum = posterior.sum();
  summary.log_evidence_increment = top + std::log(sum);
  posterior /= sum;
  summary.effective_sample_size = 1.0 / posterior.squaredNorm();
  density_ = (posterior / spacing_.prod()).reshaped(columns_, rows_).transpose();
  return summary;
}

Vector GridFilter::mean() const { return cells_.transpose() * weights(); }

Matrix GridFilter::covariance() const {
  const Points centred = cells_.rowwise() - mean().transpose();
  return centred.transpose() * weights().asDiagonal() * centred;
}

Matrix GridFilter::quantiles(const std::vector<double>& levels) const {
  Matrix result(static_cast<Index>(levels.size()), dimension());
  for (Index k = 0; k < dimension(); ++k) {
    const Vector marginal = k == 0 ? Vector(density_.colwise().sum()) : Vector(density_.rowwise().sum());
    const double total = marginal.sum();
    for (std::size_t q = 0; q < levels.size(); ++q) {
      double below = 0.0;
      Index i = 0;
      while (i + 1 < marginal.size() && below + marginal(i) < levels[q] * total) below += marginal(i++);
      const double share = marginal(i) > 0.0 ? (levels[q] * total - below) / marginal(i) : 0.5;
      result(q, k) = options_.domain[k].first + (static_cast<double>(i) + std::clamp(share, 0.0, 1.0)) * spacing_(k);
    }
  }
  return result;
}

Vector GridFilter::log_density(PointsView points) const {
  const Index d = dimension();
  const Matrix log_density = Matrix(density_.transpose()).cwiseMax(1e-300).array().log();  // (columns, rows)
  Vector result(points.rows());
  for (Index i = 0; i < points.rows(); ++i) {
    std::array<double, 2> at{0.0, 0.0};
    bool inside = true;
    for (Index k = 0; k < d; ++k) {
      const auto [low, high] = options_.domain[k];
      inside = inside && points(i, k) >= low && points(i, k) <= high;
      at[k] = (points(i, k) - low) / spacing_(k) - 0.5;
    }
    result(i) = inside ? interpolate_log_density(log_density.data(), columns_, {columns_, rows_}, at) : -kInfinity;
  }
  return result;
}

Points GridFilter::sample(Index count, std::uint64_t seed) const {
  const Vector w = weights();
  RandomEngine engine(seed);
  boost::random::discrete_distribution<Index> pick(w.begin(), w.end());
  boost::random::uniform_real_distribution<double> uniform(-0.5, 0.5);
  Points x(count, dimension());
  for (Index i = 0; i < count; ++i) {
    const Index cell = pick(engine);
    for (Index k = 0; k < dimension(); ++k) x(i, k) = cells_(cell, k) + spacing_(k) * uniform(engine);
  }
  return x;
}

}  // namespace jko
