#include "src/stream/arrival_queue.hpp"

#include <chrono>
#include <utility>

namespace jko {

bool ArrivalQueue::push(Arrival& arrival) {
  {
    const std::lock_guard lock(mutex_);
    if (arrivals_.size() >= capacity_) return false;
    arrivals_.push_back(std::move(arrival));
  }
  changed_.notify_one();
  return true;
}

void ArrivalQueue::when_room(std::function<void()> resume) {
  {
    const std::lock_guard lock(mutex_);
    if (arrivals_.size() > capacity_ / 2) {
      waiting_.push_back(std::move(resume));
      return;
    }
  }
  resume();
}

void ArrivalQueue::add_source() {
  const std::lock_guard lock(mutex_);
  ++sources_;
}

void ArrivalQueue::source_done() {
  {
    const std::lock_guard lock(mutex_);
    --sources_;
  }
  changed_.notify_one();
}

std::optional<Arrival> ArrivalQueue::pop() {
  std::vector<std::function<void()>> resumed;
  std::optional<Arrival> arrival;
  {
    const std::lock_guard lock(mutex_);
    if (arrivals_.empty()) return std::nullopt;
    arrival = std::move(arrivals_.front());
    arrivals_.pop_front();
    if (arrivals_.size() <= capacity_ / 2) resumed.swap(waiting_);
  }
  for (const auto& resume : resumed) resume();  // without the lock: it may ask the queue
  return arrival;
}

void ArrivalQueue::wait(double seconds) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::duration<double>(seconds),
                    [this] { return woken_ || !arrivals_.empty() || sources_ == 0; });
  woken_ = false;
}

void ArrivalQueue::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

std::size_t ArrivalQueue::size() const {
  const std::lock_guard lock(mutex_);
  return arrivals_.size();
}

bool ArrivalQueue::ended() const {
  const std::lock_guard lock(mutex_);
  return sources_ == 0 && arrivals_.empty();
}

}  // namespace jko
