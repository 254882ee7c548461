#include "filter/step_rendezvous.hpp"

#include <algorithm>

#include "filter/pooled_parametrisation.hpp"

namespace jko {
namespace {

const std::vector<Index>& widths_of(const StepTask& task) {
  return std::visit([](const auto* parameters) -> const std::vector<Index>& { return parameters->widths(); },
                    task.parameters);
}

bool alike(const StepTask& a, const StepTask& b) {
  return a.problem->nodes.rows() == b.problem->nodes.rows() && a.problem->nodes.cols() == b.problem->nodes.cols() &&
         a.parameters.index() == b.parameters.index() && widths_of(a) == widths_of(b);
}

bool alike(const MinimizeOptions& a, const MinimizeOptions& b) {
  return a.iterations == b.iterations && a.memory == b.memory && a.value_tolerance == b.value_tolerance &&
         a.patience == b.patience && a.gradient_tolerance == b.gradient_tolerance && a.first_step == b.first_step;
}

}  // namespace

StepRendezvous::Member::Member(StepRendezvous& rendezvous) : rendezvous_(rendezvous) {
  const std::lock_guard lock(rendezvous_.mutex_);
  ++rendezvous_.members_;
}

StepRendezvous::Member::~Member() {
  const std::lock_guard lock(rendezvous_.mutex_);
  --rendezvous_.members_;
  rendezvous_.solve_waiting();  // it may have been the one for whom the others waited
}

std::vector<MinimizeSummary> StepRendezvous::minimise(const std::vector<StepTask>& tasks,
                                                      const MinimizeOptions& options) {
  if (options.stop || tasks.size() != 1) return engine_->minimise(tasks, options);
  Request request{tasks.front(), &options, {}, {}};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&request);
  solve_waiting();
  solved_.wait(lock, [&] { return request.done(); });
  if (request.error) std::rethrow_exception(request.error);
  return {std::move(*request.summary)};
}

/// Solves what is waited for, if all wait. Nobody else can do anything meanwhile, so the lock may be held.
void StepRendezvous::solve_waiting() {
  if (waiting_.empty() || waiting_.size() < members_) return;
  std::vector<Request*> left = std::move(waiting_);
  waiting_.clear();
  // Threads come in the scheduler's order. Problems of a batch do not see each other, but an engine that meets the same
  // potentials in the same order can go on with what it has prepared.
  std::stable_sort(left.begin(), left.end(), [](const Request* a, const Request* b) {
    return a->task.problem->potential->identity() < b->task.problem->potential->identity();
  });
  while (!left.empty()) {
    std::vector<Request*> group, others;
    for (Request* request : left) {
      const bool fits = alike(request->task, left.front()->task) && alike(*request->options, *left.front()->options);
      (fits ? group : others).push_back(request);
    }
    solve_together(group);
    left = std::move(others);
  }
  solved_.notify_all();
}

void StepRendezvous::solve_together(const std::vector<Request*>& requests) {
  largest_ = std::max(largest_, requests.size());
  try {
    std::vector<StepTask> tasks;
    tasks.reserve(requests.size());
    for (const Request* request : requests) tasks.push_back(request->task);
    std::vector<MinimizeSummary> summaries = engine_->minimise(tasks, *requests.front()->options);
    for (std::size_t b = 0; b < requests.size(); ++b) requests[b]->summary = std::move(summaries[b]);
  } catch (...) {
    for (Request* request : requests) request->error = std::current_exception();
  }
}

std::size_t StepRendezvous::largest_batch() const {
  const std::lock_guard lock(mutex_);
  return largest_;
}

}  // namespace jko
