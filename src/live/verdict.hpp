#pragma once
/// What became of an arrival, and how hard the filter had to hurry.

#include <string_view>

namespace jko {

enum class Verdict {
  accepted,    ///< filtered
  rewound,     ///< came late, within the lag window: filtered in its place, and what came after it once more
  duplicate,   ///< same stamp and same value as one before: ignored
  late,        ///< before the lag window: ignored
  future,      ///< stamp too far ahead: in quarantine until others confirm it
  gated,       ///< held back by the gate: published, but the belief does not know of it
  impossible,  ///< its likelihood is zero wherever the law has mass, or it is no observation at all: ignored
};
constexpr int kVerdicts = 7;
std::string_view name_of(Verdict verdict);

/// The overload ladder (docs/live.md): what a prediction had to give up, worst step of all.
enum class Rung {
  full,      ///< nothing
  deadline,  ///< a step ended at its deadline with the best parameters so far
  fewer,     ///< fewer iterations
  longer,    ///< and longer steps
  plain,     ///< affine steps
};
constexpr int kRungs = 5;
std::string_view name_of(Rung rung);

}  // namespace jko
