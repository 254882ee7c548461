#pragma once
/// L-BFGS by a team: filter/minimize.cpp, rule for rule, with the vectors dealt out among the blocks.
///
/// The two loops over the correction pairs (Nocedal and Wright, algorithm 7.4) would be forty dot products one after
/// the other. Here all products of vectors are taken at once after each iteration, and the loops run over coefficients:
/// what is left is a 2m by 2m recurrence and one linear combination (Chen, Wang and Zhou, "Large-scale L-BFGS using
/// MapReduce", 2014). All threads of all blocks take every decision themselves, from the same numbers.

#include "filter/device/fused/fused_line_search.hpp"
#include "filter/device/fused/fused_loss.hpp"

namespace jko::fused {

template <typename Real, int D, class Team>
class Minimizer {
 public:
  JKO_DEVICE Minimizer(Team& team, const Shape& shape, const Task& task, const NodeData& data, const Limits& limits,
                       const BlockMemory<Real>& memory, const Work& work)
      : team_(team),
        limits_(limits),
        shape_(shape),
        task_(task),
        data_(data),
        memory_(memory),
        work_(work),
        state_(*memory.state),
        parameters_(shape.parameters),
        slice_(slice_of(team, shape.parameters + 1)),
        reduce_(team, memory.scratch, memory.sums, work.exchange) {
    if (slice_.end > parameters_) slice_.end = parameters_;  // the value's entry is no parameter
  }

  /// Makes up to `iterations` further iterations from `saved`, and saves where it came to. Values after each go to
  /// work.losses.
  JKO_DEVICE void run(State& saved, int iterations) {
    if (saved.progress.finished) return;
    copy(saved, state_);
    team_.sync_team();
    now_ = state_.progress;
    if (now_.evaluations == 0) start();
    const int first = now_.iterations;
    while (!now_.finished && now_.iterations < limits_.iterations && now_.iterations < first + iterations) {
      if (now_.largest_gradient <= limits_.gradient_tolerance) {
        finish(kGradientTolerance);
        break;
      }
      const double slope = find_direction();
      if (search(slope)) {
        ++now_.iterations;
        if (team_.thread() == 0 && team_.block() == 0) work_.losses[now_.iterations - first - 1] = now_.value;
        check_progress();
      } else if (now_.pairs == 0) {
        finish(kLineSearch);
      } else {
        now_.pairs = 0;  // once more, along the gradient
      }
    }
    if (!now_.finished && now_.iterations >= limits_.iterations) finish(kIterations);
    team_.sync_block();  // the state is at rest, for the next problem too
    if (team_.block() == 0) {
      if (team_.thread() == 0) state_.progress = now_;
      team_.sync_block();
      copy(state_, saved);
    }
  }

 private:
  // As in MinimizeSummary::Reason.
  enum Reason { kIterations, kValueTolerance, kGradientTolerance, kLineSearch, kStopped, kNotFinite };

  JKO_DEVICE void finish(Reason reason) {
    now_.finished = 1;
    now_.reason = reason;
  }

  JKO_DEVICE void copy(const State& from, State& to) const {
    static_assert(sizeof(State) % sizeof(double) == 0, "a state is copied by doubles");
    const auto* source = reinterpret_cast<const double*>(&from);
    auto* target = reinterpret_cast<double*>(&to);
    for (std::size_t i = team_.thread(); i < sizeof(State) / sizeof(double); i += team_.threads()) {
      target[i] = source[i];
    }
  }

  /// f(i) for the entries of this block's slice.
  template <class F>
  JKO_DEVICE void for_slice(const F& f) const {
    for (int i = slice_.begin + team_.thread(); i < slice_.end; i += team_.threads()) f(i);
  }

  // Made anew each time: an object that pointed into this one would keep both out of registers.
  JKO_DEVICE Trial evaluate(double length) {
    return TeamLoss<Real, D, Team>(team_, shape_, task_, data_, memory_, work_, reduce_)(length);
  }

