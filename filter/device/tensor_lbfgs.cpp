#include "filter/device/tensor_lbfgs.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/copysign.h>
#include <ATen/ops/diag_embed.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/linalg_solve_triangular.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

namespace jko {
namespace {

// As in filter/minimize.cpp.
constexpr double kSufficientDecrease = 1e-4;
constexpr double kCurvature = 0.9;
constexpr int64_t kLineSearchEvaluations = 20;

constexpr int64_t kRunning = -1;
constexpr int64_t kMostRecorded = 10'000;  // losses

int64_t code(MinimizeSummary::Reason reason) { return static_cast<int64_t>(reason); }

at::Tensor scalar_product(const at::Tensor& a, const at::Tensor& b) { return (a * b).sum(-1); }

/// Of each problem: `a` where the mask says so, else `b`; whatever dimensions follow the first.
at::Tensor choose(const at::Tensor& mask, const at::Tensor& a, const at::Tensor& b) {
  at::Tensor wide = mask;
  while (wide.dim() < b.dim()) wide = wide.unsqueeze(-1);
  return at::where(wide, a, b);
}

at::Tensor choose(const at::Tensor& mask, double a, const at::Tensor& b) {
  return choose(mask, at::full_like(b, a), b);
}

at::Tensor set(const at::Tensor& mask, int64_t value, const at::Tensor& b) { return b.masked_fill(mask, value); }

/// Minimiser of the cubic through two points with slopes (Nocedal and Wright, equation 3.59), well inside the bracket.
template <class Trial>
at::Tensor cubic_minimiser(const Trial& a, const Trial& b) {
  const at::Tensor width = b.length - a.length;
  const at::Tensor d1 = a.slope + b.slope - 3.0 * (b.value - a.value) / width;
  const at::Tensor square = d1 * d1 - a.slope * b.slope;
  const at::Tensor middle = 0.5 * (a.length + b.length);
  const at::Tensor d2 = at::copysign(square.clamp_min(0.0).sqrt(), width);
  const at::Tensor length = b.length - width * (b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2);
  const at::Tensor low = at::minimum(a.length, b.length), high = at::maximum(a.length, b.length);
  const at::Tensor margin = 0.1 * (high - low);
  const at::Tensor good = (square >= 0.0) & b.value.isfinite() & length.isfinite();
  return at::where(good, at::minimum(at::maximum(length, low + margin), high - margin), middle);
}

template <class Trial>
void choose_trial(const at::Tensor& mask, const Trial& a, Trial& b) {
  b = {choose(mask, a.length, b.length), choose(mask, a.value, b.value), choose(mask, a.slope, b.slope)};
}

}  // namespace

std::vector<at::Tensor*> TensorLbfgs::State::all() {
  return {&x,           &gradient,      &direction,  &value,       &initial,   &start.length,
          &start.value, &start.slope,   &low.length, &low.value,   &low.slope, &high.length,
          &high.value,  &high.slope,    &length,     &first,       &bracketed, &best_value,
          &best_length, &best_gradient, &trials,     &steps,       &changes,   &pairs,
          &scale,       &losses,        &iterations, &evaluations, &reason};
}

TensorLbfgs::TensorLbfgs(int64_t batch, int64_t parameters, const MinimizeOptions& options,
                         const at::TensorOptions& tensors)
    : memory_(options.memory),
      patience_(options.patience),
      most_iterations_(std::clamp<int64_t>(options.iterations, 0, kMostRecorded)),
      first_step_(options.first_step),
      value_tolerance_(at::zeros({}, tensors)),
      gradient_tolerance_(at::zeros({}, tensors)) {
  set_tolerances(options);
  const at::TensorOptions integers = tensors.dtype(at::kLong), flags = tensors.dtype(at::kBool);
  for (at::Tensor* numbers : {&state_.value, &state_.initial, &state_.length, &state_.first, &state_.best_value,
                              &state_.best_length, &state_.scale}) {
    *numbers = at::zeros({batch}, tensors);
  }
  for (Trial* trial : {&state_.start, &state_.low, &state_.high}) {
    *trial = {at::zeros({batch}, tensors), at::zeros({batch}, tensors), at::zeros({batch}, tensors)};
  }
  for (at::Tensor* vectors : {&state_.x, &state_.gradient, &state_.direction, &state_.best_gradient}) {
    *vectors = at::zeros({batch, parameters}, tensors);
  }
  for (at::Tensor* counts : {&state_.trials, &state_.pairs, &state_.iterations, &state_.evaluations, &state_.reason}) {
    *counts = at::zeros({batch}, integers);
  }
  state_.bracketed = at::zeros({batch}, flags);
  state_.steps = at::zeros({batch, memory_, parameters}, tensors);
  state_.changes = at::zeros({batch, memory_, parameters}, tensors);
  state_.losses = at::zeros({batch, most_iterations_ + 1}, tensors);
}

void TensorLbfgs::set_tolerances(const MinimizeOptions& options) {
  value_tolerance_.fill_(options.value_tolerance);
  gradient_tolerance_.fill_(options.gradient_tolerance);
}

void TensorLbfgs::start(const at::Tensor& x, const Objective& f) {
  for (at::Tensor* tensor : state_.all()) tensor->zero_();
  const auto [value, gradient] = f(x);
  state_.x.copy_(x);
  state_.value.copy_(value);
  state_.initial.copy_(value);
  state_.gradient.copy_(gradient);
  state_.scale.fill_(1.0);
  state_.evaluations.fill_(1);
  state_.losses.select(1, 0).copy_(value);
  const at::Tensor good = value.isfinite() & gradient.isfinite().all(-1);
  state_.reason.fill_(code(MinimizeSummary::Reason::not_finite)).masked_fill_(good, kRunning);
  if (most_iterations_ == 0) state_.reason.masked_fill_(good, code(MinimizeSummary::Reason::iterations));
  State next = state_;
  search_along(next, next.reason == kRunning);
  const std::vector<at::Tensor*> to = state_.all(), from = next.all();
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (!to[i]->is_same(*from[i])) to[i]->copy_(*from[i]);
  }
}

