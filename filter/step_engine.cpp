#include "filter/step_engine.hpp"

#include <mutex>
#include <utility>

#include "filter/pooled_parametrisation.hpp"

namespace jko {

MinimizeSummary minimise(StepEngine& engine, const JkoStepProblem& problem, StepParameters parameters, Vector& theta,
                         const MinimizeOptions& options) {
  return engine.minimise({{&problem, parameters, &theta}}, options).front();
}

namespace {

class ProcessorEngine final : public StepEngine {
 public:
  std::vector<MinimizeSummary> minimise(const std::vector<StepTask>& tasks, const MinimizeOptions& options) override {
    std::vector<MinimizeSummary> summaries;
    summaries.reserve(tasks.size());
    for (const StepTask& task : tasks) {
      const auto solve = [&](const auto* parameters) {
        return lbfgs_step(*task.problem, *parameters, *task.theta, options);
      };
      summaries.push_back(std::visit(solve, task.parameters));
    }
    return summaries;
  }

  MapAverages average(const ConvexMap& map, PointsView points, const Vector& weights) override {
    return jko::average(map, points, weights);
  }
  Pushforward pushforward(const std::vector<const ConvexMap*>& maps, PointsView points, PointsView score) override {
    return jko::pushforward(maps, points, score);
  }
  bool newton() const override { return true; }
  std::string name() const override { return "processor"; }
};

class FallbackEngine final : public StepEngine {
 public:
  FallbackEngine(std::shared_ptr<StepEngine> device, bool newton, std::function<void(const std::string&)> report)
      : device_(std::move(device)), newton_(newton), report_(std::move(report)) {}

  std::vector<MinimizeSummary> minimise(const std::vector<StepTask>& tasks, const MinimizeOptions& options) override {
    std::vector<Vector> starts;
    starts.reserve(tasks.size());
    for (const StepTask& task : tasks) starts.push_back(*task.theta);
    return on_device([&](StepEngine& engine) {
      for (std::size_t b = 0; b < tasks.size(); ++b) *tasks[b].theta = starts[b];
      return engine.minimise(tasks, options);
    });
  }

  bool batches() const override { return device_->batches(); }

  MapAverages average(const ConvexMap& map, PointsView points, const Vector& weights) override {
    return on_device([&](StepEngine& engine) { return engine.average(map, points, weights); });
  }
  Pushforward pushforward(const std::vector<const ConvexMap*>& maps, PointsView points, PointsView score) override {
    return on_device([&](StepEngine& engine) { return engine.pushforward(maps, points, score); });
  }

  bool newton() const override { return newton_; }

  std::string name() const override {
    return trouble().empty() ? device_->name() : processor_->name() + ", in place of " + device_->name();
  }

  std::string trouble() const override {
    const std::lock_guard lock(mutex_);
    return trouble_;
  }

 private:
  template <class Work>
  auto on_device(Work&& work) -> decltype(work(std::declval<StepEngine&>())) {
    if (trouble().empty()) {
      try {
        return work(*device_);
      } catch (const DeviceError& error) {
        const std::lock_guard lock(mutex_);
        if (trouble_.empty() && report_) report_(error.what());
        trouble_ = error.what();
      }
    }
    return work(*processor_);
  }

  std::shared_ptr<StepEngine> device_;
  bool newton_;
  std::function<void(const std::string&)> report_;
  std::shared_ptr<StepEngine> processor_ = processor_engine();
  mutable std::mutex mutex_;
  std::string trouble_;
};

}  // namespace

std::shared_ptr<StepEngine> processor_engine() {
  static const std::shared_ptr<StepEngine> engine = std::make_shared<ProcessorEngine>();
  return engine;
}

std::shared_ptr<StepEngine> with_fallback(std::shared_ptr<StepEngine> device, bool newton,
                                          std::function<void(const std::string&)> report) {
  return std::make_shared<FallbackEngine>(std::move(device), newton, std::move(report));
}

}  // namespace jko