  JKO_DEVICE double* step(int slot) const { return work_.steps + static_cast<std::size_t>(slot) * parameters_; }
  JKO_DEVICE double* change(int slot) const { return work_.changes + static_cast<std::size_t>(slot) * parameters_; }

  JKO_DEVICE void start() {
    const Trial first = evaluate(0.0);
    now_.evaluations = 1;
    now_.value = now_.initial_value = first.value;
    now_.largest_gradient = first.largest_gradient;
    for_slice([&](int i) { work_.gradient[i] = work_.trial_gradient[i]; });
    if (team_.thread() == 0) {
      state_.history[0] = first.value;
      for (int slot = 0; slot < kSlots; ++slot) state_.order[slot] = slot;
    }
    if (!is_finite(first.value) || !is_finite(first.largest_gradient)) finish(kNotFinite);
  }

  /// Sets the direction and returns its slope, which is negative unless the gradient is zero. Ends with a barrier of
  /// the team.
  JKO_DEVICE double find_direction() {
    for (;;) {
      if (now_.pairs == 0) {
        for_slice([&](int i) { work_.direction[i] = -work_.gradient[i]; });
        team_.sync_block();
      } else {
        find_factors();
        slice_sums(
            team_, memory_.scratch, slice_, 2 * now_.pairs + 1,
            [&](int i, int j) {
              if (j == 0) return -state_.scale * work_.gradient[i];
              const int slot = state_.order[(j - 1) / 2];
              return j % 2 ? -state_.step_factor[slot] * step(slot)[i] : -state_.change_factor[slot] * change(slot)[i];
            },
            [&](int i, double sum) { work_.direction[i] = sum; });
      }
      reduce_(2, slice_,
              [&](int k, int i) { return work_.direction[i] * (k == 0 ? work_.gradient[i] : work_.direction[i]); });
      const double slope = memory_.sums[0];
      direction_norm_ = std::sqrt(memory_.sums[1]);
      if (slope < 0.0 || now_.pairs == 0) return slope;
      now_.pairs = 0;
    }
  }

  /// The direction's coefficients: algorithm 7.4, where vectors are known by their products. With q = g - Σ α_j y_j and
  /// r = scale q + Σ (α_j - β_j) s_j.
  JKO_DEVICE void find_factors() {
    State& s = state_;
    if (team_.thread() == 0) {
      for (int p = 0; p < now_.pairs; ++p) s.change_factor[s.order[p]] = s.step_gradient[s.order[p]];  // s_p·q
      for (int p = now_.pairs - 1; p >= 0; --p) {
        const int slot = s.order[p];
        const double alpha = s.inverse_curvature[slot] * s.change_factor[slot];
        s.change_factor[slot] = alpha;
        for (int older = 0; older < p; ++older) {
          s.change_factor[s.order[older]] -= alpha * s.step_change[s.order[older]][slot];
        }
      }
    }
    team_.sync_block();
    for (int p = team_.thread(); p < now_.pairs; p += team_.threads()) {
      const int slot = s.order[p];
      double product = s.change_gradient[slot];
      for (int j = 0; j < now_.pairs; ++j) product -= s.change_factor[s.order[j]] * s.change_change[slot][s.order[j]];
      s.step_factor[slot] = s.scale * product;  // y_p·r
    }
    team_.sync_block();
    if (team_.thread() == 0) {
      for (int p = 0; p < now_.pairs; ++p) {
        const int slot = s.order[p];
        const double factor = s.change_factor[slot] - s.inverse_curvature[slot] * s.step_factor[slot];
        s.step_factor[slot] = factor;
        for (int newer = p + 1; newer < now_.pairs; ++newer) {
          s.step_factor[s.order[newer]] += factor * s.step_change[slot][s.order[newer]];
        }
        s.change_factor[slot] *= -s.scale;
      }
    }
    team_.sync_block();
  }

