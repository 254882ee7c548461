#pragma once
/// A run on a thread of its own, looked at through its port as a window would.

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "src/view/view_port.hpp"
#include "tests/test.hpp"

namespace jko::test {

/// The field of this key; there has to be one.
inline const Field& field(const std::vector<Field>& fields, const std::string& key) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.key == key; });
  REQUIRE(found != fields.end());
  return *found;
}
inline const Field& field(const Snapshot& snapshot, const std::string& key) {
  return field(snapshot.status.fields, key);
}

class WatchedRun {
 public:
  explicit WatchedRun(std::function<void(ViewPort&)> run)
      : thread_([this, run = std::move(run)] {
          try {
            run(port);
          } catch (const std::exception& error) {
            failure_ = error.what();
          }
          port.finish();
        }) {}
  ~WatchedRun() { close(); }
  WatchedRun(const WatchedRun&) = delete;
  WatchedRun& operator=(const WatchedRun&) = delete;

  /// Looks at each new snapshot until one is as it should be. Null if none is within ten minutes, which no working run
  /// needs; the tests that wait do not depend on how long it takes.
  std::shared_ptr<const Snapshot> wait_for(const std::function<bool(const Snapshot&)>& good) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(10);
    while (std::chrono::steady_clock::now() < end) {
      port.fetch();
      if (port.snapshot() && good(*port.snapshot())) return port.snapshot();
      if (port.finished()) {  // what was published last may have come just before
        port.fetch();
        return port.snapshot() && good(*port.snapshot()) ? port.snapshot() : nullptr;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return nullptr;
  }

  /// Closes the window and waits for the run; what it threw, or "".
  std::string close() {
    port.close();
    if (thread_.joinable()) thread_.join();
    return failure_;
  }

  ViewPort port;

 private:
  std::string failure_;
  std::thread thread_;
};

}  // namespace jko::test
