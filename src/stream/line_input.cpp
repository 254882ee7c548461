#include <fcntl.h>
#include <spdlog/fmt/fmt.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "src/error.hpp"
#include "src/stream/pump.hpp"
#include "src/stream/source.hpp"

namespace jko {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kFollowPause{100};

/// A pipe, a terminal or a socket: bytes come when they come.
class PipeInput final : public Source {
 public:
  PipeInput(asio::io_context& io, SourceContext& context, int descriptor, const std::string& name)
      : context_(context),
        pump_(std::make_shared<Pump<asio::posix::stream_descriptor>>(
            asio::posix::stream_descriptor(io, descriptor),
            LineFeed(context, observation_parser(context.format, name), name), context.queue, /*cut=*/false)) {
    context_.queue.add_source();
    pump_->on_end([this] { context_.queue.source_done(); });
    pump_->read();
  }

 private:
  SourceContext& context_;
  std::shared_ptr<Pump<asio::posix::stream_descriptor>> pump_;
};

/// A regular file, which is always ready, so that no event says when more is there: it is read in pieces, and when
/// followed it is looked at ten times a second.
class FileInput final : public Source {
 public:
  FileInput(asio::io_context& io, SourceContext& context, int descriptor, std::string file, bool follow)
      : context_(context),
        executor_(io.get_executor()),
        timer_(io),
        descriptor_(descriptor),
        file_(std::move(file)),
        follow_(follow),
        feed_(context, observation_parser(context.format, file_), file_) {
    context_.queue.add_source();
    later();
  }
  ~FileInput() override {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

 private:
  /// Between two pieces the other sources have their turn.
  void later() {
    asio::post(executor_, [this, alive = std::weak_ptr<int>(alive_)] {
      if (!alive.expired()) read();
    });
  }

  void read() {
    const ssize_t size = ::read(descriptor_, buffer_.data(), buffer_.size());
    if (size < 0 && errno == EINTR) return later();
    if (size < 0) {
      context_.log.add(fmt::format("{}: cannot be read any further: {}", file_, std::strerror(errno)));
      at_end_ = true;
    } else if (size == 0) {
      if (follow_ && !replaced_) return wait();
      at_end_ = true;
    }
    if (size > 0) feed_.take({buffer_.data(), static_cast<std::size_t>(size)});
    advance();
  }

  void advance() {
    if (at_end_ ? feed_.finish(/*cut=*/false) : feed_.drain()) {
      if (!at_end_) return later();
      if (std::exchange(replaced_, false)) return reopen();
      context_.queue.source_done();
      return;
    }
    context_.queue.when_room([this, alive = std::weak_ptr<int>(alive_), executor = executor_] {
      asio::post(executor, [this, alive] {
        if (!alive.expired()) advance();
      });
    });
  }

  void wait() {
    timer_.expires_after(kFollowPause);
    timer_.async_wait([this](boost::system::error_code stopped) {
      if (!stopped) look();
    });
  }

  /// Whether there is more, in this file or in another that has taken its name.
  void look() {
    struct stat open {
    }, named{};
    if (::fstat(descriptor_, &open) != 0) return wait();
    const off_t position = ::lseek(descriptor_, 0, SEEK_CUR);
    if (open.st_size < position) {
      context_.log.add(file_ + ": was truncated, reading it from its beginning");
      feed_.reset();
      ::lseek(descriptor_, 0, SEEK_SET);
    } else if (::stat(file_.c_str(), &named) == 0 && (named.st_ino != open.st_ino || named.st_dev != open.st_dev)) {
      replaced_ = true;  // first what was written to the old one in the meantime
    }
    read();
  }

  void reopen() {
    at_end_ = false;
    const int descriptor = ::open(file_.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0) {
      ::close(descriptor_);
      descriptor_ = descriptor;
      context_.log.add(file_ + ": was replaced, reading the new one");
    }
    feed_.reset();
    later();
  }

  SourceContext& context_;
  asio::io_context::executor_type executor_;
  asio::steady_timer timer_;
  int descriptor_;
  std::string file_;
  bool follow_;
  LineFeed feed_;
  bool at_end_ = false, replaced_ = false;
  std::array<char, 16 * 1024> buffer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

std::unique_ptr<Source> read_lines(asio::io_context& io, SourceContext& context, const std::string& file, bool follow) {
  const bool standard = file == "-";
  const std::string name = standard ? "standard input" : file;
  if (standard && follow) throw InputError("--follow", 0, "", "needs a file, not standard input");
  const auto fail = [&] {
    throw InputError("--input", 0, "", fmt::format("{} cannot be read: {}", name, std::strerror(errno)));
  };
  const int descriptor = standard ? ::dup(STDIN_FILENO) : ::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) fail();
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) fail();
  if (S_ISDIR(status.st_mode)) {
    ::close(descriptor);
    throw InputError("--input", 0, "", name + " is a directory, expected a file");
  }
  const bool waits = S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || ::isatty(descriptor) == 1;
  if (waits) return std::make_unique<PipeInput>(io, context, descriptor, name);
  return std::make_unique<FileInput>(io, context, descriptor, name, follow);
}

}  // namespace jko
