#pragma once
/// Many filters at once: each runs in a thread of its own and knows nothing of the others, and the steps that they ask
/// for are solved together by an engine that batches.
///
///     auto engine = std::make_shared<StepRendezvous>(device_engine(Device::cuda));
///     // in each thread, from before any of them starts:
///     StepRendezvous::Member member(*engine);
///     JkoFilter filter(model, options);                 // options.engine = engine
///
/// A batch goes as soon as every member waits for a step. Which steps share one thus does not depend on the clock, and
/// a batch's problems do not see each other: results are those of the same run, bit for bit.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "filter/step_engine.hpp"

namespace jko {

class StepRendezvous final : public StepEngine {
 public:
  explicit StepRendezvous(std::shared_ptr<StepEngine> engine) : engine_(std::move(engine)) {}

  /// A filter for whose steps the others wait, until it goes out of scope.
  class Member {
   public:
    explicit Member(StepRendezvous& rendezvous);
    ~Member();
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

   private:
    StepRendezvous& rendezvous_;
  };

  /// Precondition: a member's. Several tasks, and steps with a deadline, go without waiting for others.
  std::vector<MinimizeSummary> minimise(const std::vector<StepTask>& tasks, const MinimizeOptions& options) override;

  MapAverages average(const ConvexMap& map, PointsView points, const Vector& weights) override {
    return engine_->average(map, points, weights);
  }
  Pushforward pushforward(const std::vector<const ConvexMap*>& maps, PointsView points, PointsView score) override {
    return engine_->pushforward(maps, points, score);
  }

  bool batches() const override { return true; }
  bool newton() const override { return engine_->newton(); }
  std::string name() const override { return engine_->name(); }
  std::string trouble() const override { return engine_->trouble(); }

  /// How many steps the largest batch so far had.
  std::size_t largest_batch() const;

 private:
  /// What a member waits for.
  struct Request {
    StepTask task;
    const MinimizeOptions* options;
    std::optional<MinimizeSummary> summary;
    std::exception_ptr error;
    bool done() const { return summary.has_value() || error != nullptr; }
  };

  void solve_waiting();
  void solve_together(const std::vector<Request*>& requests);

  std::shared_ptr<StepEngine> engine_;
  mutable std::mutex mutex_;
  std::condition_variable solved_;
  std::size_t members_ = 0, largest_ = 0;
  std::vector<Request*> waiting_;
};

}  // namespace jko