// H g = γ g + S top - γ Y r, with R the upper triangle of SᵀY, r = R⁻¹ Sᵀg and top = R⁻ᵀ((D + γ YᵀY) r - γ Yᵀg).
at::Tensor TensorLbfgs::newton_direction(const State& at, const at::Tensor& gradient) const {
  const at::Tensor age = at::arange(memory_, at.pairs.options()).unsqueeze(0);
  const at::Tensor used = age >= memory_ - at.pairs.unsqueeze(1);  // (B, M)
  const at::Tensor mask = used.unsqueeze(-1).to(gradient.dtype());
  const at::Tensor S = at.steps * mask, Y = at.changes * mask, g = gradient.unsqueeze(-1);
  const at::Tensor scale = at.scale.unsqueeze(-1).unsqueeze(-1);
  const at::Tensor SY = S.matmul(Y.transpose(1, 2));
  const at::Tensor diagonal = SY.diagonal(0, -2, -1);
  // Pairs that are not there: a one on the diagonal of R, and nothing else.
  const at::Tensor R = SY.triu() + at::diag_embed((~used).to(gradient.dtype()));
  const at::Tensor r = at::linalg_solve_triangular(R, S.matmul(g), /*upper=*/true);
  const at::Tensor inner = diagonal.unsqueeze(-1) * r + scale * (Y.matmul(Y.transpose(1, 2)).matmul(r) - Y.matmul(g));
  const at::Tensor top = at::linalg_solve_triangular(R.transpose(1, 2), inner, /*upper=*/false);
  const at::Tensor Hg = scale * (g - Y.transpose(1, 2).matmul(r)) + S.transpose(1, 2).matmul(top);
  return -choose(at.pairs > 0, Hg.squeeze(-1), gradient);
}

/// Begins a line search for each problem of the mask, unless its gradient is small enough.
void TensorLbfgs::search_along(State& at, const at::Tensor& where) const {
  const at::Tensor flat = where & (at.gradient.abs().amax(-1) <= gradient_tolerance_);
  at.reason = set(flat, code(MinimizeSummary::Reason::gradient_tolerance), at.reason);
  at::Tensor direction = newton_direction(at, at.gradient);
  const at::Tensor uphill = ~(scalar_product(direction, at.gradient) < 0.0);
  at.pairs = set(where & uphill, 0, at.pairs);
  direction = choose(uphill, -at.gradient, direction);
  const at::Tensor first = choose(at.pairs > 0, 1.0, first_step_ / direction.norm(2, {-1}));
  const at::Tensor slope = scalar_product(at.gradient, direction), zero = at::zeros_like(at.value);
  at.direction = choose(where, direction, at.direction);
  choose_trial(where, Trial{zero, at.value, slope}, at.start);
  choose_trial(where, at.start, at.low);
  choose_trial(where, Trial{zero, zero, zero}, at.high);
  at.first = choose(where, first, at.first);
  at.length = choose(where, first, at.length);
  at.bracketed = at.bracketed & ~where;
  at.best_value = choose(where, at.value, at.best_value);
  at.best_length = choose(where, zero, at.best_length);
  at.trials = set(where, 0, at.trials);
}

