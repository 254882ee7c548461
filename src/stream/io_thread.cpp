#include "src/stream/io_thread.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <future>
#include <thread>
#include <utility>

namespace jko {

namespace asio = boost::asio;

struct IoThread::Implementation {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
  std::thread thread;
};

IoThread::IoThread() : implementation_(std::make_unique<Implementation>()) {
  // A peer that has gone is an error of its socket, not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
}

IoThread::~IoThread() { stop(); }

asio::io_context& IoThread::context() { return implementation_->context; }

void IoThread::start() {
  implementation_->thread = std::thread([this] { implementation_->context.run(); });
}

void IoThread::post(std::function<void()> work) { asio::post(implementation_->context, std::move(work)); }

void IoThread::run(const std::function<void()>& work) {
  std::promise<void> done;
  post([&] {
    try {
      work();
      done.set_value();
    } catch (...) {
      done.set_exception(std::current_exception());
    }
  });
  done.get_future().get();
}

void IoThread::stop() {
  implementation_->guard.reset();
  implementation_->context.stop();
  if (implementation_->thread.joinable()) implementation_->thread.join();
}

}  // namespace jko
