#pragma once
/// L-BFGS on a batch of functions at once, without a branch that depends on a value: every problem of the batch is at a
/// place of its own in its own line search, and one tick() evaluates all of them once and moves each on by masks. No
/// tick reads anything back, so that a CUDA graph can hold many.
///
///     TensorLbfgs solver(batch, parameters, options, tensor_options);
///     solver.start(x, f);                                 // f: the values (B) and gradients (B, P) at x (B, P)
///     while (!solver.finished()) solver.tick(f);
///     std::vector<MinimizeSummary> summaries = solver.summaries();
///
/// The algorithm is that of filter/minimize.hpp, which it follows to rounding: strong Wolfe conditions by cubic
/// interpolation, the best point seen, the same reasons to stop. The direction comes from the compact form of the
/// inverse Hessian (Byrd, Nocedal and Schnabel 1994, equation 3.1), a few products where the two-loop recursion has
/// forty small ones.

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include <functional>
#include <utility>
#include <vector>

#include "filter/minimize.hpp"

namespace jko {

class TensorLbfgs {
 public:
  /// Values (B) and gradients (B, P) at x (B, P).
  using Objective = std::function<std::pair<at::Tensor, at::Tensor>(const at::Tensor& x)>;

  /// `options.stop` is not asked: the caller may leave between ticks.
  TensorLbfgs(int64_t batch, int64_t parameters, const MinimizeOptions& options, const at::TensorOptions& tensors);

  /// For solves of the same shape with other tolerances: they are tensors too.
  void set_tolerances(const MinimizeOptions& options);

  void start(const at::Tensor& x, const Objective& f);
  void tick(const Objective& f);

  /// Reads back from the device.
  bool finished() const;
  std::vector<MinimizeSummary> summaries() const;

  /// The best points seen, (B, P).
  const at::Tensor& solution() const { return state_.x; }

 private:
  /// A point of each line search, all (B).
  struct Trial {
    at::Tensor length, value, slope;
  };

  struct State {
    at::Tensor x, gradient, direction;   // (B, P)
    at::Tensor value, initial;           // (B)
    Trial start, low, high;              // of the line search
    at::Tensor length, first;            // the next trial, and the first of this search, (B)
    at::Tensor bracketed;                // (B), bool
    at::Tensor best_value, best_length;  // (B)
    at::Tensor best_gradient;            // (B, P)
    at::Tensor trials;                   // of this search, (B), int64
    at::Tensor steps, changes;           // the correction pairs, newest last, (B, M, P)
    at::Tensor pairs;                    // how many of them, (B), int64
    at::Tensor scale;                    // γ, (B)
    at::Tensor losses;                   // (B, iterations + 1)
    at::Tensor iterations, evaluations;  // (B), int64
    at::Tensor reason;                   // (B), int64: MinimizeSummary::Reason, or kRunning

    std::vector<at::Tensor*> all();
  };

  at::Tensor newton_direction(const State& at, const at::Tensor& gradient) const;
  void search_along(State& at, const at::Tensor& where) const;
  void finish_search(State& at, const at::Tensor& ended) const;

  int64_t memory_, patience_, most_iterations_;
  double first_step_;
  at::Tensor value_tolerance_, gradient_tolerance_;  ///< scalars
  State state_;
};

}  // namespace jko
