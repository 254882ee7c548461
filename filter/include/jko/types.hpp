#pragma once
/// The few types that every file of the library shares.

#include "jko/config.hpp"
#include "jko/export.hpp"

#ifndef EIGEN_MAX_ALIGN_BYTES
#define EIGEN_MAX_ALIGN_BYTES JKO_EIGEN_ALIGNMENT
#endif
#include <Eigen/Core>
#include <limits>

static_assert(EIGEN_MAX_ALIGN_BYTES == JKO_EIGEN_ALIGNMENT,
              "Eigen aligns its arrays otherwise than the library does, and could not free them: define "
              "EIGEN_MAX_ALIGN_BYTES as JKO_EIGEN_ALIGNMENT (jko/config.hpp) wherever Eigen is included. The CMake "
              "target jko::filter does.");

namespace jko {

using Index = Eigen::Index;
using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// N points in D dimensions, shape (N, D): one point a row. Column-major, so that each coordinate of all points is
/// contiguous and every per-point formula vectorises over the points.
using Points = Eigen::MatrixXd;

/// A view of points: a whole matrix or a block of its rows, without a copy.
using PointsView = Eigen::Ref<const Points>;

/// Points in single precision, for inner loops that move millions of them.
using SinglePoints = Eigen::MatrixXf;
using SinglePointsView = Eigen::Ref<const SinglePoints>;

/// How many numbers the widest vectors of today hold, for `#pragma omp simd simdlen(kLanes<float>)`: gcc shies away
/// from 512 bits unless it is told.
template <typename Scalar>
constexpr int kLanes = 64 / sizeof(Scalar);

}  // namespace jko
