#pragma once
/// Log-likelihoods that are undefined.

#include <cmath>
#include <limits>

#include "jko/types.hpp"

namespace jko {

/// Puts -infinity wherever a log-likelihood is not finite: no state explains the observation by an infinite density.
inline void undefined_is_impossible(Eigen::Ref<Vector> log_likelihood) {
  log_likelihood = log_likelihood.unaryExpr(
      [](double value) { return std::isfinite(value) ? value : -std::numeric_limits<double>::infinity(); });
}

}  // namespace jko
