#pragma once
/// Sine and cosine without branches or calls, so that loops over them vectorise (Eigen 3.4 has neither in double).
///
///     #pragma omp simd
///     for (Index i = 0; i < n; ++i) sin_cos_turns(x[i], sine[i], cosine[i]);  // of 2 pi x[i]

#include <cmath>

namespace jko {

/// sin(2π turns) and cos(2π turns), to 2e-15 absolute.
inline void sin_cos_turns(double turns, double& sine, double& cosine) {
  // Taylor at a quarter of the reduced angle, which lies in [-π/4, π/4], then the angle is doubled twice.
  const double half_pi = 1.5707963267948966;
  const double a = half_pi * (turns - std::rint(turns));
  const double a2 = a * a;
  double s = -1.0 / 1307674368000.0;
  s = s * a2 + 1.0 / 6227020800.0;
  s = s * a2 - 1.0 / 39916800.0;
  s = s * a2 + 1.0 / 362880.0;
  s = s * a2 - 1.0 / 5040.0;
  s = s * a2 + 1.0 / 120.0;
  s = s * a2 - 1.0 / 6.0;
  s = a + a * a2 * s;
  double c = 1.0 / 20922789888000.0;
  c = c * a2 - 1.0 / 87178291200.0;
  c = c * a2 + 1.0 / 479001600.0;
  c = c * a2 - 1.0 / 3628800.0;
  c = c * a2 + 1.0 / 40320.0;
  c = c * a2 - 1.0 / 720.0;
  c = c * a2 + 1.0 / 24.0;
  c = c * a2 - 0.5;
  c = 1.0 + c * a2;
  const double s2 = 2.0 * s * c;
  const double c2 = 1.0 - 2.0 * s * s;
  sine = 2.0 * s2 * c2;
  cosine = 1.0 - 2.0 * s2 * s2;
}

/// The same in single precision, to 5e-7 absolute.
inline void sin_cos_turns(float turns, float& sine, float& cosine) {
  // As above, with Cephes' minimax polynomials (sinf.c) in place of Taylor's.
  const float half_pi = 1.57079633F;
  const float a = half_pi * (turns - std::rint(turns));
  const float a2 = a * a;
  float s = -1.9515295891e-4F;
  s = s * a2 + 8.3321608736e-3F;
  s = s * a2 - 1.6666654611e-1F;
  s = a + a * a2 * s;
  float c = 2.443315711809948e-5F;
  c = c * a2 - 1.388731625493765e-3F;
  c = c * a2 + 4.166664568298827e-2F;
  c = c * a2 - 0.5F;
  c = 1.0F + c * a2;
  const float s2 = 2.0F * s * c;
  const float c2 = 1.0F - 2.0F * s * s;
  sine = 2.0F * s2 * c2;
  cosine = c2 * c2 - s2 * s2;  // 1 - 2 s2² would double the error of s2 where it is large
}

}  // namespace jko
