#pragma once
/// Figures of a run: medians, and numbers as people read them.

#include <string>
#include <vector>

#include "jko/types.hpp"

namespace jko {

/// The value that a share `level` of the values lies below, between neighbours by a straight line; NaN if there is
/// none.
double percentile(std::vector<double> values, double level);

inline double median(std::vector<double> values) { return percentile(std::move(values), 0.5); }

/// NaN if there is none.
double maximum(const std::vector<double>& values);

/// "1,859"
std::string with_commas(Index number);

/// "1.23 ms" or "1.23 s"
std::string duration(double ms);

/// How many times faster than the recording: "35.2" or "1,234".
std::string factor(double real_time_factor);

}  // namespace jko
