#pragma once
/// The one thread that does all input and output of a live run. Sources and sinks belong to it: they are made before it
/// starts or by what is posted to it, and it calls all their handlers, so they need no locks among themselves.

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace jko {

class IoThread {
 public:
  IoThread();
  /// stop().
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  boost::asio::io_context& context();
  void start();
  /// Runs `work` on the thread, later; from any thread.
  void post(std::function<void()> work);
  /// Runs `work` on the thread and waits until it is done. Only while it runs, and not from itself.
  void run(const std::function<void()>& work);
  /// Handlers that have not begun are never called.
  void stop();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace jko
