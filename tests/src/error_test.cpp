#include "src/error.hpp"

#include <algorithm>

#include "tests/test.hpp"

using jko::InputError;

TEST_CASE("an input error names file, line and key, and what was probably meant") {
  const InputError error("m.json", 3, "potential.type", "unknown type", "sine_well");
  CHECK(std::string(error.what()) == "m.json:3: potential.type: unknown type (did you mean 'sine_well'?)");
  CHECK(std::string(InputError("m.json", 0, "", "is empty").what()) == "m.json: is empty");
}

TEST_CASE("an input error is one line of bounded length, whatever it quotes") {
  const InputError error("m.json", 1, "formula",
                         "compiler says:\n\n  line one\n\tline two\x1b[2J" + std::string(100'000, 'a'));
  const std::string text = error.what();
  CHECK(text.find("compiler says: line one line two") != std::string::npos);
  CHECK(std::none_of(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\x1b'; }));
  CHECK(text.size() < 1100);
}
