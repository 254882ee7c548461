#pragma once
/// The law exp(-βΦ)/Z that a flow on a line or in the plane tends to.
///
///     StationaryLaw law = stationary_law(potential, beta, t, {{-3.0, 3.0}});    // where to start looking
///     if (law.exists()) kl = beta * free_energy + law.log_normaliser;

#include <cmath>
#include <limits>
#include <vector>

#include "jko/potential.hpp"
#include "src/view/law_picture.hpp"

namespace jko {

struct StationaryLaw {
  /// Holds the box that was given and the stationary law, along each coordinate: on its edge βΦ is kRise above its
  /// minimum. Only the given box where there is no stationary law.
  std::vector<Interval> box;
  std::vector<Interval> bulk;  ///< the stationary law alone, but for exp(-kBulkRise)
  double log_normaliser = std::numeric_limits<double>::quiet_NaN();  ///< log Z

  static constexpr double kRise = 30.0, kBulkRise = 10.0;

  /// Whether Φ confines the state: otherwise mass flows away for ever.
  bool exists() const { return std::isfinite(log_normaliser); }
};

StationaryLaw stationary_law(const Potential& potential, double beta, double t, const std::vector<Interval>& start);

}  // namespace jko
