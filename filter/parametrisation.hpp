#pragma once
/// Free parameters θ of a convex map: any θ in R^P is a valid map, so a solver needs no constraint.
///
/// Q = RRᵀ + εI with R lower triangular; the weights W, w that must not be negative are softplus(free weight). The
/// hidden layers see whitened input S(x - m), and outputs carry the units of x, so that θ is of order one whatever the
/// scale of the problem. Deviations of θ from start(), a map close to the identity, act almost linearly.
///
///     Parametrisation parameters(widths, Frame::of(nodes, weights), seed);
///     Vector theta = parameters.start(nodes, weights);        // close to the identity
///     ConvexMap map = parameters.map(theta);
///     Vector gradient = parameters.pull_back(theta, d_map);   // chain rule

#include <cstdint>
#include <functional>
#include <vector>

#include "filter/convex_map.hpp"

namespace jko {

/// ε of Q = RRᵀ + εI: no step contracts by more than this factor.
inline constexpr double kMapFloor = 1e-3;

/// Where the nodes are and how wide: what θ is measured in.
struct Frame {
  Vector center;     ///< m, (D)
  Matrix whitening;  ///< S with S C Sᵀ = I for the nodes' covariance C, (D, D)
  double scale;      ///< det(C)^(1/2D), the typical standard deviation
  double reach;      ///< largest |S(x - m)| of a node

  static Frame of(PointsView nodes, const Vector& weights);
};

class Parametrisation {
 public:
  Parametrisation(std::vector<Index> widths, Frame frame, std::uint64_t seed);

  Index size() const { return size_; }
  const std::vector<Index>& widths() const { return widths_; }
  const Frame& frame() const { return frame_; }

  /// What softplus(v) of a layer of so many units is multiplied with to give w.
  double output_scale(Index width) const;

  /// θ of a map close to the identity: hidden units that cover the nodes carry a part of the curvature, and Q carries
  /// the rest, so that every weight can grow as well as shrink.
  /// `average` tells what the frame's nodes make of a map: processor_engine()'s or another's.
  using AverageOf = std::function<MapAverages(const ConvexMap&)>;
  Vector start(const AverageOf& average) const;
  Vector start(PointsView nodes, const Vector& weights) const;

  ConvexMap map(const Vector& theta) const;

  /// ∂L/∂θ from ∂L/∂(Q, c, A, W, b, w).
  Vector pull_back(const Vector& theta, const ConvexMap& d_map) const;

 private:
  double steepness(Index width) const;

  std::vector<Index> widths_;
  Frame frame_;
  std::uint64_t seed_;
  Index size_ = 0;
};

}  // namespace jko
