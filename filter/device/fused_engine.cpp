#include "filter/device/fused_engine.hpp"

#include <mutex>
#include <utility>

namespace jko {
namespace {

class FusedEngine final : public StepEngine {
 public:
  FusedEngine(FusedSolver solver, std::shared_ptr<StepEngine> otherwise)
      : solver_(std::move(solver)), otherwise_(std::move(otherwise)) {}

  std::vector<MinimizeSummary> minimise(const std::vector<StepTask>& tasks, const MinimizeOptions& options) override {
    std::vector<const JkoStepProblem*> problems;
    std::vector<const Parametrisation*> parameters;
    std::vector<Vector> thetas;
    for (const StepTask& task : tasks) {
      const auto* layers = std::get_if<const Parametrisation*>(&task.parameters);
      if (!layers) return otherwise_->minimise(tasks, options);
      problems.push_back(task.problem);
      parameters.push_back(*layers);
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

  MapAverages average(const ConvexMap& map, PointsView points, const Vector& weights) override {
    return otherwise_->average(map, points, weights);
  }
  Pushforward pushforward(const std::vector<const ConvexMap*>& maps, PointsView points, PointsView score) override {
    return otherwise_->pushforward(maps, points, score);
  }
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
