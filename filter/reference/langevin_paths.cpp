#include "filter/reference/langevin_paths.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "filter/random.hpp"

namespace jko {
namespace {

/// The automatic step in units of the drift's time scale.
double relative_step(Integrator integrator) { return integrator == Integrator::heun ? 0.1 : 0.004; }

/// Steps of at most `step` in an interval.
int steps_of(double interval, double step) {
  return static_cast<int>(std::clamp(std::ceil(interval / step * (1.0 - 1e-12)), 1.0, 1e9));
}

}  // namespace

LangevinPaths::LangevinPaths(const Model& model, double step, Integrator integrator, std::uint64_t seed)
    : potential_(model.potential),
      temperature_(model.temperature()),
      width_(std::sqrt(model.initial.covariance().trace() / static_cast<double>(model.dimension()))),
      step_(step),
      integrator_(integrator),
      seed_(seed) {
  if (!(step >= 0.0)) throw std::invalid_argument("the step of time must not be negative");
}

/// Root mean square of the change of ∇Φ along each coordinate over a sample `x` of a law, the largest of them. Points
/// where it is not finite are left out, and so is the steepest hundredth, lest a few that have gone astray decide
/// alone.
double LangevinPaths::drift_rate(PointsView x, double t) const {
  const Index n = x.rows(), d = x.cols();
  const double nudge = 1e-4 * width_;
  Points here(n, d), there(n, d);
  potential_->gradient(x, t, here);
  double rate = 0.0;
  for (Index k = 0; k < d; ++k) {
    Points moved = x;
    moved.col(k).array() += nudge;
    potential_->gradient(moved, t, there);
    Vector squares = (there - here).rowwise().squaredNorm();
    const auto end = std::remove_if(squares.begin(), squares.end(), [](double v) { return !std::isfinite(v); });
    std::sort(squares.begin(), end);
    const Index kept = (end - squares.begin()) * 99 / 100;
    if (kept > 0) rate = std::max(rate, std::sqrt(squares.head(kept).mean()) / nudge);
  }
  return rate;
}

double LangevinPaths::automatic_step(PointsView x, double from, double to, std::uint64_t& stream) const {
  const double interval = to - from, wanted = relative_step(integrator_);
  const Index n = x.rows(), d = x.cols(), count = std::min(n, std::clamp<Index>(n / 32, 64, 512));
  Points pilots(count, d), noise(count, d);
  for (Index i = 0; i < count; ++i) pilots.row(i) = x.row(i * n / count);
  fill_standard_normal(seed_, stream++, noise);
  const auto allowed = [&](const Points& at, double t) { return wanted / std::max(drift_rate(at, t), 1e-300); };
  // Where the law is going to be matters as well: a step's noise away, and at the interval's end.
  double step = std::min(interval, allowed(pilots, from));
  for (int halvings = 0; halvings < 60; ++halvings, step *= 0.5) {
    if (allowed(pilots + std::sqrt(2.0 * step * temperature_) * noise, from) >= 0.9 * step) break;
  }
  const int steps = steps_of(interval, step);
  LangevinSteps{*potential_, temperature_, integrator_}.advance(pilots, from, interval / steps, steps, seed_, stream++);
  return std::min(step, allowed(pilots, to));
}

int LangevinPaths::move(Eigen::Ref<Points> x, double from, double to, double temperature, std::uint64_t& stream) const {
  const double interval = to - from;
  if (!(interval > 0.0)) return 0;
  const int steps = steps_of(interval, step_ > 0.0 ? step_ : automatic_step(x, from, to, stream));
  LangevinSteps{*potential_, temperature, integrator_}.advance(x, from, interval / steps, steps, seed_, stream++);
  return steps;
}

int LangevinPaths::move(Eigen::Ref<Points> x, double from, double to, std::uint64_t& stream) const {
  return move(x, from, to, temperature_, stream);
}

int LangevinPaths::move_without_noise(Eigen::Ref<Points> x, double from, double to, std::uint64_t& stream) const {
  return move(x, from, to, 0.0, stream);
}

}  // namespace jko
