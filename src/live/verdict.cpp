#include "src/live/verdict.hpp"

#include <array>

namespace jko {

std::string_view name_of(Verdict verdict) {
  constexpr std::array<std::string_view, kVerdicts> kNames = {"accepted", "rewound", "duplicate", "late",
                                                              "future",   "gated",   "impossible"};
  return kNames[static_cast<std::size_t>(verdict)];
}

std::string_view name_of(Rung rung) {
  constexpr std::array<std::string_view, kRungs> kNames = {"full", "deadline", "fewer", "longer", "plain"};
  return kNames[static_cast<std::size_t>(rung)];
}

}  // namespace jko
