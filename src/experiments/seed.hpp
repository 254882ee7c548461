#pragma once
/// A seed of its own for each purpose.

#include <cstdint>
#include <initializer_list>
#include <random>
#include <vector>

namespace jko {

/// A function of its arguments alone: `purpose` says what is drawn, such as {dimension, repeat}.
inline std::uint64_t seed_for(std::uint64_t seed, std::initializer_list<std::int64_t> purpose) {
  std::vector<std::uint32_t> words = {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
  for (const std::int64_t number : purpose) words.push_back(static_cast<std::uint32_t>(number));
  std::seed_seq sequence(words.begin(), words.end());
  std::uint32_t drawn[2];
  sequence.generate(drawn, drawn + 2);
  return (static_cast<std::uint64_t>(drawn[1]) << 32) | drawn[0];
}

}  // namespace jko
