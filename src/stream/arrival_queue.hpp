#pragma once
/// The bounded queue between the I/O thread, which fills it, and the filter's thread, which empties it. Neither waits
/// for the other: a source that finds it full stops reading until there is room (TCP, files, pipes), or drops and
/// counts what it got (UDP).
///
///     queue.add_source();                                     // I/O thread
///     if (!queue.push(arrival)) queue.when_room([] { … });    // called back, once, when half of it is free
///     queue.source_done();
///
///     while (!queue.ended()) {                                // filter's thread
///       if (auto arrival = queue.pop()) …;
///       else queue.wait(0.1);
///     }

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "src/live/arrival.hpp"

namespace jko {

class ArrivalQueue {
 public:
  explicit ArrivalQueue(std::size_t capacity) : capacity_(capacity) {}

  /// Takes what `arrival` holds. False, with nothing done, if the queue is full.
  bool push(Arrival& arrival);
  /// Calls `resume` once, as soon as at least half of the queue is free: at once, or from the thread that pops.
  void when_room(std::function<void()> resume);

  void add_source();   ///< one that can still bring something
  void source_done();  ///< it cannot any more

  /// The oldest arrival, if there is one.
  std::optional<Arrival> pop();
  /// Waits until there is an arrival, the last source is done, or wake() is called; `seconds` at most.
  void wait(double seconds);
  void wake();

  std::size_t size() const;
  std::size_t capacity() const { return capacity_; }
  /// Nothing is there and nothing can come.
  bool ended() const;

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Arrival> arrivals_;
  std::vector<std::function<void()>> waiting_;
  int sources_ = 0;
  bool woken_ = false;
};

}  // namespace jko
