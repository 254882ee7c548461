#pragma once
/// The potentials that the kernel knows, and ∇Φ, at one point. Their numbers, packed by fused_batch.cpp:
///
///     sine well     none
///     double well   h (D), 1/w² (D)
///     quadratic     A (D, D) by rows, b (D)
///     mixture       for each component: log normaliser, mean (D), inverse of the Cholesky factor (D, D) by rows

#include <cmath>

#include "filter/device/fused/fused_layout.hpp"
#include "filter/sin_cos.hpp"

namespace jko::fused {

JKO_ANYWHERE constexpr int mixture_stride(int d) { return 1 + d + d * d; }

JKO_DEVICE inline void sine_cosine_of_turns(double turns, double& sine, double& cosine) {
#ifdef __CUDACC__
  sincospi(2.0 * turns, &sine, &cosine);
#else
  sin_cos_turns(turns, sine, cosine);
#endif
}

JKO_DEVICE inline void sine_cosine_of_turns(float turns, float& sine, float& cosine) {
#ifdef __CUDACC__
  sincospif(2.0F * turns, &sine, &cosine);
#else
  sin_cos_turns(turns, sine, cosine);
#endif
}

/// -log p and its gradient. Components are met one by one, and sums rescaled when a larger one comes.
template <typename Real, int D>
JKO_DEVICE Real mixture(const double* numbers, int components, const Real (&x)[D], Real (&gradient)[D]) {
  Real largest = 0, total = 0;
  for (int c = 0; c < components; ++c, numbers += mixture_stride(D)) {
    const double *mean = numbers + 1, *inverse = mean + D;
    Real z[D], square = 0;
    JKO_UNROLL
    for (int i = 0; i < D; ++i) {
      z[i] = 0;
      for (int j = 0; j <= i; ++j) z[i] += static_cast<Real>(inverse[i * D + j]) * (x[j] - static_cast<Real>(mean[j]));
      square += z[i] * z[i];
    }
    const Real term = static_cast<Real>(numbers[0]) - Real(0.5) * square;
    Real share = 1, kept = 1;
    if (c == 0) {
      largest = term;
    } else if (term > largest) {
      kept = std::exp(largest - term);
      largest = term;
    } else {
      share = std::exp(term - largest);
    }
    total = kept * total + share;
    JKO_UNROLL
    for (int i = 0; i < D; ++i) {
      Real pull = 0;
      for (int j = i; j < D; ++j) pull += static_cast<Real>(inverse[j * D + i]) * z[j];
      gradient[i] = (c == 0 ? 0 : kept * gradient[i]) + share * pull;
    }
  }
  JKO_UNROLL
  for (int i = 0; i < D; ++i) gradient[i] /= total;
  return -(largest + std::log(total));
}

/// Φ(x) and ∇Φ(x).
template <typename Real, int D>
JKO_DEVICE Real potential(const Task& task, const double* numbers, const Real (&x)[D], Real (&gradient)[D]) {
  Real value = 0;
  switch (task.potential) {
    case PotentialKind::sine_well:
      JKO_UNROLL
      for (int i = 0; i < D; ++i) {
        Real sine, cosine;
        sine_cosine_of_turns(x[i], sine, cosine);
        value += static_cast<Real>(0.31830988618379067) * sine + Real(0.25) * x[i] * x[i];
        gradient[i] = 2 * cosine + Real(0.5) * x[i];
      }
      break;
    case PotentialKind::double_well:
      JKO_UNROLL
      for (int i = 0; i < D; ++i) {
        const Real h = static_cast<Real>(numbers[i]), curvature = static_cast<Real>(numbers[D + i]);
        const Real depth = curvature * x[i] * x[i] - 1;
        value += h * depth * depth;
        gradient[i] = 4 * h * curvature * depth * x[i];
      }
      break;
    case PotentialKind::quadratic:
      JKO_UNROLL
      for (int i = 0; i < D; ++i) {
        const Real b = static_cast<Real>(numbers[D * D + i]);
        gradient[i] = -b;
        for (int j = 0; j < D; ++j) gradient[i] += static_cast<Real>(numbers[i * D + j]) * x[j];
        // ½ xᵀA x - bᵀx = ½ xᵀ(A x - b) - ½ bᵀx
        value += Real(0.5) * x[i] * (gradient[i] - b);
      }
      break;
    case PotentialKind::mixture:
      value = mixture<Real, D>(numbers, task.components, x, gradient);
      break;
  }
  return value;
}

}  // namespace jko::fused
