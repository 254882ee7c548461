#pragma once
/// How far two laws are apart, from draws of them alone: no density is needed, in any dimension.
///
///     double apart = energy_distance(filter.sample(8192, 1), truth.sample(8192, 2));

#include "jko/types.hpp"

namespace jko {

/// 2 E|X - Y| - E|X - X'| - E|Y - Y'| (Székely and Rizzo, "Energy statistics: a class of statistics based on
/// distances", J. Stat. Plan. Inference 143, 2013) of the samples `x` (N, D) and `y` (M, D), neither empty.
/// In the unit of the coordinates; a square, so no metric itself.
///
/// It is the V-statistic, in which a point is its own neighbour too: never negative, zero for equal samples (but for
/// rounding), and for independent samples of one law about E|X - X'| (1/N + 1/M). NaN if a coordinate is.
JKO_API double energy_distance(PointsView x, PointsView y);

}  // namespace jko
