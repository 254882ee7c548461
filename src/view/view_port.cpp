#include "src/view/view_port.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace jko {
namespace {

void wake(std::mutex& mutex, const std::function<void()>& function) {
  const std::lock_guard lock(mutex);
  if (function) function();
}

}  // namespace

void ViewPort::publish(std::shared_ptr<const Snapshot> snapshot) {
  if (closed()) return;
  snapshots_.write(std::move(snapshot));
  wake(wake_window_mutex_, wake_window_);
}

std::vector<ViewCommand> ViewPort::take_commands() {
  std::vector<ViewCommand> taken;
  const std::lock_guard lock(mutex_);
  taken.swap(commands_);
  return taken;
}

void ViewPort::wait_for_command(double seconds) {
  constexpr double kLongest = 1e6;  // infinity would overflow the clock's integers
  const std::chrono::duration<double> most(seconds > 0.0 ? std::min(seconds, kLongest) : 0.0);
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, most, [this] { return closed_ || !commands_.empty(); });
}

void ViewPort::finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  wake(wake_window_mutex_, wake_window_);
}

void ViewPort::send(ViewCommand command) {
  {
    const std::lock_guard lock(mutex_);
    if (commands_.size() >= kMostCommands) commands_.erase(commands_.begin());
    commands_.push_back(std::move(command));
  }
  changed_.notify_all();
  wake(wake_run_mutex_, wake_run_);
}

void ViewPort::on_snapshot(std::function<void()> wake) {
  const std::lock_guard lock(wake_window_mutex_);
  wake_window_ = std::move(wake);
}

void ViewPort::on_command(std::function<void()> wake) {
  const std::lock_guard lock(wake_run_mutex_);
  wake_run_ = std::move(wake);
}

void ViewPort::close(bool lost) {
  {
    const std::lock_guard lock(mutex_);
    if (!closed_) lost_ = lost;
    closed_ = true;
  }
  changed_.notify_all();
  wake(wake_run_mutex_, wake_run_);
}

bool ViewPort::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

bool ViewPort::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

bool ViewPort::finished() const {
  const std::lock_guard lock(mutex_);
  return finished_;
}

}  // namespace jko
