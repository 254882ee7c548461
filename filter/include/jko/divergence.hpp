#pragma once
/// How far two filters' laws are apart.

#include "jko/filter.hpp"

namespace jko {

/// KL(p|q) + KL(q|p) of two normal laws.
JKO_API double symmetric_kl(const Vector& mean_p, const Matrix& covariance_p, const Vector& mean_q,
                            const Matrix& covariance_q);

/// KL(p|q) + KL(q|p) of two filters' current laws. In one and two dimensions by quadrature of ∫ (p - q)(log p - log q)
/// over a box that holds both; log densities are floored at -700, so that the result is finite where one law has no
/// mass. In more dimensions, where there is no such box, of the normal laws with the same means and covariances.
JKO_API double symmetric_kl(const Filter& p, const Filter& q);

/// The same of the densities themselves, in any dimension: ∫ (p - q)(log p - log q) as the mean of
/// (p/q - 1) log(p/q) over independent draws of q (N, D), which is never negative.
JKO_API double symmetric_kl(const Filter& p, const Filter& q, PointsView draws_of_q);

/// Two estimates of it, in any dimension, from independent draws of both laws, with l = log(p/q):
///
/// - `balanced` is the mean of tanh(l/2) l over p's draws and that over q's, which is ∫ (p - q) l as an integral
/// against
///   (p + q)/2 (multiple importance sampling by the balance heuristic; Veach and Guibas 1995). It is never negative,
///   its error is a share of itself where the laws are close, and no draw has more than its weight where they are not.
/// - `two_sided` is the mean of l over p's draws less that over q's: the definition, without bias, whose error is that
/// of
///   the root of the divergence, so that of close laws it is mostly noise, and may be negative.
struct DrawnDivergence {
  double balanced, two_sided;
};
JKO_API DrawnDivergence symmetric_kl(const Filter& p, const Filter& q, PointsView draws_of_p, PointsView draws_of_q);

/// Squared Bures-Wasserstein distance of two normal laws, |m_p - m_q|² + tr(C_p + C_q - 2 (C_q½ C_p C_q½)½), in percent
/// of half the second one's variance: the "unexplained variance percentage" of Korotin et al. 2021, "Wasserstein-2
/// generative networks".
JKO_API double unexplained_variance(const Vector& mean_p, const Matrix& covariance_p, const Vector& mean_q,
                                    const Matrix& covariance_q);

}  // namespace jko
