#pragma once
/// Numbers, vectors and sums as text, for the formulas that models show to people.

#include <string>

#include "jko/types.hpp"

namespace jko {

/// Six digits at most: "0.25", "1e-07".
std::string to_text(double number);

std::string to_text(const Vector& vector);  ///< "[1, 2]"
std::string to_text(const Matrix& matrix);  ///< "[[1, 0], [0, 2]]"

/// "x0", "2*x0 - x1", or "0" where all coefficients vanish.
std::string linear_combination(const Vector& coefficients, const std::string& letter);

}  // namespace jko
