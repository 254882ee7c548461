#pragma once
/// A log density in the plane: bicubic interpolation on a uniform lattice in whitened coordinates, continued by
/// parabolas.

#include <functional>

#include "filter/density/anchor.hpp"

namespace jko {

/// A box in the coordinates z of x = center + axes · z, and a number of lattice points along each of them.
struct LatticeBox {
  Vector center;     ///< (D)
  Matrix axes;       ///< (D, D)
  Vector low, high;  ///< bounds of z, (D)

  /// All counts(0) × counts(1) × … points, the first coordinate running fastest.
  Points points(const Eigen::VectorXi& counts) const;
  /// Volume of x-space that belongs to one point.
  double cell(const Eigen::VectorXi& counts) const;
};

class GridAnchor final : public Anchor {
 public:
  /// `log_density` holds the values at box.points(counts), D = 2. The density is normalised.
  GridAnchor(LatticeBox box, const Eigen::VectorXi& counts, Vector log_density);

  explicit GridAnchor(const AnchorState& state);

  Vector log_density(PointsView points) const override;
  AnchorState state() const override;

 private:
  LatticeBox box_;
  Eigen::Vector2i counts_;
  Vector values_;
  Matrix inverse_axes_;
  Eigen::Vector2d spacing_;
};

}  // namespace jko
