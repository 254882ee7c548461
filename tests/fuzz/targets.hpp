#pragma once
/// What is fuzzed: each reader of what comes from outside. Whatever the bytes are, it must accept them or throw an
/// InputError, in bounded time and memory, and what it accepts must hold its promises (else std::logic_error).
///
/// tests/fuzz/fuzz_main.cpp makes a libFuzzer program of one of them (CMake option JKO_FUZZ, scripts/fuzz);
/// tests/fuzz/corpus_test.cpp runs all of them over their corpora, and over corpora with flipped bytes. To add one: a
/// function here, its name in targets(), and a folder of examples in tests/fuzz/corpus.

#include <string>
#include <string_view>
#include <vector>

namespace jko::test {

struct FuzzTarget {
  std::string name;
  void (*run)(std::string_view bytes);
};

void fuzz_csv(std::string_view bytes);         ///< a recording, and a stream of cells
void fuzz_json_lines(std::string_view bytes);  ///< a recording, and a stream of objects
void fuzz_config(std::string_view bytes);
void fuzz_gpsd(std::string_view bytes);
void fuzz_checkpoint(std::string_view bytes);  ///< what follows the line with its checksum, which is made to fit
void fuzz_recording(std::string_view bytes);   ///< of a live run
void fuzz_dataset(std::string_view bytes);     ///< the first line names the format: csv, libsvm or arff
void fuzz_flow(std::string_view bytes);        ///< as with checkpoints
void fuzz_state(std::string_view bytes);       ///< the same of JkoFilter::load(); the first byte says how many dimensions

const std::vector<FuzzTarget>& targets();

}  // namespace jko::test
