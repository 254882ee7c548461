#pragma once
/// Sums whose order of additions depends on the number of blocks of a team only, never on threads or on timing, so that
/// a run repeats bit for bit.
///
/// The vectors of L-BFGS are dealt out among the blocks in slices: a block writes its own slice, and reads those of
/// others after a barrier of the team.

#include "filter/device/fused/fused_layout.hpp"

namespace jko::fused {

struct Slice {
  int begin, end;
};

template <class Team>
JKO_DEVICE Slice slice_of(const Team& team, int count) {
  const int each = (count + team.blocks() - 1) / team.blocks();
  const int begin = each * team.block(), end = begin + each;
  return {begin < count ? begin : count, end < count ? end : count};
}

/// store(i, Σ_{j < count} term(i, j)) for each i of the slice. Many short sums of numbers that lie far apart: the sums
/// are cut into chunks for the sake of the loads' latency. Ends with a barrier of the block.
template <class Team, class Term, class Store>
JKO_DEVICE void slice_sums(Team& team, double* scratch, Slice slice, int count, const Term& term, const Store& store) {
  for (int first = slice.begin; first < slice.end; first += kMostSums) {
    const int entries = slice.end - first < kMostSums ? slice.end - first : kMostSums;
    for (int item = team.thread(); item < entries * kChunks; item += team.threads()) {
      const int i = first + item % entries, chunk = item / entries;
      double sum = 0.0;
      for (int j = chunk; j < count; j += kChunks) sum += term(i, j);
      scratch[item] = sum;
    }
    team.sync_block();
    for (int item = team.thread(); item < entries; item += team.threads()) {
      double sum = 0.0;
      for (int chunk = 0; chunk < kChunks; ++chunk) sum += scratch[chunk * entries + item];
      store(first + item, sum);
    }
    team.sync_block();
  }
}

struct Sum {
  JKO_DEVICE static double combine(int, double a, double b) { return a + b; }
};

/// Reductions over the slices of all blocks. Two buffers take turns, so that one barrier a reduction is enough: who
/// writes a buffer again has met, since its last use, all that read it then.
template <class Team>
class TeamReduction {
 public:
  JKO_DEVICE TeamReduction(Team& team, double* scratch, double* sums, double* exchange)
      : team_(team), scratch_(scratch), sums_(sums), exchange_(exchange) {}

  /// sums[k], k < count, becomes the combination of term(k, i) over the i of the slices of all blocks, where 0 is
  /// neutral. A barrier of the block has been passed afterwards, and one of the team if there are several blocks.
  template <class Combine = Sum, class Term>
  JKO_DEVICE void operator()(int count, Slice slice, const Term& term) {
    const int chunks = count <= kFew ? kFewChunks : kChunks;
    gather<Combine>(count, chunks, slice.begin, slice.end, term);
    const int blocks = team_.blocks();
    double* buffer = exchange_ + (turn_ ? blocks * kMostSums : 0);
    turn_ = !turn_;
    double* to = blocks == 1 ? sums_ : buffer + team_.block() * kMostSums;
    finish<Combine>(count, chunks, to);
    if (blocks == 1) {
      team_.sync_block();
      return;
    }
    team_.sync_team();
    gather<Combine>(count, chunks, 0, blocks, [buffer](int k, int block) { return buffer[block * kMostSums + k]; });
    finish<Combine>(count, chunks, sums_);
    team_.sync_block();
  }

 private:
  // Sums that are few are cut finer, to give every thread something to do.
  static constexpr int kFew = 4, kFewChunks = 32;

  template <class Combine, class Term>
  JKO_DEVICE void gather(int count, int chunks, int begin, int end, const Term& term) {
    for (int item = team_.thread(); item < count * chunks; item += team_.threads()) {
      const int k = item / chunks;
      double sum = 0.0;
      for (int i = begin + item % chunks; i < end; i += chunks) sum = Combine::combine(k, sum, term(k, i));
      scratch_[item] = sum;
    }
    team_.sync_block();
  }

  template <class Combine>
  JKO_DEVICE void finish(int count, int chunks, double* to) {
    for (int k = team_.thread(); k < count; k += team_.threads()) {
      double sum = 0.0;
      for (int chunk = 0; chunk < chunks; ++chunk) {
        sum = Combine::combine(k, sum, scratch_[k * chunks + chunk]);
      }
      to[k] = sum;
    }
  }

  Team& team_;
  double* scratch_;
  double* sums_;
  double* exchange_;
  bool turn_ = false;
};

}  // namespace jko::fused
