#pragma once
/// A log density on a line: the natural cubic spline through given values, continued by parabolas.

#include "filter/density/anchor.hpp"

namespace jko {

class SplineAnchor final : public Anchor {
 public:
  /// `knots` strictly increasing, at least four. `precision` > 0 is the curvature of -log density beyond the knots
  /// (that of a Gaussian tail). The density is normalised.
  SplineAnchor(const Vector& knots, const Vector& log_density, double precision);

  explicit SplineAnchor(const AnchorState& state);

  Vector log_density(PointsView points) const override;
  AnchorState state() const override;

 private:
  double at(double x) const;

  Vector knots_, values_, second_;  ///< second derivatives at the knots
  double precision_, left_slope_, right_slope_;
};

}  // namespace jko
