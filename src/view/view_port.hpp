#pragma once
/// What lies between a run and its window: snapshots one way, commands the other. Either side may be slow, or gone.
///
///     port.publish(snapshot);                                  // the run's side
///     for (const ViewCommand& command : port.take_commands()) …;
///
///     port.on_snapshot([] { glfwPostEmptyEvent(); });          // the window's side
///     if (port.fetch()) draw(*port.snapshot());
///     port.send(Pause{});
///     port.on_snapshot({});                                    // before what it wakes goes away
///     port.close();

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "src/view/commands.hpp"
#include "src/view/snapshot.hpp"
#include "src/view/triple_buffer.hpp"

namespace jko {

class ViewPort {
 public:
  static constexpr double kIdle = 60.0;  ///< seconds, at most, that a run at rest sleeps; commands wake it

  // The run's side.

  /// From one thread only. After close() nothing comes of it.
  void publish(std::shared_ptr<const Snapshot> snapshot);
  std::vector<ViewCommand> take_commands();
  /// Until there is a command, the window is closed or `seconds` are over.
  void wait_for_command(double seconds);
  /// The run is over: the window may close by itself if it was only waiting for that.
  void finish();

  // The window's side.

  bool fetch() { return snapshots_.fetch(); }
  /// Null before the first one.
  const std::shared_ptr<const Snapshot>& snapshot() const { return snapshots_.read(); }
  void send(ViewCommand command);
  /// `wake` is called from the run's threads after each snapshot, and when the run is over. Once on_snapshot() has
  /// returned, the one before is not called any more, nor still running. `wake` may not call on_snapshot().
  void on_snapshot(std::function<void()> wake);
  /// Called by send() and close(), from the window's thread: wakes a run that waits for something else than commands.
  /// Ends as on_snapshot() does.
  void on_command(std::function<void()> wake);
  /// `lost`: not by the user, but because the display has gone.
  void close(bool lost = false);

  bool closed() const;
  bool lost() const;
  bool finished() const;

 private:
  static constexpr std::size_t kMostCommands = 4096;  ///< a run that takes none loses the oldest

  TripleBuffer<std::shared_ptr<const Snapshot>> snapshots_;
  mutable std::mutex mutex_;
  // Held while a wake function is called, and never together with mutex_: a wake may look at the port.
  std::mutex wake_window_mutex_, wake_run_mutex_;
  std::condition_variable changed_;
  std::vector<ViewCommand> commands_;
  std::function<void()> wake_window_, wake_run_;
  bool closed_ = false, lost_ = false, finished_ = false;
};

}  // namespace jko
