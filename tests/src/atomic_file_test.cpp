#include "src/atomic_file.hpp"

#include <string>

#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::TemporaryFolder;

TEST_CASE("a file is replaced as a whole, and nothing is left beside it") {
  const TemporaryFolder folder;
  write_atomically(folder.path("a"), "first, which is longer\n");
  write_atomically(folder.path("a"), std::string("second\0", 7));
  CHECK(folder.read("a") == std::string("second\0", 7));
  CHECK_FALSE(folder.has("a.tmp"));
}

TEST_CASE("what cannot be written says why, and leaves the file that was") {
  const TemporaryFolder folder;
  const auto message = [](const std::string& file) -> std::string {
    try {
      write_atomically(file, "new");
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  };
  CHECK(message(folder.path("none/a")) == "cannot write " + folder.path("none/a.tmp") + ": No such file or directory");
  folder.file("b", "old");
  std::filesystem::create_directory(folder.path("b.tmp"));
  CHECK(message(folder.path("b")) == "cannot write " + folder.path("b.tmp") + ": Is a directory");
  CHECK(folder.read("b") == "old");
}
