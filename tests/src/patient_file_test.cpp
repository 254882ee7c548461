#include "src/patient_file.hpp"

#include <sys/resource.h>

#include <csignal>
#include <stdexcept>

#include "tests/src/input_error.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using namespace jko::test;

namespace {

/// Files may not grow beyond so many bytes: writing fails, as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit full{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &full);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("Each line is in the file at once") {
  const TemporaryFolder folder;
  PatientFile file(folder.path("lines"), PatientFile::Mode::fresh);
  CHECK(file.write("one").empty());
  CHECK(folder.read("lines") == "one\n");
  CHECK(file.write("two").empty());
  CHECK(folder.read("lines") == "one\ntwo\n");
}

TEST_CASE("A file is made, begun anew or gone on with") {
  const TemporaryFolder folder;
  const std::string name = folder.file("lines", "before\n");
  CHECK(input_error_of([&] { PatientFile file(name, PatientFile::Mode::fresh); }).find("exists") != std::string::npos);
  PatientFile(name, PatientFile::Mode::append).write("after");
  CHECK(folder.read("lines") == "before\nafter\n");
  PatientFile(name, PatientFile::Mode::truncate).write("anew");
  CHECK(folder.read("lines") == "anew\n");
  CHECK(input_error_of([&] { PatientFile(folder.path("none"), PatientFile::Mode::append); }) ==
        folder.path("none") + ": cannot be written: No such file or directory");
}

TEST_CASE("While the disk is full lines wait in order, and half a line is completed") {
  const TemporaryFolder folder;
  PatientFile file(folder.path("lines"), PatientFile::Mode::fresh);
  std::string all;
  {
    const FullDisk full(10);
    for (const char* line : {"0123456", "789abc", "def"}) {
      const std::string problem = file.write(line);
      CHECK(problem.empty() == (all.empty()));
      all += line + std::string("\n");
    }
    CHECK(folder.read("lines") == all.substr(0, 10));
    CHECK(file.flush() == "cannot write " + folder.path("lines") + ": File too large");
  }
  CHECK(file.flush().empty());
  CHECK(folder.read("lines") == all);
}

TEST_CASE("What waits is bounded, and what was taken is kept") {
  const TemporaryFolder folder;
  PatientFile file(folder.path("lines"), PatientFile::Mode::fresh);
  const std::string line(1 << 20, 'x');
  int taken = 0;
  {
    const FullDisk full(0);
    CHECK_THROWS_AS(
        [&] {
          for (; taken < 1000; ++taken) file.write(line);
        }(),
        std::runtime_error);
  }
  CHECK(taken == 63);  // of 64 MiB, with their ends
  CHECK(file.flush().empty());
  CHECK(folder.read("lines").size() == 63 * (line.size() + 1));
  CHECK(file.write("and on").empty());
}
