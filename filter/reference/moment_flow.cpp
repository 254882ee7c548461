#include "filter/reference/moment_flow.hpp"

#include <algorithm>
#include <boost/numeric/odeint/stepper/controlled_runge_kutta.hpp>
#include <boost/numeric/odeint/stepper/generation/generation_controlled_runge_kutta.hpp>
#include <boost/numeric/odeint/stepper/generation/generation_runge_kutta_dopri5.hpp>
#include <boost/numeric/odeint/stepper/generation/make_controlled.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_dopri5.hpp>
#include <cmath>

namespace jko {
namespace {

constexpr double kFlowTolerance = 1e-9;  // of a step, relative to the law's own width
constexpr int kMostFlowSteps = 20000;

bool all_finite(const std::vector<double>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](double v) { return std::isfinite(v); });
}

}  // namespace

void MomentFlow::slope(const State& state, State& slope, double t) const {
  const Index d = potential_->dimension(), size = d + d * d, n = 2 * d + 1;
  const Index count = static_cast<Index>(state.size()) / size;
  // One evaluation of the potential for all components: a formula is fast only on many points at once.
  std::vector<MomentRule> rules;
  Points points(count * n, d), gradient(count * n, d);
  for (Index c = 0; c < count; ++c) {
    const double* here = state.data() + c * size;
    rules.push_back(make_rule_(Vector::Map(here, d), Matrix::Map(here + d, d, d)));
    points.middleRows(c * n, n) = rules.back().points;
  }
  potential_->gradient(points, t, gradient);
  for (Index c = 0; c < count; ++c) {
    const auto values = gradient.middleRows(c * n, n);
    const Matrix cross = rules[c].cross * values;
    double* there = slope.data() + c * size;
    Vector::Map(there, d) = -values.transpose() * rules[c].mean;
    Matrix::Map(there + d, d, d) = 2.0 * temperature_ * Matrix::Identity(d, d) - cross - cross.transpose();
  }
}

int MomentFlow::move(std::vector<GaussianMixture::Component>& components, double from, double to) const {
  const Index d = potential_->dimension(), size = d + d * d;
  State state;
  double narrowest = components.front().covariance.trace();
  for (const auto& c : components) {
    state.insert(state.end(), c.mean.begin(), c.mean.end());
    const auto entries = c.covariance.reshaped();
    state.insert(state.end(), entries.begin(), entries.end());
    narrowest = std::min(narrowest, c.covariance.trace() / static_cast<double>(d));
  }

  namespace odeint = boost::numeric::odeint;
  const double tolerance = kFlowTolerance * std::min(narrowest, std::sqrt(narrowest));
  auto stepper = odeint::make_controlled(tolerance, kFlowTolerance, odeint::runge_kutta_dopri5<State>());
  bool defined = true;  // the stepper itself would accept a step whose error is NaN
  const auto system = [&](const State& s, State& ds, double t) {
    slope(s, ds, t);
    defined = defined && all_finite(ds);
  };
  double t = from, step = to - from;
  int steps = 0;
  while (to - t > 1e-12 * (to - from)) {
    if (++steps > kMostFlowSteps || step < 1e-12 * (to - from)) return 0;
    step = std::min(step, to - t);
    const State before = state;
    const double begin = t, tried = step;
    defined = true;
    stepper.try_step(system, state, t, step);
    if (!defined) {
      state = before;
      t = begin;
      step = 0.1 * tried;
      stepper.reset();
    }
  }
  for (std::size_t c = 0; c < components.size(); ++c) {
    const double* here = state.data() + static_cast<Index>(c) * size;
    components[c].mean = Vector::Map(here, d);
    components[c].covariance = Matrix::Map(here + d, d, d);
  }
  return steps;
}

}  // namespace jko
