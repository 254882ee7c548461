#pragma once
/// L-BFGS for smooth deterministic functions of a few hundred to a few thousand parameters, with a budget.
///
///     MinimizeSummary summary = minimize([&](const Vector& x, Vector& gradient) { return ...; }, x, options);
///
/// Reference: Nocedal and Wright, "Numerical Optimization" (2nd edition), algorithms 7.4, 7.5 and 3.5-3.6 (strong Wolfe
/// conditions). The best point seen is returned, whatever stops the iteration.

#include <functional>
#include <string>
#include <vector>

#include "jko/types.hpp"

namespace jko {

/// Value at x; sets the gradient, which has the size of x already. May return infinity or NaN where f is undefined.
using Objective = std::function<double(const Vector& x, Vector& gradient)>;

struct MinimizeOptions {
  int iterations = 100;
  int memory = 20;               ///< correction pairs kept
  double value_tolerance = 0.0;  ///< stop when `patience` iterations together lower f by less than this
  int patience = 5;
  double gradient_tolerance = 0.0;  ///< stop when the largest gradient entry is below this
  double first_step = 0.1;          ///< length of the first trial step, in units of x
  /// Asked after every iteration; true stops with the best so far. Empty: never. A run that was stopped after k
  /// iterations and one that may make only k end at the same point, bit for bit.
  std::function<bool()> stop;
};

/// Losses for which a solver makes room before it starts.
constexpr int kMostReserved = 1000;

struct MinimizeSummary {
  enum class Reason { iterations, value_tolerance, gradient_tolerance, line_search, stopped, not_finite };
  double initial_value = 0.0;
  double value = 0.0;
  int iterations = 0;
  int evaluations = 0;
  Reason reason = Reason::iterations;
  std::vector<double> losses;  ///< the value at the start, and after each iteration

  std::string brief() const;  ///< one line
};

/// Minimises f from x; x becomes the best point seen.
MinimizeSummary minimize(const Objective& f, Vector& x, const MinimizeOptions& options);

}  // namespace jko
