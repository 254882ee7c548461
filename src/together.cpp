#include "src/together.hpp"

#include <omp.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <thread>

#include "filter/step_rendezvous.hpp"
#include "src/device.hpp"

namespace jko {
namespace {

constexpr std::size_t kMostAtOnce = 1024;

/// As long as it lives, filters meet for their steps, if that is of use.
class Meeting {
 public:
  explicit Meeting(std::size_t members) {
    const std::shared_ptr<StepEngine> engine = engine_in_use();
    if (!engine->batches()) return;
    rendezvous_ = std::make_shared<StepRendezvous>(engine);
    for (std::size_t i = 0; i < members; ++i) {
      members_.push_back(std::make_unique<StepRendezvous::Member>(*rendezvous_));
    }
    in_use_.emplace(rendezvous_);
  }

  /// The others do not wait for this one any more.
  void leave(std::size_t member) {
    if (rendezvous_) members_[member].reset();
  }

 private:
  std::shared_ptr<StepRendezvous> rendezvous_;
  std::optional<EngineInUse> in_use_;
  std::vector<std::unique_ptr<StepRendezvous::Member>> members_;
};

std::exception_ptr error_of(const std::function<void()>& work) {
  try {
    work();
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace

std::size_t together_at_most(std::size_t count) {
  const std::size_t threads = static_cast<std::size_t>(omp_get_max_threads());
  return std::min(count, engine_in_use()->batches() ? kMostAtOnce : threads);
}

std::vector<std::exception_ptr> run_together(const std::vector<std::function<void()>>& works, std::size_t at_once) {
  std::vector<std::exception_ptr> errors(works.size());
  if (at_once <= 1) {
    std::transform(works.begin(), works.end(), errors.begin(), error_of);
    return errors;
  }
  const int each = std::max(1, omp_get_max_threads() / static_cast<int>(at_once));
  Meeting meeting(at_once);
  std::vector<std::thread> threads;
  for (std::size_t first = 0; first < at_once; ++first) {
    threads.emplace_back([&, first] {
      omp_set_num_threads(each);
      // Which thread does what is fixed beforehand, so that it does not depend on the clock.
      for (std::size_t i = first; i < works.size(); i += at_once) errors[i] = error_of(works[i]);
      meeting.leave(first);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return errors;
}

}  // namespace jko
