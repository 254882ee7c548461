#include "filter/device/fused_engine.hpp"

#include <mutex>
#include <utility>

namespace jko {
namespace {

class FusedEngine final : public StepEngine {
 public:
  FusedEngine(FusedSolver solver, std::shared_ptr<StepEngine> otherwise)
      : solver_(std::move(solver)), otherwise_(std::move(otherwise)) {}

  MinimizeSummary minimise(const JkoStepProblem& problem, const Parametrisation& parameters, Vector& theta,
                           const MinimizeOptions& options) override {
    return minimise({{&problem, &parameters, &theta}}, options).front();
  }

  MinimizeSummary minimise(const JkoStepProblem& problem, const PooledParametrisation& parameters, Vector& theta,
                           const MinimizeOptions& options) override {
    return otherwise_->minimise(problem, parameters, theta, options);
  }

  std::vector<MinimizeSummary> minimise(const std::vector<StepTask>& tasks, const MinimizeOptions& options) override {
    std::vector<const JkoStepProblem*> problems;
    std::vector<const Parametrisation*> parameters;
    std::vector<Vector> thetas;
    for (const StepTask& task : tasks) {
      problems.push_back(task.problem);
      parameters.push_back(task.parameters);
      thetas.push_back(*task.theta);
    }
    std::vector<MinimizeSummary> summaries;
    try {
      const std::lock_guard lock(mutex_);
      summaries = solver_.solve(problems, parameters, thetas, options);
    } catch (const std::exception&) {
      // A kind of problem that it does not know, or no room for its network. If the device is gone, the other engine
      // will say so.
      return otherwise_->minimise(tasks, options);
    }
    for (std::size_t b = 0; b < tasks.size(); ++b) *tasks[b].theta = std::move(thetas[b]);
    return summaries;
  }

  MapValue apply(const ConvexMap<double>& map, PointsView points) override { return otherwise_->apply(map, points); }
  bool batches() const override { return true; }
  std::string name() const override { return otherwise_->name() + ", fused"; }

 private:
  std::mutex mutex_;
  FusedSolver solver_;
  std::shared_ptr<StepEngine> otherwise_;
};

}  // namespace

std::shared_ptr<StepEngine> fused_engine(FusedSolver solver, std::shared_ptr<StepEngine> otherwise) {
  return std::make_shared<FusedEngine>(std::move(solver), std::move(otherwise));
}

}  // namespace jko
