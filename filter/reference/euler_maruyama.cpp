#include "filter/reference/euler_maruyama.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "filter/random.hpp"

namespace jko {
namespace {

constexpr double kFarthest = 1e100;  // of a coordinate: its square and cube are still finite

/// Root mean square of the change of ∇Φ along each coordinate over the initial law, the largest of them.
double drift_rate(const Model& model, std::uint64_t seed) {
  constexpr Index kSample = 2048;
  const Index d = model.dimension();
  const Points here = model.initial.sample(kSample, seed, 0);
  const double nudge = 1e-4 * std::sqrt(model.initial.covariance().trace() / static_cast<double>(d));
  Points before(kSample, d), after(kSample, d);
  model.potential->gradient(here, model.start_time, before);
  double rate = 0.0;
  for (Index k = 0; k < d; ++k) {
    Points moved = here;
    moved.col(k).array() += nudge;
    model.potential->gradient(moved, model.start_time, after);
    rate = std::max(rate, std::sqrt((after - before).rowwise().squaredNorm().mean()) / nudge);
  }
  return rate;
}

}  // namespace

EulerMaruyama::EulerMaruyama(const Model& model, double step, std::uint64_t seed)
    : potential_(model.potential), temperature_(model.temperature()), step_(step), seed_(seed) {
  if (!(step >= 0.0)) throw std::invalid_argument("the step of time must not be negative");
  if (step == 0.0) {
    const double rate = drift_rate(model, seed);
    step_ = std::isfinite(rate) && rate > 0.0 ? 0.02 / rate : std::numeric_limits<double>::infinity();
  }
}

/// disturb(noise, dt) fills what is added to the drift in a step.
template <typename Disturb>
int EulerMaruyama::advance(Points& x, double from, double to, const Disturb& disturb) const {
  if (!(to > from)) return 0;
  const int steps = std::max(1, static_cast<int>(std::ceil((to - from) / step_ * (1.0 - 1e-12))));
  const double dt = (to - from) / steps;
  Points force(x.rows(), x.cols()), noise = Points::Zero(x.rows(), x.cols());
  for (int k = 0; k < steps; ++k) {
    potential_->gradient(x, from + k * dt, force);
    disturb(noise, dt);
    const Index n = x.size();
#pragma omp parallel for schedule(static) if (n > 4096)
    for (Index i = 0; i < n; ++i) {
      const double moved = x.data()[i] - dt * force.data()[i] + noise.data()[i];
      if (std::abs(moved) < kFarthest) x.data()[i] = moved;
    }
  }
  return steps;
}

int EulerMaruyama::move(Points& x, double from, double to, std::uint64_t& stream) const {
  return advance(x, from, to, [&](Points& noise, double dt) {
    fill_standard_normal(seed_, stream++, noise);
    noise *= std::sqrt(2.0 * dt * temperature_);
  });
}

void EulerMaruyama::move_without_noise(Points& x, double from, double to) const {
  advance(x, from, to, [](Points&, double) {});
}

}  // namespace jko
