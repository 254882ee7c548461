#pragma once
/// L(x + length · direction) and its gradient, by all blocks of a team: each makes the network for itself, runs over
/// its own tiles of nodes, and applies the chain rule to its share of the gradient; the shares are summed slice by
/// slice.

#include "filter/device/fused/fused_gradient.hpp"
#include "filter/device/fused/fused_parameters.hpp"
#include "filter/device/fused/fused_reduce.hpp"
#include "filter/device/fused/fused_tile.hpp"

namespace jko::fused {

struct Trial {
  double length = 0.0;
  double value = 0.0;
  double slope = 0.0;
  double largest_gradient = 0.0;  ///< of its entries; infinity where one is not finite
};

template <typename Real, int D, class Team>
class TeamLoss {
 public:
  /// `reduce` is shared with whoever else reduces over the team.
  JKO_DEVICE TeamLoss(Team& team, const Shape& shape, const Task& task, const NodeData& data,
                      const BlockMemory<Real>& memory, const Work& work, TeamReduction<Team>& reduce)
      : team_(team), shape_(shape), task_(task), data_(data), memory_(memory), work_(work), reduce_(reduce) {}

  /// Leaves the gradient in work.trial_gradient, each block's slice written by that block, and returns the same numbers
  /// to all threads. x, direction and memory.sums must be at rest: a barrier of the team has been passed since x or
  /// direction was written.
  JKO_DEVICE Trial operator()(double length) {
    const double *x = work_.x, *direction = work_.direction;
    // On the way to the first value there is no direction yet.
    const auto theta = [=](int i) { return length == 0.0 ? x[i] : x[i] + length * direction[i]; };
    make_network<D>(team_, shape_, task_, theta, memory_.network);
    double* d_network = work_.network_partial + static_cast<std::size_t>(team_.block()) * shape_.network;
    Tile<Real, D, Team> tile(team_, shape_, memory_);
    TileGradient<Real, D, Team> gradient(team_, shape_, memory_);
    bool first_tile = true;
    for (int t = team_.block(); t < shape_.tiles(); t += team_.blocks()) {
      tile.evaluate(task_, data_, t * shape_.tile, first_tile);  // its first barrier also ends make_network()
      gradient.accumulate(d_network, first_tile);
      first_tile = false;
    }
    const int p = shape_.parameters, blocks = team_.blocks();
    double* share = blocks == 1 ? work_.trial_gradient : work_.theta_partial + team_.block() * (p + 1);
    pull_back<D>(team_, shape_, task_, theta, d_network, share);
    if (team_.thread() == 0) {
      double sum = 0.0;
      for (int n = 0; n < shape_.tile; ++n) sum += memory_.node_loss[n];
      share[p] = sum;  // the value travels as one more entry
    }
    team_.sync_team();
    const Slice slice = slice_of(team_, p + 1);
    double* total = work_.trial_gradient;
    if (blocks > 1) {
      const double* shares = work_.theta_partial;
      slice_sums(
          team_, memory_.scratch, slice, blocks, [=](int i, int block) { return shares[block * (p + 1) + i]; },
          [=](int i, double sum) { total[i] = sum; });
    }
    reduce_.template operator()<ValueSlopeLargest>(3, slice, [=](int k, int i) {
      if (i == p) return k == 0 ? total[p] : 0.0;
      if (k == 0) return 0.0;
      if (k == 1) return length == 0.0 ? 0.0 : total[i] * direction[i];
      const double size = std::fabs(total[i]);
      return size < HUGE_VAL ? size : HUGE_VAL;  // NaN, too
    });
    const double* sums = memory_.sums;
    return {length, sums[0], sums[1], sums[2]};
  }

 private:
  struct ValueSlopeLargest {
    JKO_DEVICE static double combine(int k, double a, double b) { return k < 2 ? a + b : (a < b ? b : a); }
  };

  Team& team_;
  const Shape& shape_;
  const Task& task_;
  const NodeData data_;
  const BlockMemory<Real> memory_;
  const Work work_;
  TeamReduction<Team>& reduce_;
};

}  // namespace jko::fused
