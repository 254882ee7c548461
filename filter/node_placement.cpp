#include "filter/node_placement.hpp"

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>

#include "jko/gaussian_mixture.hpp"

namespace jko {
namespace {

/// Log density below its maximum at which the lattice ends: what is left out is below exp(-depth).
double lattice_depth(Index dimension) { return dimension == 1 ? 22.0 : 16.0; }

Moments moments(const Points& x, const Vector& weights) {
  Moments m;
  m.mean = x.transpose() * weights;
  const Points centred = x.rowwise() - m.mean.transpose();
  m.covariance = centred.transpose() * weights.asDiagonal() * centred;
  return m;
}

Vector normalised(const Vector& log_weights) {
  const Vector w = (log_weights.array() - log_weights.maxCoeff()).exp();
  return w / w.sum();
}

/// Bounding box of z where `log_density` is within the depth of `top`; true if there is any such point.
bool bound(const Points& z, const Vector& log_density, double top, double depth, Vector& low, Vector& high) {
  low = Vector::Constant(z.cols(), kInfinity);
  high = -low;
  bool any = false;
  for (Index i = 0; i < z.rows(); ++i) {
    if (!(log_density(i) > top - depth)) continue;
    any = true;
    low = low.cwiseMin(z.row(i).transpose());
    high = high.cwiseMax(z.row(i).transpose());
  }
  return any;
}

/// The box around all points within the depth, found by looking at coarse lattices; updates `top`.
bool find_box(const LogDensity& log_density, double depth, LatticeBox& box, double& top, double& share) {
  const Index d = box.center.size();
  const Eigen::VectorXi coarse = Eigen::VectorXi::Constant(d, d == 1 ? 161 : 41);
  const Matrix inverse = box.axes.inverse();
  for (int attempt = 0; attempt < 60; ++attempt) {
    const Points points = box.points(coarse);
    const Vector values = log_density(points);
    top = std::max(top, values.maxCoeff());
    if (!(top > -kInfinity)) {  // nothing here: look further away
      const Vector width = box.high - box.low;
      box.low -= width;
      box.high += width;
      continue;
    }
    const Points z = (points.rowwise() - box.center.transpose()) * inverse.transpose();
    Vector low, high;
    if (!bound(z, values, top, depth, low, high)) return false;
    share = static_cast<double>((values.array() > top - depth).count()) / static_cast<double>(values.size());
    const Vector spacing = (box.high - box.low) / (coarse(0) - 1);
    bool again = false;
    for (Index k = 0; k < d; ++k) {
      const double width = box.high(k) - box.low(k), found = high(k) - low(k) + 2.0 * spacing(k);
      const bool cut_low = low(k)<box.low(k) + 0.5 * spacing(k), cut_high = high(k)> box.high(k) - 0.5 * spacing(k);
      if (cut_low) box.low(k) -= width;
      if (cut_high) box.high(k) += width;
      const bool shrink = !cut_low && !cut_high && found < 0.8 * width;
      if (shrink) {
        box.low(k) = low(k) - spacing(k);
        box.high(k) = high(k) + spacing(k);
      }
      again = again || cut_low || cut_high || shrink;
    }
    if (!again) return true;
  }
  return true;
}

}  // namespace

Vector Nodes::mean() const { return moments(x, weights).mean; }
Matrix Nodes::covariance() const { return moments(x, weights).covariance; }

Placement place_on_lattice(const LogDensity& log_density, const Points& guess, const Vector& guess_log_density,
                           Index count) {
  const Index d = guess.cols();
  const double depth = lattice_depth(d);
  Placement placement;
  placement.log_normaliser = -kInfinity;
  double top = guess_log_density.maxCoeff(), share = 1.0;

  LatticeBox box;
  if (top > -kInfinity) {
    // Axes of the law where it is; a little of the guess's own spread keeps them regular when few points matter.
    const Moments wide = moments(guess, Vector::Constant(guess.rows(), 1.0 / guess.rows()));
    const Moments law = moments(guess, normalised(guess_log_density));
    const Matrix covariance = law.covariance + 1e-4 * wide.covariance;
    box.center = law.mean;
    box.axes = Eigen::LLT<Matrix>(covariance).matrixL();
  } else {
    const Moments wide = moments(guess, Vector::Constant(guess.rows(), 1.0 / guess.rows()));
    box.center = wide.mean;
    box.axes = Eigen::LLT<Matrix>(wide.covariance).matrixL();
  }
  const Points z = (guess.rowwise() - box.center.transpose()) * box.axes.inverse().transpose();
  if (!bound(z, guess_log_density, top, depth, box.low, box.high)) {
    box.low = z.colwise().minCoeff();
    box.high = z.colwise().maxCoeff();
  }
  box.low.array() -= 0.5;
  box.high.array() += 0.5;
  if (!find_box(log_density, depth, box, top, share) || !(top > -kInfinity)) return placement;

  Eigen::VectorXi counts(d);
  const Vector extent = box.high - box.low;
  const double density = std::pow(static_cast<double>(count) / (share * extent.prod()), 1.0 / d);
  if (!extent.allFinite() || !std::isfinite(density)) return placement;  // of a law without a place
  for (Index k = 0; k < d; ++k) counts(k) = std::max(12, static_cast<int>(std::ceil(extent(k) * density)));
  const Points points = box.points(counts);
  const Vector values = log_density(points);
  top = std::max(top, values.maxCoeff());
  std::vector<Index> kept;
  for (Index i = 0; i < values.size(); ++i) {
    if (values(i) > top - depth) kept.push_back(i);
  }
  Nodes& nodes = placement.nodes;
  const Index n = static_cast<Index>(kept.size());
  nodes.x.resize(n, d);
  nodes.log_density.resize(n);
  for (Index i = 0; i < n; ++i) {
    nodes.x.row(i) = points.row(kept[i]);
    nodes.log_density(i) = values(kept[i]);
  }
  nodes.weights = (nodes.log_density.array() - top).exp();
  placement.log_normaliser = top + std::log(nodes.weights.sum() * box.cell(counts));
  nodes.weights /= nodes.weights.sum();
  nodes.log_density.array() -= placement.log_normaliser;
  nodes.origin = nodes.x;
  const Vector spacing = extent.array() / (counts.array() - 1).cast<double>();
  nodes.cell = box.axes * spacing.asDiagonal();
  return placement;
}

Placement place_quasi_random(const LogDensity& log_density, const Moments& first_guess, Index count,
                             std::uint64_t seed) {
  constexpr double kGood = 0.3;         // share of effective nodes that will do
  constexpr double kGain = 0.02;        // and how much more of them is worth another round
  constexpr double kMostDefence = 0.2;  // share of the nodes that look for mass where the guess has none
  constexpr int kRounds = 12;
  const double n = static_cast<double>(count);
  Moments guess = first_guess;
  Placement best;
  best.log_normaliser = -kInfinity;
  double best_size = 0.0, defence = kMostDefence;
  for (int round = 0; round < kRounds; ++round) {
    Matrix c = guess.covariance;
    c.diagonal().array() += 1e-9 * c.diagonal().maxCoeff() + 1e-300;
    const GaussianMixture proposal(
        {{1.0 - defence, guess.mean, (1.0 + 0.5 * defence) * c}, {defence, guess.mean, 3.0 * c}});
    Placement placement;
    Nodes& nodes = placement.nodes;
    nodes.x = proposal.quasi_sample(count, seed + round);
    nodes.log_density = log_density(nodes.x);
    const Vector log_weights = nodes.log_density - proposal.log_density(nodes.x);
    const double top = log_weights.maxCoeff();
    if (!(top > -kInfinity)) {
      guess.covariance *= 4.0;
      continue;
    }
    nodes.weights = (log_weights.array() - top).exp();
    placement.log_normaliser = top + std::log(nodes.weights.mean());
    nodes.weights /= nodes.weights.sum();
    nodes.log_density.array() -= placement.log_normaliser;
    nodes.origin = nodes.x;
    nodes.cell = Matrix::Zero(c.rows(), c.cols());
    guess = tempered_moments(nodes.x, Vector::Zero(count), log_weights);
    // The nearer the law is to the guess, the fewer nodes need to be spent on defence: on a normal law the weights
    // become all but equal, and its moments all but exact.
    const double size = nodes.effective_sample_size(), gain = size - best_size;
    defence = std::clamp(kMostDefence * (1.0 - size / n), 0.01, kMostDefence);
    if (gain > 0.0) {
      best_size = size;
      best = std::move(placement);
    }
    if (best_size >= kGood * n && gain < kGain * n) break;
  }
  return best;
}

Moments tempered_moments(const Points& x, const Vector& log_weights, const Vector& log_change) {
  // The largest power of the change that leaves a tenth of the nodes effective: the law's moments if there are enough
  // of them, else those of a law on the way to it.
  const double enough = std::max(0.1 * static_cast<double>(x.rows()), 1.0);
  const auto weights = [&](double power) { return normalised(log_weights + power * log_change); };
  const Vector finite = log_change.unaryExpr([](double v) { return std::isfinite(v) ? v : -1e6; });
  const auto tempered = [&](double power) { return normalised(log_weights + power * finite); };
  Vector w = weights(1.0);
  if (!(1.0 / w.squaredNorm() >= enough)) {
    double low = 0.0, high = 1.0;
    for (int k = 0; k < 40; ++k) {
      const double middle = 0.5 * (low + high);
      (1.0 / tempered(middle).squaredNorm() >= enough ? low : high) = middle;
    }
    w = tempered(low);
  }
  return moments(x, w);
}

}  // namespace jko
