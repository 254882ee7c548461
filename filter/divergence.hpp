#pragma once
/// How far two filters' laws are apart.

#include "filter/filter.hpp"

namespace jko {

/// KL(p|q) + KL(q|p) of two normal laws.
double symmetric_kl(const Vector& mean_p, const Matrix& covariance_p, const Vector& mean_q, const Matrix& covariance_q);

/// KL(p|q) + KL(q|p) of two filters' current laws. In one and two dimensions by quadrature of ∫ (p - q)(log p - log q)
/// over a box that holds both; log densities are floored at -700, so that the result is finite where one law has no
/// mass. In more dimensions, where there is no such box, of the normal laws with the same means and covariances.
double symmetric_kl(const Filter& p, const Filter& q);

/// The same of the densities themselves, in any dimension: ∫ (p - q)(log p - log q) as the mean of
/// (p/q - 1) log(p/q) over independent draws of q (N, D), which is never negative.
double symmetric_kl(const Filter& p, const Filter& q, PointsView draws_of_q);

}  // namespace jko
