#pragma once
/// The picture of a comparison: error against time an observation, one labelled point a method, and the error over the
/// recording. Without a truth, the log evidence of each method below that of the best, over the recording.

#include <string>
#include <vector>

#include "src/comparison.hpp"

namespace jko {

/// Draws it by gnuplot. Returns false if that did not work, or if there is nothing to draw.
bool write_comparison_picture(const std::string& file, const std::string& title, const std::string& time_unit,
                              const std::vector<MethodFigures>& methods);

}  // namespace jko
