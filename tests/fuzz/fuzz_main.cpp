/// libFuzzer's entry: JKO_FUZZ_TARGET is one of the functions of targets.hpp.

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/targets.hpp"

#ifndef JKO_FUZZ_TARGET  // for tools that look at this file alone
#define JKO_FUZZ_TARGET fuzz_csv
#endif

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  jko::test::JKO_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
