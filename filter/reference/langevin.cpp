#include "filter/reference/langevin.hpp"

#include <algorithm>
#include <cmath>

#include "filter/parallel.hpp"
#include "filter/random.hpp"

namespace jko {
namespace {

/// The largest coordinate whose square and cube are still finite, with room to spare.
template <typename Scalar>
constexpr Scalar kFarthest = Scalar(sizeof(Scalar) == sizeof(float) ? 1e12 : 1e100);

/// Coordinates in a block: few enough for the nearest cache, many enough to make a call of the potential cheap.
constexpr Index kBlockCoordinates = 2048;

Index block_rows(Index dimension) {
  constexpr Index kBatch = NormalStream::kBatch;
  return std::clamp<Index>(kBlockCoordinates / dimension / kBatch * kBatch, kBatch, 1024);
}

void gradient_of(const Potential& potential, PointsView x, double t, Eigen::Ref<Points> out) {
  potential.gradient(x, t, out);
}

void gradient_of(const Potential& potential, SinglePointsView x, double t, Eigen::Ref<SinglePoints> out) {
  potential.gradient_single(x, t, out);
}

/// What the steps of one block need, (rows, D) each.
template <typename PointsT>
struct Workspace {
  PointsT x, force, predicted, later_force;
  SinglePoints noise;

  Workspace(Index rows, Index dimension)
      : x(rows, dimension),
        force(rows, dimension),
        predicted(rows, dimension),
        later_force(rows, dimension),
        noise(rows, dimension) {}
};

template <typename PointsT>
void advance_block(const LangevinSteps& steps, Eigen::Ref<Points> x, double t, double dt, int count,
                   NormalStream& normals, Index padded_rows) {
  using Scalar = typename PointsT::Scalar;
  constexpr Scalar kFar = kFarthest<Scalar>;
  constexpr int kWide = kLanes<Scalar>;
  const Index rows = x.rows(), d = x.cols();
  Workspace<PointsT> work(padded_rows, d);
  if (steps.temperature == 0.0) work.noise.setZero();
  const auto step = static_cast<Scalar>(dt), spread = static_cast<Scalar>(std::sqrt(2.0 * dt * steps.temperature));
  work.x.topRows(rows) = x.cast<Scalar>();
  for (int k = 0; k < count; ++k) {
    const double now = t + k * dt;
    gradient_of(steps.potential, work.x.topRows(rows), now, work.force.topRows(rows));
    if (steps.temperature > 0.0) normals.fill(work.noise.data(), work.noise.size());
    if (steps.integrator == Integrator::euler_maruyama) {
      for (Index c = 0; c < d; ++c) {
        Scalar* at = work.x.col(c).data();
        const Scalar* force = work.force.col(c).data();
        const float* noise = work.noise.col(c).data();
#pragma omp simd simdlen(kWide)
        for (Index i = 0; i < rows; ++i) {
          const Scalar moved = at[i] + spread * noise[i] - step * force[i];
          at[i] = std::abs(moved) < kFar ? moved : at[i];
        }
      }
      continue;
    }
    for (Index c = 0; c < d; ++c) {
      const Scalar* at = work.x.col(c).data();
      const Scalar* force = work.force.col(c).data();
      const float* noise = work.noise.col(c).data();
      Scalar* predicted = work.predicted.col(c).data();
#pragma omp simd simdlen(kWide)
      for (Index i = 0; i < rows; ++i) predicted[i] = at[i] + spread * noise[i] - step * force[i];
    }
    gradient_of(steps.potential, work.predicted.topRows(rows), now + dt, work.later_force.topRows(rows));
    for (Index c = 0; c < d; ++c) {
      Scalar* at = work.x.col(c).data();
      const Scalar* force = work.force.col(c).data();
      const Scalar* later = work.later_force.col(c).data();
      const Scalar* predicted = work.predicted.col(c).data();
#pragma omp simd simdlen(kWide)
      for (Index i = 0; i < rows; ++i) {
        const Scalar moved = predicted[i] + Scalar(0.5) * step * (force[i] - later[i]);
        at[i] = std::abs(moved) < kFar ? moved : at[i];
      }
    }
  }
  x = work.x.topRows(rows).template cast<double>();
}

}  // namespace

void LangevinSteps::advance(Eigen::Ref<Points> x, double t, double dt, int count, std::uint64_t seed,
                            std::uint64_t stream) const {
  const Index d = x.cols(), block = block_rows(d);
  // Single precision resolves a thousandth of a step's noise for coordinates up to here.
  const double fine_up_to = potential.single_precision() ? 1e-3 * std::sqrt(2.0 * dt * temperature) * 0x1p24 : -1.0;
  for_each_block(x.rows(), block, [&](Index number, Index first, Index rows) {
    NormalStream normals(seed, stream, number);
    const auto particles = x.middleRows(first, rows);
    if (particles.cwiseAbs().maxCoeff() < fine_up_to) {
      advance_block<SinglePoints>(*this, particles, t, dt, count, normals, block);
    } else {
      advance_block<Points>(*this, particles, t, dt, count, normals, block);
    }
  });
}

}  // namespace jko
