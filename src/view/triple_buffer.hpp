#pragma once
/// The newest value from one thread to another, without locks: the writer never waits for the reader, nor the reader
/// for the writer. Values that the reader was too slow for are dropped.
///
///     buffer.write(value);                    // one thread
///     if (buffer.fetch()) draw(buffer.read());  // another one

#include <array>
#include <atomic>
#include <utility>

namespace jko {

template <typename T>
class TripleBuffer {
 public:
  void write(T value) {
    slots_[back_].value = std::move(value);
    back_ = middle_.exchange(back_ | kFresh, std::memory_order_acq_rel) & kSlot;
  }

  /// Takes the newest value, if there is one that has not been fetched.
  bool fetch() {
    if (!(middle_.load(std::memory_order_relaxed) & kFresh)) return false;
    front_ = middle_.exchange(front_, std::memory_order_acq_rel) & kSlot;
    return true;
  }
  /// What was fetched last.
  const T& read() const { return slots_[front_].value; }

 private:
  static constexpr unsigned kSlot = 3, kFresh = 4;
  struct alignas(64) Slot {  // a cache line each: writer and reader do not disturb each other
    T value{};
  };
  std::array<Slot, 3> slots_;
  alignas(64) unsigned back_ = 0;
  alignas(64) std::atomic<unsigned> middle_{1};
  alignas(64) unsigned front_ = 2;
};

}  // namespace jko
