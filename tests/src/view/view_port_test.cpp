#include "src/view/view_port.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "tests/test.hpp"

using namespace jko;

namespace {

using Clock = std::chrono::steady_clock;

std::shared_ptr<const Snapshot> numbered_snapshot(std::uint64_t number) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->number = number;
  snapshot->status.name = std::to_string(number);
  return snapshot;
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double speed_of(const ViewCommand& command) { return std::get<SetSpeed>(command).speed; }

}  // namespace

TEST_CASE("A port has no snapshot before the first one, and then the newest") {
  ViewPort port;
  CHECK(!port.fetch());
  CHECK(port.snapshot() == nullptr);
  port.publish(numbered_snapshot(1));
  port.publish(numbered_snapshot(2));
  REQUIRE(port.fetch());
  CHECK(port.snapshot()->number == 2);
  CHECK(!port.fetch());
}

TEST_CASE("Snapshots from another thread are seen whole and in order, and the last one is seen") {
  constexpr std::uint64_t kCount = 20'000;
  ViewPort port;
  std::thread run([&] {
    for (std::uint64_t i = 1; i <= kCount; ++i) port.publish(numbered_snapshot(i));
    port.finish();
  });
  std::uint64_t last = 0;
  int wrong = 0;
  while (true) {
    const bool finished = port.finished();  // before the fetch: then there is no later snapshot
    if (port.fetch()) {
      const Snapshot& snapshot = *port.snapshot();
      if (snapshot.number <= last || snapshot.status.name != std::to_string(snapshot.number)) ++wrong;
      last = snapshot.number;
    } else {
      std::this_thread::yield();
    }
    if (finished) break;
  }
  run.join();
  CHECK(wrong == 0);
  CHECK(last == kCount);
}

TEST_CASE("Commands arrive in the order they were sent in, each once") {
  constexpr int kCount = 3000;
  ViewPort port;
  std::thread window([&] {
    for (int i = 0; i < kCount; ++i) port.send(SetSpeed{static_cast<double>(i)});
  });
  std::vector<double> speeds;
  while (speeds.size() < kCount) {
    port.wait_for_command(10.0);
    for (const ViewCommand& command : port.take_commands()) speeds.push_back(speed_of(command));
  }
  window.join();
  CHECK(std::is_sorted(speeds.begin(), speeds.end()));
  CHECK(speeds.front() == 0.0);
  CHECK(speeds.back() == kCount - 1);
  CHECK(port.take_commands().empty());
}

TEST_CASE("A run that takes no commands loses the oldest, not the newest") {
  constexpr int kCount = 10'000;
  ViewPort port;
  for (int i = 0; i < kCount; ++i) port.send(SetSpeed{static_cast<double>(i)});
  const std::vector<ViewCommand> commands = port.take_commands();
  REQUIRE(!commands.empty());
  REQUIRE(commands.size() < kCount);
  CHECK(speed_of(commands.back()) == kCount - 1);
  CHECK(speed_of(commands.front()) == kCount - static_cast<double>(commands.size()));
}

TEST_CASE("A wait ends at a command, at the window's close, or in time") {
  ViewPort port;
  const Clock::time_point start = Clock::now();
  SECTION("command") {
    std::thread window([&] { port.send(Pause{}); });
    port.wait_for_command(60.0);
    window.join();
    CHECK(port.take_commands().size() == 1);
  }
  SECTION("a command that was there before") {
    port.send(Play{});
    port.wait_for_command(60.0);
  }
  SECTION("close") {
    std::thread window([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      port.close();
    });
    port.wait_for_command(std::numeric_limits<double>::infinity());
    window.join();
    CHECK(port.closed());
    port.wait_for_command(60.0);
  }
  SECTION("time") {
    port.wait_for_command(0.05);
    CHECK(seconds_since(start) >= 0.05);
  }
  SECTION("no time") {
    for (const double seconds : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) port.wait_for_command(seconds);
  }
  CHECK(seconds_since(start) < 30.0);
}

TEST_CASE("Each snapshot, and the end of the run, wakes the window") {
  ViewPort port;
  int woken = 0;
  port.publish(numbered_snapshot(1));  // nobody to be woken
  port.on_snapshot([&] { ++woken; });
  port.publish(numbered_snapshot(2));
  CHECK(woken == 1);
  port.finish();
  CHECK(woken == 2);
  CHECK(port.finished());
  port.on_snapshot({});
  port.publish(numbered_snapshot(3));
  CHECK(woken == 2);
}

TEST_CASE("Each command, and the window's close, wakes the run") {
  ViewPort port;
  int woken = 0;
  port.send(Play{});
  port.on_command([&] { ++woken; });
  port.send(Pause{});
  CHECK(woken == 1);
  port.close();
  CHECK(woken == 2);
  port.on_command({});
  port.send(Play{});
  CHECK(woken == 2);
}

TEST_CASE("The one who is woken may look at the port and send to it") {
  ViewPort port;
  port.on_snapshot([&] {
    CHECK(!port.closed());
    port.fetch();
    port.send(Pause{});
  });
  port.publish(numbered_snapshot(1));
  REQUIRE(port.snapshot());
  CHECK(port.take_commands().size() == 1);
}

TEST_CASE("A window that has said goodbye is not woken any more, nor while it says so") {
  for (int round = 0; round < 200; ++round) {
    ViewPort port;
    std::atomic<bool> gone{false}, late{false}, stop{false};
    auto window = std::make_unique<int>(0);  // a sanitizer sees a wake that comes too late
    port.on_snapshot([&] {
      if (gone) late = true;
      ++*window;
    });
    std::thread run([&] {
      for (std::uint64_t i = 1; !stop; ++i) port.publish(numbered_snapshot(i));
    });
    while (!port.fetch()) std::this_thread::yield();
    port.on_snapshot({});
    gone = true;
    window.reset();
    stop = true;
    run.join();
    REQUIRE(!late);
  }
}

TEST_CASE("What is published or sent after the close does no harm") {
  ViewPort port;
  port.publish(numbered_snapshot(1));
  REQUIRE(port.fetch());
  port.close();
  port.close();
  port.publish(numbered_snapshot(2));
  port.send(Pause{});
  port.finish();
  CHECK(!port.fetch());
  CHECK(port.snapshot()->number == 1);
  CHECK(port.closed());
  CHECK(port.finished());
}

TEST_CASE("A port says whether the user closed it or the display was lost; the first reason stands") {
  ViewPort port;
  CHECK(!port.lost());
  SECTION("user") {
    port.close();
    port.close(true);
    CHECK(!port.lost());
  }
  SECTION("display") {
    port.close(true);
    port.close();
    CHECK(port.lost());
  }
  CHECK(port.closed());
}
