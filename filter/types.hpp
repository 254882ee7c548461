#pragma once
/// The few types that every file of the library shares.

#include <Eigen/Core>

namespace jko {

using Index = Eigen::Index;
using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

/// N points in D dimensions, shape (N, D): one point a row. Column-major, so that each coordinate of all points is
/// contiguous and every per-point formula vectorises over the points.
using Points = Eigen::MatrixXd;

/// A view of points: a whole matrix or a block of its rows, without a copy.
using PointsView = Eigen::Ref<const Points>;

}  // namespace jko
