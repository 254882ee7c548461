#include "filter/reference/auxiliary_particle_filter.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "filter/random.hpp"

namespace jko {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLeastPromise = 0.01;

/// Weights of sum 1, and the log of the sum that was; -infinity if there is no weight at all.
double normalise(const Vector& log_weights, Vector& weights) {
  const double top = log_weights.maxCoeff();
  if (!(top > -kInfinity)) return -kInfinity;
  weights = (log_weights.array() - top).exp();
  const double sum = weights.sum();
  weights /= sum;
  return top + std::log(sum);
}

}  // namespace

AuxiliaryParticleFilter::AuxiliaryParticleFilter(Model model, AuxiliaryParticleOptions options)
    : model_(std::move(model)),
      options_(options),
      paths_(model_, options.step, options.seed),
      time_(model_.start_time),
      origin_time_(time_) {
  const Index n = options_.particles;
  if (n < 2) throw std::invalid_argument("the auxiliary particle filter needs at least 2 particles");
  law_ = {model_.initial.sample(n, options_.seed, draws_++), Vector::Constant(n, 1.0 / static_cast<double>(n))};
  origin_ = law_;
}

PredictSummary AuxiliaryParticleFilter::predict(double t) {
  PredictSummary summary;
  if (!(t > time_)) return summary;
  summary.steps = paths_.move(law_.x, time_, t, draws_);
  time_ = t;
  return summary;
}

Vector AuxiliaryParticleFilter::log_likelihood(const Points& x, const Vector& y) const {
  Vector values(x.rows());
  model_.observation->log_likelihood(x, y, time_, values);
  return values.unaryExpr([](double v) { return std::isnan(v) ? -kInfinity : v; });
}

UpdateSummary AuxiliaryParticleFilter::update(const Vector& y) {
  UpdateSummary summary;
  summary.effective_sample_size = law_.effective_sample_size();
  if (y.array().isNaN().all()) return summary;

  // First stage: an ancestor counts for as much as its noise-free image explains, but never for less than a hundredth
  // of the best, since noise may carry it to where it explains more: that bounds the weights of the second stage.
  Points image = origin_.x;
  paths_.move_without_noise(image, origin_time_, time_);
  Vector promise = log_likelihood(image, y), first;
  const double best = promise.maxCoeff();
  promise = best > -kInfinity ? Vector(promise.cwiseMax(best + std::log(kLeastPromise))) : Vector::Zero(promise.size());
  const double log_first = normalise(promise + Vector(origin_.weights.array().log()), first);
  Matrix offset(1, 1);
  fill_uniform(options_.seed, draws_++, offset);
  const std::vector<Index> ancestors = systematic(first, first.size(), offset(0));

  // Second stage: the ancestors move anew, and what the first stage anticipated is taken back.
  ParticleCloud moved{origin_.x(ancestors, Eigen::all), {}};
  paths_.move(moved.x, origin_time_, time_, draws_);
  const double log_second = normalise(log_likelihood(moved.x, y) - promise(ancestors), moved.weights);
  if (log_second == -kInfinity) {
    summary.log_evidence_increment = -kInfinity;
    return summary;
  }
  summary.log_evidence_increment = log_first + log_second - std::log(static_cast<double>(first.size()));
  law_ = std::move(moved);
  origin_ = law_;
  origin_time_ = time_;
  summary.effective_sample_size = law_.effective_sample_size();
  return summary;
}

}  // namespace jko
