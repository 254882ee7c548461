#include "src/stream/arrival_queue.hpp"

#include <atomic>
#include <thread>

#include "tests/test.hpp"

using namespace jko;

namespace {

Arrival numbered_arrival(int number) { return {static_cast<double>(number), Vector::Constant(1, number), 0.0, "test"}; }

bool push(ArrivalQueue& queue, int number) {
  Arrival arrival = numbered_arrival(number);
  return queue.push(arrival);
}

}  // namespace

TEST_CASE("The queue keeps order, takes no more than it may hold, and ends when its sources have", "[stream]") {
  ArrivalQueue queue(3);
  CHECK(queue.ended());
  queue.add_source();
  CHECK_FALSE(queue.ended());
  for (int k = 0; k < 3; ++k) CHECK(push(queue, k));
  Arrival fourth = numbered_arrival(3);
  CHECK_FALSE(queue.push(fourth));
  CHECK(fourth.value(0) == 3.0);  // what is not taken is left as it was
  queue.source_done();
  CHECK_FALSE(queue.ended());
  for (int k = 0; k < 3; ++k) CHECK(*queue.pop()->time == k);
  CHECK_FALSE(queue.pop());
  CHECK(queue.ended());
}

TEST_CASE("Who waits for room is called once, when half of the queue is free", "[stream]") {
  ArrivalQueue queue(4);
  int called = 0;
  queue.when_room([&] { ++called; });
  CHECK(called == 1);  // there is room
  for (int k = 0; k < 4; ++k) push(queue, k);
  queue.when_room([&] { ++called; });
  queue.pop();
  CHECK(called == 1);
  queue.pop();
  CHECK(called == 2);
  queue.pop();
  CHECK(called == 2);
}

TEST_CASE("Between two threads nothing is lost or reordered, and neither misses a wake-up", "[stream]") {
  constexpr int kCount = 50'000;
  ArrivalQueue queue(16);
  queue.add_source();
  std::thread source([&] {
    for (int k = 0; k < kCount; ++k) {
      Arrival arrival = numbered_arrival(k);
      while (!queue.push(arrival)) {
        std::atomic<bool> room{false};
        queue.when_room([&] { room = true; });
        while (!room) std::this_thread::yield();
      }
    }
    queue.source_done();
  });
  int next = 0, wrong = 0;
  while (!queue.ended()) {
    if (const auto arrival = queue.pop()) {
      wrong += *arrival->time == next++ ? 0 : 1;
    } else {
      queue.wait(60.0);
    }
  }
  source.join();
  CHECK(next == kCount);
  CHECK(wrong == 0);
}