/// Takes the best point of each line search that has ended, and decides whether the problem goes on.
void TensorLbfgs::finish_search(State& at, const at::Tensor& ended) const {
  const at::Tensor moved = ended & (at.best_length != 0.0), stuck = ended & ~moved;
  const at::Tensor step = at.best_length.unsqueeze(-1) * at.direction, change = at.best_gradient - at.gradient;
  const at::Tensor curvature = scalar_product(step, change);
  // Only pairs of clearly positive curvature keep the approximation positive definite.
  const at::Tensor kept = moved & (curvature > 1e-12 * step.norm(2, {-1}) * change.norm(2, {-1}));
  at.steps = choose(kept, at::cat({at.steps.slice(1, 1), step.unsqueeze(1)}, 1), at.steps);
  at.changes = choose(kept, at::cat({at.changes.slice(1, 1), change.unsqueeze(1)}, 1), at.changes);
  at.scale = choose(kept, curvature / scalar_product(change, change), at.scale);
  at.x = choose(moved, at.x + step, at.x);
  at.value = choose(moved, at.best_value, at.value);
  at.gradient = choose(moved, at.best_gradient, at.gradient);
  at.iterations = at.iterations + moved.to(at::kLong);
  const at::Tensor row = at.iterations.clamp_max(most_iterations_).unsqueeze(1);
  at.losses = at.losses.scatter(1, row, choose(moved, at.value, at.losses.gather(1, row).squeeze(1)).unsqueeze(1));

  // The reasons to stop, in the order in which minimize() looks at them.
  const at::Tensor past = (at.iterations - patience_).clamp_min(0).unsqueeze(1);
  const at::Tensor gain = at.losses.gather(1, past).squeeze(1) - at.value;
  const at::Tensor settled = moved & (at.iterations >= patience_) & (gain <= value_tolerance_);
  const at::Tensor spent = moved & ~settled & (at.iterations >= most_iterations_);
  const at::Tensor lost = stuck & (at.pairs == 0);
  at.reason = set(settled, code(MinimizeSummary::Reason::value_tolerance), at.reason);
  at.reason = set(spent, code(MinimizeSummary::Reason::iterations), at.reason);
  at.reason = set(lost, code(MinimizeSummary::Reason::line_search), at.reason);
  at.pairs = (at.pairs + kept.to(at::kLong)).clamp_max(memory_);
  at.pairs = set(stuck, 0, at.pairs);  // once more, along the gradient
  search_along(at, ended & (at.reason == kRunning));
}

void TensorLbfgs::tick(const Objective& f) {
  State at = state_;
  const at::Tensor running = at.reason == kRunning;
  const auto [raw_value, gradient] = f(at.x + at.length.unsqueeze(-1) * at.direction);
  const at::Tensor raw_slope = scalar_product(gradient, at.direction);
  const at::Tensor finite = raw_value.isfinite() & raw_slope.isfinite();
  const Trial trial{at.length, choose(~finite, kInfinity, raw_value), choose(~finite, 0.0, raw_slope)};
  at.evaluations = at.evaluations + running.to(at::kLong);

  const at::Tensor better = running & (trial.value < at.best_value);
  at.best_value = choose(better, trial.value, at.best_value);
  at.best_length = choose(better, trial.length, at.best_length);
  at.best_gradient = choose(better, gradient, at.best_gradient);

  const at::Tensor decreases = trial.value <= at.start.value + kSufficientDecrease * trial.length * at.start.slope;
  const at::Tensor too_far = ~decreases | (trial.value > at.low.value);
  const at::Tensor good = ~too_far & (trial.slope.abs() <= -kCurvature * at.start.slope);
  const at::Tensor closer = ~too_far & ~good;
  const at::Tensor turned =
      closer & at::where(at.bracketed, trial.slope * (at.high.length - at.low.length) >= 0.0, trial.slope >= 0.0);
  choose_trial(turned, at.low, at.high);
  choose_trial(too_far, trial, at.high);
  choose_trial(closer, trial, at.low);
  at.bracketed = at.bracketed | too_far | turned;
  at.trials = at.trials + 1;
  const at::Tensor closed = at.bracketed & ((at.high.length - at.low.length).abs() < 1e-12 * at.first);
  at.length = choose(at.bracketed, cubic_minimiser(at.low, at.high), 3.0 * at.length);
  finish_search(at, running & (good | closed | (at.trials >= kLineSearchEvaluations)));

  const std::vector<at::Tensor*> to = state_.all(), from = at.all();
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (!to[i]->is_same(*from[i])) to[i]->copy_(*from[i]);
  }
}

bool TensorLbfgs::finished() const { return (state_.reason != kRunning).all().item<bool>(); }

std::vector<MinimizeSummary> TensorLbfgs::summaries() const {
  const auto numbers = [](const at::Tensor& t) { return t.to(at::kCPU, at::kDouble).contiguous(); };
  const at::Tensor initial = numbers(state_.initial), value = numbers(state_.value), losses = numbers(state_.losses);
  const at::Tensor iterations = state_.iterations.to(at::kCPU), evaluations = state_.evaluations.to(at::kCPU),
                   reason = state_.reason.to(at::kCPU);
  std::vector<MinimizeSummary> summaries(static_cast<std::size_t>(value.size(0)));
  for (std::size_t b = 0; b < summaries.size(); ++b) {
    MinimizeSummary& summary = summaries[b];
    const auto at = static_cast<int64_t>(b);
    summary.initial_value = initial.data_ptr<double>()[at];
    summary.value = value.data_ptr<double>()[at];
    summary.iterations = static_cast<int>(iterations.data_ptr<int64_t>()[at]);
    summary.evaluations = static_cast<int>(evaluations.data_ptr<int64_t>()[at]);
    const int64_t why = reason.data_ptr<int64_t>()[at];
    summary.reason = why == kRunning ? MinimizeSummary::Reason::stopped : static_cast<MinimizeSummary::Reason>(why);
    const double* first = losses.data_ptr<double>() + at * losses.size(1);
    summary.losses.assign(first, first + summary.iterations + 1);
  }
  return summaries;
}

}  // namespace jko
