#include "src/patient_file.hpp"

#include <fcntl.h>
#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "src/error.hpp"

namespace jko {
namespace {

constexpr std::size_t kMostWaiting = std::size_t{64} << 20;

int flags_of(PatientFile::Mode mode) {
  switch (mode) {
    case PatientFile::Mode::fresh:
      return O_CREAT | O_EXCL;
    case PatientFile::Mode::truncate:
      return O_CREAT | O_TRUNC;
    case PatientFile::Mode::append:
      return 0;
  }
  return 0;
}

}  // namespace

PatientFile::PatientFile(const std::string& file, Mode mode)
    : file_(file), descriptor_(::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | flags_of(mode), 0644)) {
  if (descriptor_ >= 0) return;
  if (errno == EEXIST) {
    throw InputError(file, 0, "", "exists: no recording is overwritten (go on with it by --resume, or choose another)");
  }
  throw InputError(file, 0, "", std::string("cannot be written: ") + std::strerror(errno));
}

PatientFile::~PatientFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::string PatientFile::write(std::string_view line) {
  const std::string problem = flush();
  if (waiting_.size() + line.size() >= kMostWaiting) {
    throw std::runtime_error(problem.empty() ? fmt::format("cannot write {}: a line of {} bytes", file_, line.size())
                                             : problem);
  }
  waiting_.append(line).append(1, '\n');
  return problem.empty() ? flush() : problem;
}

std::string PatientFile::flush() {
  std::size_t done = 0;
  int problem = 0;
  while (done < waiting_.size() && problem == 0) {
    const ssize_t written = ::write(descriptor_, waiting_.data() + done, waiting_.size() - done);
    if (written > 0) {
      done += static_cast<std::size_t>(written);
    } else if (errno != EINTR) {
      problem = errno == 0 ? EIO : errno;
    }
  }
  waiting_.erase(0, done);
  return problem == 0 ? "" : fmt::format("cannot write {}: {}", file_, std::strerror(problem));
}

}  // namespace jko
