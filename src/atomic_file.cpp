#include "src/atomic_file.hpp"

#include <fcntl.h>
#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace jko {
namespace {

[[noreturn]] void fail(const std::string& what, const std::string& file) {
  throw std::runtime_error(fmt::format("cannot {} {}: {}", what, file, std::strerror(errno)));
}

/// A file descriptor that is closed.
class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

void write_all(int descriptor, std::string_view content, const std::string& file) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail("write", file);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

void write_atomically(const std::string& file, std::string_view content) {
  const std::string temporary = file + ".tmp";
  {
    const Descriptor out(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (out.get() < 0) fail("write", temporary);
    try {
      write_all(out.get(), content, temporary);
      if (::fsync(out.get()) != 0) fail("write", temporary);
    } catch (...) {
      ::unlink(temporary.c_str());
      throw;
    }
  }
  if (::rename(temporary.c_str(), file.c_str()) != 0) fail("rename to", file);
  // The new name must outlive a loss of power too. Some file systems cannot, and then there is nothing to be done.
  const std::filesystem::path parent = std::filesystem::path(file).parent_path();
  const Descriptor folder(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0) ::fsync(folder.get());
}

}  // namespace jko
