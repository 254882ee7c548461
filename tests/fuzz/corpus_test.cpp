#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/targets.hpp"
#include "tests/test.hpp"

using namespace jko::test;

namespace {

/// The examples of a target, in the order of their names.
std::vector<std::string> corpus_of(const std::string& name) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(JKO_SOURCE_DIR "/tests/fuzz/corpus/" + name))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<std::string> examples;
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    examples.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return examples;
}

/// What a fuzzer does to an example, the same each time.
std::string mutated(std::string text, const std::vector<std::string>& corpus, std::mt19937& engine) {
  const auto place = [&] { return text.empty() ? 0 : engine() % text.size(); };
  for (unsigned times = 1 + engine() % 4; times > 0; --times) {
    switch (engine() % 6) {
      case 0:
        if (!text.empty()) text[place()] = static_cast<char>(engine());
        break;
      case 1:
        if (!text.empty()) text[place()] ^= static_cast<char>(1 << engine() % 8);
        break;
      case 2:
        text.erase(place(), engine() % 16);
        break;
      case 3:
        text.insert(place(), text.substr(place(), engine() % 64));
        break;
      case 4: {
        const char* const kPieces[] = {"0",  "-", "1e308", "1e999",      "null", "[", "{",
                                       "\"", ",", "\n",    "9999999999", "\xff", "."};
        text.insert(place(), kPieces[engine() % std::size(kPieces)]);
        break;
      }
      default: {
        const std::string& other = corpus[engine() % corpus.size()];
        if (!other.empty()) text.insert(place(), other.substr(engine() % other.size(), engine() % 256));
      }
    }
  }
  return text;
}

}  // namespace

TEST_CASE("Every reader stands its corpus, and what is close to it", "[fuzz]") {
  for (const FuzzTarget& target : targets()) {
    const std::vector<std::string> corpus = corpus_of(target.name);
    INFO(target.name);
    REQUIRE(corpus.size() >= 2);
    for (const std::string& example : corpus) target.run(example);
    std::mt19937 engine(7);
    // Whole solves make up the first two, and filters of their own the last.
    const bool slow = target.name == "checkpoint" || target.name == "recording" || target.name == "state";
    const int rounds = slow ? 150 : 1500;
    for (int k = 0; k < rounds; ++k) target.run(mutated(corpus[engine() % corpus.size()], corpus, engine));
  }
  SUCCEED();
}
