#include "filter/model/text.hpp"

#include <cmath>
#include <cstdio>

namespace jko {

std::string to_text(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", number);
  return text;
}

std::string to_text(const Vector& vector) {
  std::string text;
  for (const double number : vector) text += (text.empty() ? "" : ", ") + to_text(number);
  return "[" + text + "]";
}

std::string to_text(const Matrix& matrix) {
  std::string text;
  for (Index i = 0; i < matrix.rows(); ++i) text += (text.empty() ? "" : ", ") + to_text(Vector(matrix.row(i)));
  return "[" + text + "]";
}

std::string linear_combination(const Vector& coefficients, const std::string& letter) {
  std::string text;
  for (Index i = 0; i < coefficients.size(); ++i) {
    const double c = coefficients[i];
    if (c == 0.0) continue;
    text += text.empty() ? (c < 0 ? "-" : "") : (c < 0 ? " - " : " + ");
    if (std::abs(c) != 1.0) text += to_text(std::abs(c)) + "*";
    text += letter + std::to_string(i);
  }
  return text.empty() ? "0" : text;
}

}  // namespace jko
