#include "src/live/moves.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace jko {

Prediction::Prediction(std::unique_ptr<Filter> filter)
    : filter_(std::move(filter)), jko_(dynamic_cast<JkoFilter*>(filter_.get())) {}

Prediction Prediction::clone() const {
  Prediction copy(filter_->clone());
  copy.moves_ = moves_;
  copy.plan_ = plan_;
  copy.summary_ = summary_;
  copy.rung_ = rung_;
  return copy;
}

void Prediction::add(const PredictSummary& summary) {
  summary_.steps += summary.steps;
  summary_.iterations += summary.iterations;
  summary_.fallback = summary_.fallback || summary.fallback;
}

void Prediction::step(StepPlan& plan, const StepLimits& limits) {
  const StepReport report = jko_->step(plan, limits);
  moves_.back().steps.push_back(report.solve);
  add({1, report.iterations, report.fallback});
  if (!limits.repeat) rung_ = std::max(rung_, report.stopped ? Rung::deadline : Rung::full);
}

bool Prediction::step_towards(double t, Pilot& pilot, double tolerance) {
  if (!jko_ || (plan_.finished() && !(t > filter_->time() + tolerance))) return false;
  if (plan_.finished() || plan_.end != t) {
    plan_ = jko_->plan(t);
    const int natural = plan_.count;
    plan_.count = pilot.count(natural);
    if (plan_.count < natural) rung_ = std::max(rung_, Rung::longer);
    moves_.push_back({t, plan_.count, {}});
  }
  step(plan_, pilot.limits(plan_.count - plan_.done, true));
  return true;
}

void Prediction::advance(double t, Pilot& pilot, double tolerance) {
  if (!jko_) {
    add(filter_->predict(t));
    moves_.push_back({t, 0, {}});
    return;
  }
  // A plan that was made for this time is carried out to its end, any other is dropped where it stands.
  if (plan_.finished() || std::abs(plan_.end - t) > tolerance) plan_ = {};
  if (plan_.finished() && t > filter_->time() + tolerance) {
    plan_ = jko_->plan(t);
    const int natural = plan_.count;
    plan_.count = pilot.count(natural);
    if (plan_.count < natural) rung_ = std::max(rung_, Rung::longer);
    moves_.push_back({t, plan_.count, {}});
  }
  const bool moved = !plan_.finished();
  while (!plan_.finished()) step(plan_, pilot.limits(plan_.count - plan_.done, false));
  if (moved) rung_ = std::max(rung_, pilot.level());
  if (jko_->time() != t) {
    jko_->relabel(t);
    moves_.push_back({t, 0, {}});
  }
}

void Prediction::begin(double to, int count) {
  moves_.push_back({to, count, {}});
  plan_ = {};
  if (count == 0) {
    if (jko_)
      jko_->relabel(to);
    else
      add(filter_->predict(to));
    return;
  }
  if (!jko_) throw std::invalid_argument("steps of a method that makes none");
  plan_ = jko_->plan(to, count);
}

void Prediction::repeat_step(const SolveRecord& record) {
  if (plan_.finished()) throw std::invalid_argument("more steps than the prediction has");
  step(plan_, StepLimits::repeating(record));
}

void Prediction::repeat(const Moves& moves) {
  for (const Move& move : moves) {
    begin(move.to, move.count);
    for (const SolveRecord& record : move.steps) repeat_step(record);
  }
}

}  // namespace jko
