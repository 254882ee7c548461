#pragma once
/// Free parameters θ of a convex map: any θ in R^P is a valid map, so a solver needs no constraint.
///
/// Q = RRᵀ + εI with R lower triangular; the weights W, w that must not be negative are softplus(free weight). The
/// hidden layers see whitened input S(x - m), and outputs carry the units of x, so that θ is of order one whatever the
/// scale of the problem.
///
///     Parametrisation parameters(dimension, widths, Frame::of(nodes, weights));
///     Vector theta = parameters.start(seed);             // close to the identity
///     ConvexMap<double> map = parameters.map(theta);
///     Vector gradient = parameters.pull_back(theta, d_map);   // chain rule

#include <cstdint>
#include <vector>

#include "filter/convex_map.hpp"

namespace jko {

/// Where the nodes are and how wide: what θ is measured in.
struct Frame {
  Vector center;     ///< m, (D)
  Matrix whitening;  ///< S with S C Sᵀ = I for the nodes' covariance C, (D, D)
  double scale;      ///< det(C)^(1/2D), the typical standard deviation

  static Frame of(PointsView nodes, const Vector& weights);
};

class Parametrisation {
 public:
  Parametrisation(std::vector<Index> widths, Frame frame);

  Index size() const { return size_; }
  const std::vector<Index>& widths() const { return widths_; }

  /// A map close to the identity, with random hidden features that cover the nodes.
  Vector start(std::uint64_t seed) const;

  ConvexMap<double> map(const Vector& theta) const;

  /// ∂L/∂θ from ∂L/∂(Q, c, A, W, b, w).
  Vector pull_back(const Vector& theta, const ConvexMap<double>& d_map) const;

  /// McCann's interpolation (1-s) x + s T(x) in terms of θ: the first guess for a step s times as long.
  Vector interpolate(const Vector& theta, double s) const;

  /// θ with the affine part set to T(x) = Qx + c on top of the hidden part being (nearly) absent.
  Vector start_affine(const Matrix& Q, const Vector& c, std::uint64_t seed) const;

 private:
  struct Layout;
  void unpack_quadratic(const Vector& theta, Matrix& R) const;

  std::vector<Index> widths_;
  Frame frame_;
  Index size_ = 0;
};

}  // namespace jko
