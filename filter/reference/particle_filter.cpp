#include "filter/reference/particle_filter.hpp"

#include <stdexcept>

#include "filter/random.hpp"

namespace jko {
namespace {

const ParticleOptions& checked(const ParticleOptions& options) {
  if (std::string why; !options.validate(&why)) throw std::invalid_argument(why);
  return options;
}

}  // namespace

ParticleFilter::ParticleFilter(Model model, ParticleOptions options)
    : model_(std::move(model)),
      options_(checked(options)),
      paths_(model_, options.step, options.integrator, options.seed),
      law_(model_.initial.sample(options.particles, options.seed, draws_++), options.bandwidth),
      time_(model_.start_time) {}

PredictSummary ParticleFilter::predict(double t) {
  PredictSummary summary;
  if (!(t > time_)) return summary;
  // Resampling waits for the next move: until then the weighted particles say more of the law than copies of some
  // would.
  if (law_.effective_sample_size() < options_.resample_below * static_cast<double>(law_.size())) {
    law_.resample(uniform_number(options_.seed, draws_++));
  }
  law_.move([&](Points& x) { summary.steps = paths_.move(x, time_, t, draws_); });
  time_ = t;
  return summary;
}

UpdateSummary ParticleFilter::update(const Vector& y) {
  UpdateSummary summary;
  if (!y.array().isNaN().all()) {
    summary.log_evidence_increment = law_.reweight([&](Index first, Eigen::Ref<Vector> out) {
      model_.observation->log_likelihood(law_.particles().middleRows(first, out.size()), y, time_, out);
    });
  }
  summary.effective_sample_size = law_.effective_sample_size();
  return summary;
}

}  // namespace jko
