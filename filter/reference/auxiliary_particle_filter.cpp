#include "filter/reference/auxiliary_particle_filter.hpp"

#include <cmath>
#include <stdexcept>

#include "filter/random.hpp"

namespace jko {
namespace {

constexpr double kLeastPromise = 0.01;

const AuxiliaryParticleOptions& checked(const AuxiliaryParticleOptions& options) {
  if (std::string why; !options.validate(&why)) throw std::invalid_argument(why);
  return options;
}

/// log g(y | x) at each image, but never less than a hundredth of the best; zero where all of them are impossible.
Vector promise_of(const Model& model, const Points& image, const Vector& y, double t) {
  Vector promise(image.rows());
  model.observation->log_likelihood(image, y, t, promise);
  promise = promise.unaryExpr([](double v) { return std::isnan(v) ? -kInfinity : v; });
  const double best = promise.maxCoeff();
  if (!(best > -kInfinity)) return Vector::Zero(image.rows());
  return promise.cwiseMax(best + std::log(kLeastPromise));
}

}  // namespace

AuxiliaryParticleFilter::AuxiliaryParticleFilter(Model model, AuxiliaryParticleOptions options)
    : model_(std::move(model)),
      options_(checked(options)),
      paths_(model_, options.step, Integrator::heun, options.seed),
      law_(model_.initial.sample(options.particles, options.seed, draws_++), options.bandwidth),
      origin_(law_),
      time_(model_.start_time),
      origin_time_(time_) {}

PredictSummary AuxiliaryParticleFilter::predict(double t) {
  PredictSummary summary;
  if (!(t > time_)) return summary;
  law_.move([&](Points& x) { summary.steps = paths_.move(x, time_, t, draws_); });
  time_ = t;
  return summary;
}

UpdateSummary AuxiliaryParticleFilter::update(const Vector& y) {
  UpdateSummary summary;
  summary.effective_sample_size = law_.effective_sample_size();
  if (y.array().isNaN().all()) return summary;

  // First stage: an ancestor counts for as much as its noise-free image explains. Noise may carry it to where it
  // explains more: that its promise has a floor bounds the weights of the second stage.
  Points image = origin_.particles();
  paths_.move_without_noise(image, origin_time_, time_, draws_);
  const Vector promise = promise_of(model_, image, y, time_);
  ParticleCloud promising = origin_;
  const double log_promise =
      promising.reweight([&](Index first, Eigen::Ref<Vector> out) { out = promise.segment(first, out.size()); });
  const std::vector<Index> ancestors =
      systematic_resample(promising.weights(), promising.size(), uniform_number(options_.seed, draws_++));

  // Second stage: the ancestors move anew, and what the first stage anticipated is taken back.
  const Vector anticipated = promise(ancestors);
  ParticleCloud moved(origin_.particles()(ancestors, Eigen::all), options_.bandwidth);
  moved.move([&](Points& x) { paths_.move(x, origin_time_, time_, draws_); });
  const double log_rest = moved.reweight([&](Index first, Eigen::Ref<Vector> out) {
    model_.observation->log_likelihood(moved.particles().middleRows(first, out.size()), y, time_, out);
    out -= anticipated.segment(first, out.size());
  });
  if (!(log_rest > -kInfinity)) {
    summary.log_evidence_increment = -kInfinity;
    return summary;
  }
  summary.log_evidence_increment = log_promise + log_rest;
  law_ = std::move(moved);
  origin_ = law_;
  origin_time_ = time_;
  summary.effective_sample_size = law_.effective_sample_size();
  return summary;
}

}  // namespace jko
