#pragma once
/// The processor's engine under another name, which tells before each call, for tests that count calls or fail one.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "filter/step_engine.hpp"

namespace jko {

class WatchedEngine final : public StepEngine {
 public:
  /// Given the tasks of a minimise(), none for what evaluates maps.
  using Before = std::function<void(const std::vector<StepTask>&)>;

  WatchedEngine(std::string name, Before before) : name_(std::move(name)), before_(std::move(before)) {}

  std::vector<MinimizeSummary> minimise(const std::vector<StepTask>& tasks, const MinimizeOptions& options) override {
    before_(tasks);
    return processor_->minimise(tasks, options);
  }
  MapAverages average(const ConvexMap& map, PointsView points, const Vector& weights) override {
    before_({});
    return processor_->average(map, points, weights);
  }
  Pushforward pushforward(const std::vector<const ConvexMap*>& maps, PointsView points, PointsView score) override {
    before_({});
    return processor_->pushforward(maps, points, score);
  }
  std::string name() const override { return name_; }

 private:
  std::string name_;
  Before before_;
  std::shared_ptr<StepEngine> processor_ = processor_engine();
};

}  // namespace jko
