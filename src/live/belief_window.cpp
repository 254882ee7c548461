#include "src/live/belief_window.hpp"

#include <algorithm>

namespace jko {
namespace {

// Beliefs kept on the way ahead; of more steps, each second one is let go.
constexpr std::size_t kMostAhead = 64;

}  // namespace

BeliefWindow::BeliefWindow(std::shared_ptr<const Filter> begin, double lag, Index most)
    : lag_(lag), most_(static_cast<std::size_t>(std::max<Index>(1, most))) {
  KeptBelief first;
  first.time = begin->time();
  first.filter = std::move(begin);
  kept_.push_back(std::move(first));
}

Prediction BeliefWindow::predict(double t, Pilot& pilot, double tolerance) const {
  const auto near = std::find_if(ahead_.rbegin(), ahead_.rend(),
                                 [&](const Prediction& belief) { return belief.filter().time() <= t + tolerance; });
  Prediction prediction = near != ahead_.rend() ? near->clone() : Prediction(last().filter->clone());
  prediction.advance(t, pilot, tolerance);
  return prediction;
}

bool BeliefWindow::step_ahead(double t, Pilot& pilot, double tolerance) {
  Prediction next = ahead_.empty() ? Prediction(last().filter->clone()) : ahead_.back().clone();
  if (!next.step_towards(t, pilot, tolerance)) return false;
  push_ahead(std::move(next));
  return true;
}

void BeliefWindow::push_ahead(Prediction belief) {
  if (ahead_.size() >= kMostAhead) {
    std::vector<Prediction> half;
    half.reserve(kMostAhead / 2);
    for (std::size_t k = 1; k < ahead_.size(); k += 2) half.push_back(std::move(ahead_[k]));
    ahead_ = std::move(half);
  }
  ahead_.push_back(std::move(belief));
}

const Moves& BeliefWindow::ahead() const {
  static const Moves kNone;
  return ahead_.empty() ? kNone : ahead_.back().moves();
}

std::unique_ptr<Filter> BeliefWindow::furthest_ahead() const {
  return ahead_.empty() ? nullptr : ahead_.back().filter().clone();
}

void BeliefWindow::repeat_ahead(const Moves& moves) {
  // Step by step, so that an observation finds what it would have found.
  ahead_.clear();
  Prediction prediction(last().filter->clone());
  for (const Move& move : moves) {
    prediction.begin(move.to, move.count);
    for (const SolveRecord& record : move.steps) {
      prediction.repeat_step(record);
      push_ahead(prediction.clone());
    }
  }
}

void BeliefWindow::add(KeptBelief belief) {
  kept_.push_back(std::move(belief));
  ahead_.clear();
  prune();
}

std::size_t BeliefWindow::place(double t) const {
  std::size_t place = kept_.size() - 1;
  while (place > 0 && kept_[place].time > t) --place;
  return place;
}

void BeliefWindow::replace_after(std::size_t place, std::vector<KeptBelief> revised) {
  kept_.resize(place + 1);
  for (KeptBelief& belief : revised) kept_.push_back(std::move(belief));
  ahead_.clear();
  prune();
}

void BeliefWindow::start_from_last(std::shared_ptr<const Filter> filter) {
  KeptBelief begin = std::move(kept_.back());
  begin.filter = std::move(filter);
  start_from(std::move(begin));
}

void BeliefWindow::start_from(KeptBelief begin) {
  begin.moves.clear();
  kept_.clear();
  kept_.push_back(std::move(begin));
  ahead_.clear();
}

// The first belief is the last one that is not within the window: whatever comes late within it has one to start from.
void BeliefWindow::prune() {
  const double begin = kept_.back().time - lag_;
  while (kept_.size() > 1 && (kept_[1].time <= begin || kept_.size() > most_)) kept_.pop_front();
}

}  // namespace jko
