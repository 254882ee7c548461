#pragma once
/// A potential's value and gradient as a result.

#include "jko/potential.hpp"

namespace jko {

struct Evaluation {
  Vector value;
  Points gradient;
};

inline Evaluation evaluate(const Potential& potential, const Points& x) {
  Evaluation result{Vector(x.rows()), Points(x.rows(), x.cols())};
  potential.evaluate(x, 0.0, result.value, result.gradient);
  return result;
}

}  // namespace jko
