// The program without LibTorch: it works, and says in one line what it cannot do.
#include <cstdlib>

#include "tests/src/program.hpp"
#include "tests/src/program_process.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using test::contains;
using test::one_line;
using test::ProgramProcess;
using test::TemporaryFolder;

namespace {

const std::string kConfig = JKO_SOURCE_DIR "/configs/sine_well.json";
const std::string kRecording = JKO_SOURCE_DIR "/data/sine_well.csv";

/// Programs that are started while it lives take this file for the module.
class ModuleFile {
 public:
  explicit ModuleFile(const std::string& file) { setenv("JKO_TORCH_MODULE", file.c_str(), 1); }
  ~ModuleFile() { unsetenv("JKO_TORCH_MODULE"); }
  ModuleFile(const ModuleFile&) = delete;
  ModuleFile& operator=(const ModuleFile&) = delete;
};

int code_of(const std::vector<std::string>& arguments) { return ProgramProcess(arguments).wait(); }

}  // namespace

TEST_CASE("without formulas and devices, the program never asks for LibTorch") {
  const TemporaryFolder folder;
  const ModuleFile module(folder.path("missing.so"));
  CHECK(code_of({"--version"}) == 0);
  CHECK(code_of({"--help"}) == 0);
  CHECK(code_of({"check", "--config", kConfig}) == 0);
  CHECK(code_of({"replay", "--headless", "--quiet", "--config", kConfig, "--observations", kRecording, "--until", "1",
                 "--output", folder.path("out")}) == 0);
  CHECK(code_of({"replay", "--headless", "--quiet", "--config", kConfig, "--observations", kRecording, "--until", "1",
                 "--output", folder.path("auto"), "--device", "auto"}) == 0);
}

TEST_CASE("a LibTorch that is missing or broken is one line when a formula or a device asks for it") {
  const TemporaryFolder folder;
  const std::string config = folder.file("formulas.json", test::kFiveLines);
  const auto refused = [&](const std::string& file, const std::string& why, std::vector<std::string> arguments) {
    const ModuleFile module(file);
    ProgramProcess program(std::move(arguments));
    CHECK(program.wait() == 1);
    const std::string said = program.err();
    CAPTURE(said);
    CHECK(one_line(said));
    CHECK(contains(said, "LibTorch"));
    CHECK(contains(said, why));
  };
  refused(folder.path("missing.so"), "missing.so", {"check", "--config", config});
  refused(folder.file("text.so", "no library"), "text.so", {"check", "--config", config});
  refused("libm.so.6", "libm.so.6 is not a module of this library", {"check", "--config", config});
  refused(folder.path("missing.so"), "missing.so",
          {"replay", "--headless", "--device", "cuda", "--config", kConfig, "--observations", kRecording, "--output",
           folder.path("out")});
}