  /// Moves x to the best point of the line search, with its value and gradient. False if no trial was better than x.
  JKO_DEVICE bool search(double slope) {
    LineSearch line(now_.value, slope, now_.pairs == 0 ? limits_.first_step / direction_norm_ : 1.0);
    while (!line.finished()) {
      const Trial trial = evaluate(line.length());
      ++now_.evaluations;
      if (line.take(trial)) for_slice([&](int i) { work_.best_gradient[i] = work_.trial_gradient[i]; });
    }
    if (line.best().length == 0.0) return false;
    now_.value = line.best().value;
    now_.largest_gradient = line.best().largest_gradient;
    keep_pair(line.best().length);
    return true;
  }

  /// x and the gradient move on; the pair of steps is kept if its curvature is clearly positive, since only such pairs
  /// keep the approximation positive definite.
  JKO_DEVICE void keep_pair(double length) {
    State& s = state_;
    const int fresh = s.order[now_.pairs];
    for_slice([&](int i) {
      const double moved = length * work_.direction[i];
      step(fresh)[i] = moved;
      change(fresh)[i] = work_.best_gradient[i] - work_.gradient[i];
      work_.x[i] += moved;
      work_.gradient[i] = work_.best_gradient[i];
    });
    team_.sync_block();
    const int last = 4 * now_.pairs;  // the products of the new pair come last
    reduce_(last + 5, slice_, [&](int k, int i) {
      if (k == last + 4) return step(fresh)[i] * step(fresh)[i];
      const int slot = s.order[k / 4];
      const double left = k % 2 ? change(slot)[i] : step(slot)[i];
      return left * (k % 4 < 2 ? work_.gradient[i] : change(fresh)[i]);
    });
    const double* sums = memory_.sums;
    const double curvature = sums[last + 2], change_square = sums[last + 3], step_square = sums[last + 4];
    const bool keep = curvature > 1e-12 * std::sqrt(step_square) * std::sqrt(change_square);
    for (int p = team_.thread(); p <= now_.pairs; p += team_.threads()) {
      const int slot = s.order[p];
      s.step_gradient[slot] = sums[4 * p];
      s.change_gradient[slot] = sums[4 * p + 1];
      if (!keep) continue;
      s.step_change[slot][fresh] = sums[4 * p + 2];
      s.change_change[slot][fresh] = s.change_change[fresh][slot] = sums[4 * p + 3];
    }
    team_.sync_block();
    if (!keep) return;
    if (team_.thread() == 0) {  // which is the first to read it, too: find_factors()
      s.inverse_curvature[fresh] = 1.0 / curvature;
      s.scale = curvature / change_square;
      if (now_.pairs == limits_.pairs) {  // the oldest pair's slot is free now
        const int oldest = s.order[0];
        for (int p = 0; p < now_.pairs; ++p) s.order[p] = s.order[p + 1];
        s.order[now_.pairs] = oldest;
      }
    }
    if (now_.pairs < limits_.pairs) ++now_.pairs;
  }

  /// Whether the last `patience` iterations were worth their while. What is read was written in earlier ones.
  JKO_DEVICE void check_progress() {
    if (team_.thread() == 0) state_.history[now_.iterations % (kMaxPatience + 1)] = now_.value;
    const int patience = limits_.patience < 1 ? 1 : limits_.patience;
    if (now_.iterations < patience) return;
    const double before = state_.history[(now_.iterations - patience) % (kMaxPatience + 1)];
    if (before - now_.value <= limits_.value_tolerance) finish(kValueTolerance);
  }

  Team& team_;
  const Limits& limits_;
  const Shape& shape_;
  const Task& task_;
  const NodeData data_;
  const BlockMemory<Real> memory_;
  const Work work_;
  State& state_;
  int parameters_;
  Slice slice_;
  TeamReduction<Team> reduce_;
  // The same in all threads.
  Progress now_;
  double direction_norm_ = 0.0;
};

}  // namespace jko::fused
