#pragma once
/// Reads a socket or a pipe into a LineFeed, and stops reading while the queue is full. For src/stream/*.cpp only.

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "src/stream/line_feed.hpp"

namespace jko {

/// Whoever made it keeps it: while it waits for room nothing else does.
template <class Stream>
class Pump : public std::enable_shared_from_this<Pump<Stream>> {
 public:
  /// `cut`: what comes after the last end of line is half a line.
  Pump(Stream stream, LineFeed feed, ArrivalQueue& queue, bool cut)
      : stream_(std::move(stream)), feed_(std::move(feed)), queue_(queue), cut_(cut) {}

  /// `ended` is called once, when the stream has. `received`: whenever bytes have come.
  void on_end(std::function<void()> ended) { ended_ = std::move(ended); }
  void on_receipt(std::function<void()> received) { received_ = std::move(received); }

  void read() {
    stream_.async_read_some(boost::asio::buffer(buffer_),
                            [self = this->shared_from_this()](boost::system::error_code error, std::size_t size) {
                              self->feed_.take({self->buffer_.data(), size});
                              if (size > 0 && self->received_) self->received_();
                              if (error) self->finished_ = true;
                              self->advance();
                            });
  }

 private:
  void advance() {
    if (finished_ ? feed_.finish(cut_) : feed_.drain()) {
      if (!finished_) return read();
      boost::system::error_code ignored;
      stream_.close(ignored);
      if (ended_) ended_();
      return;
    }
    // The filter's thread calls it, and this object may be gone by then.
    queue_.when_room([weak = this->weak_from_this(), executor = stream_.get_executor()] {
      boost::asio::post(executor, [weak] {
        if (const auto self = weak.lock()) self->advance();
      });
    });
  }

  Stream stream_;
  LineFeed feed_;
  ArrivalQueue& queue_;
  bool cut_, finished_ = false;
  std::function<void()> ended_, received_;
  std::array<char, 16 * 1024> buffer_;
};

}  // namespace jko
