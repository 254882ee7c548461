#pragma once
/// The free parameters θ and the network that the nodes see: Parametrisation::map() and pull_back(), for a block.
///
/// θ holds, by columns, R (D, D), c̃ (D), and for each layer Ã (H, D), W̃ (H, H below), b̃ (H), w̃ (H):
///
///     Q = RRᵀ + ε I,  c = m - Qm + scale c̃,  A = Ã S,  b = b̃ - A m,  W = softplus(W̃),  w = output scale softplus(w̃)

#include <cmath>

#include "filter/device/fused/fused_layout.hpp"

namespace jko::fused {

constexpr double kQuadraticFloor = 1e-3;  // ε of Parametrisation

JKO_DEVICE inline double softplus(double v) { return (v > 0.0 ? v : 0.0) + std::log1p(std::exp(-std::fabs(v))); }
JKO_DEVICE inline double logistic(double v) { return 1.0 / (1.0 + std::exp(-v)); }

/// Where a layer's pieces of θ begin.
struct ThetaLayer {
  int h, before;  ///< width of the layer and of the one below
  int A, W, b, w;

  JKO_DEVICE ThetaLayer(const Shape& shape, int l)
      : h(shape.width[l]),
        before(l == 0 ? 0 : shape.width[l - 1]),
        A(shape.first_theta[l]),
        W(A + h * shape.dimension),
        b(W + h * before),
        w(b + h) {}
};

/// Q_ij.
template <int D, class Theta>
JKO_DEVICE double quadratic_part(const Theta& theta, int i, int j) {
  double sum = i == j ? kQuadraticFloor : 0.0;
  for (int k = 0; k <= (i < j ? i : j); ++k) sum += theta(i + k * D) * theta(j + k * D);
  return sum;
}

/// Fills the network; theta(i) gives entries of θ. The caller passes a barrier of the block afterwards.
template <int D, typename Real, class Team, class Theta>
JKO_DEVICE void make_network(const Team& team, const Shape& shape, const Task& task, const Theta& theta,
                             Real* network) {
  for (int i = team.thread(); i < D; i += team.threads()) {
    double c = task.center[i] + task.scale * theta(D * D + i);
    for (int j = 0; j < D; ++j) {
      const double q = quadratic_part<D>(theta, i, j);
      network[i * D + j] = static_cast<Real>(q);
      c -= q * task.center[j];
    }
    network[shape.at_c + i] = static_cast<Real>(c);
  }
  for (int l = 0; l < shape.layers; ++l) {
    const ThetaLayer at(shape, l);
    for (int h = team.thread(); h < shape.padded[l]; h += team.threads()) {
      const bool real = h < at.h;
      const int unit = shape.first_unit[l] + h;
      double b = real ? theta(at.b + h) : 0.0;
      for (int k = 0; k < D; ++k) {
        double a = 0.0;
        for (int e = 0; real && e < D; ++e) a += theta(at.A + h + e * at.h) * task.whitening[e * D + k];
        network[shape.at_A + unit * D + k] = static_cast<Real>(a);
        b -= a * task.center[k];
      }
      network[shape.at_b + unit] = static_cast<Real>(b);
      network[shape.at_w + unit] = static_cast<Real>(real ? task.output_scale[l] * softplus(theta(at.w + h)) : 0.0);
    }
    const int columns = l == 0 ? 0 : shape.padded[l - 1];
    for (int item = team.thread(); item < shape.padded[l] * columns; item += team.threads()) {
      // Consecutive threads read consecutive entries of θ, which lies by columns.
      const int h = item % shape.padded[l], j = item / shape.padded[l];
      network[shape.at_W[l] + h * columns + j] =
          static_cast<Real>(h < at.h && j < at.before ? softplus(theta(at.W + h + j * at.h)) : 0.0);
    }
  }
}

/// The chain rule: `gradient` (shape.parameters) from `d_network`, ∂L/∂network. Linear in `d_network`, so that blocks
/// may apply it before their shares are summed.
template <int D, class Team, class Theta>
JKO_DEVICE void pull_back(const Team& team, const Shape& shape, const Task& task, const Theta& theta,
                          const double* d_network, double* gradient) {
  const double* d_c = d_network + shape.at_c;
  for (int i = team.thread(); i < D; i += team.threads()) {
    const auto d_Q = [&](int row, int column) { return d_network[row * D + column] - d_c[row] * task.center[column]; };
    for (int k = 0; k < D; ++k) {
      double sum = 0.0;
      for (int j = k; i >= k && j < D; ++j) sum += (d_Q(i, j) + d_Q(j, i)) * theta(j + k * D);
      gradient[i + k * D] = sum;
    }
    gradient[D * D + i] = task.scale * d_c[i];
  }
  for (int l = 0; l < shape.layers; ++l) {
    const ThetaLayer at(shape, l);
    for (int h = team.thread(); h < at.h; h += team.threads()) {
      const int unit = shape.first_unit[l] + h;
      const double* d_A = d_network + shape.at_A + unit * D;
      const double d_b = d_network[shape.at_b + unit];
      for (int k = 0; k < D; ++k) {
        double sum = 0.0;
        for (int e = 0; e < D; ++e) sum += (d_A[e] - d_b * task.center[e]) * task.whitening[k * D + e];
        gradient[at.A + h + k * at.h] = sum;
      }
      gradient[at.b + h] = d_b;
      gradient[at.w + h] = task.output_scale[l] * d_network[shape.at_w + unit] * logistic(theta(at.w + h));
    }
    for (int item = team.thread(); item < at.h * at.before; item += team.threads()) {
      const int h = item % at.h, j = item / at.h;
      gradient[at.W + item] = d_network[shape.at_W[l] + h * shape.padded[l - 1] + j] * logistic(theta(at.W + item));
    }
  }
}

}  // namespace jko::fused
