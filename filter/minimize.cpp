#include "filter/minimize.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <sstream>

namespace jko {
namespace {

constexpr double kSufficientDecrease = 1e-4;
constexpr double kCurvature = 0.9;
constexpr int kLineSearchEvaluations = 20;

/// The inverse Hessian's action, from the last few steps (algorithm 7.4).
class InverseHessian {
 public:
  explicit InverseHessian(int memory) : memory_(memory) {}

  void add(const Vector& step, const Vector& change) {
    const double curvature = step.dot(change);
    // Only pairs of clearly positive curvature keep the approximation positive definite.
    if (!(curvature > 1e-12 * step.norm() * change.norm())) return;
    if (static_cast<int>(pairs_.size()) == memory_) pairs_.pop_front();
    pairs_.push_back({step, change, 1.0 / curvature, 0.0});
    scale_ = curvature / change.squaredNorm();
  }

  void clear() { pairs_.clear(); }
  bool empty() const { return pairs_.empty(); }

  Vector apply(const Vector& gradient) {
    Vector q = gradient;
    for (auto pair = pairs_.rbegin(); pair != pairs_.rend(); ++pair) {
      pair->alpha = pair->rho * pair->step.dot(q);
      q -= pair->alpha * pair->change;
    }
    q *= scale_;
    for (const Pair& pair : pairs_) q += (pair.alpha - pair.rho * pair.change.dot(q)) * pair.step;
    return q;
  }

 private:
  struct Pair {
    Vector step, change;
    double rho, alpha;
  };
  int memory_;
  double scale_ = 1.0;
  std::deque<Pair> pairs_;
};

struct Trial {
  double length = 0.0;
  double value = 0.0;
  double slope = 0.0;
};

/// Minimiser of the cubic through two points with slopes (equation 3.59), kept well inside the bracket.
double cubic_minimiser(const Trial& a, const Trial& b) {
  const double width = b.length - a.length;
  const double d1 = a.slope + b.slope - 3.0 * (b.value - a.value) / width;
  const double square = d1 * d1 - a.slope * b.slope;
  const double middle = 0.5 * (a.length + b.length);
  if (!(square >= 0.0) || !std::isfinite(b.value)) return middle;
  const double d2 = std::copysign(std::sqrt(square), width);
  const double length = b.length - width * (b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2);
  const double low = std::min(a.length, b.length), high = std::max(a.length, b.length), margin = 0.1 * (high - low);
  return std::isfinite(length) ? std::clamp(length, low + margin, high - margin) : middle;
}

class Minimizer {
 public:
  Minimizer(const Objective& f, Vector& x, const MinimizeOptions& options)
      : f_(f), options_(options), x_(x), gradient_(x.size()), trial_x_(x.size()), trial_gradient_(x.size()) {}

  MinimizeSummary run() {
    value_ = f_(x_, gradient_);
    summary_.evaluations = 1;
    summary_.initial_value = value_;
    summary_.losses.reserve(static_cast<std::size_t>(std::clamp(options_.iterations, 0, kMostReserved)) + 1);
    summary_.losses.push_back(value_);
    if (!std::isfinite(value_) || !gradient_.allFinite()) return finish(MinimizeSummary::Reason::not_finite);
    InverseHessian inverse(options_.memory);
    std::deque<double> history{value_};
    while (summary_.iterations < options_.iterations) {
      if (gradient_.lpNorm<Eigen::Infinity>() <= options_.gradient_tolerance) {
        return finish(MinimizeSummary::Reason::gradient_tolerance);
      }
      Vector direction = inverse.empty() ? Vector(-gradient_) : Vector(-inverse.apply(gradient_));
      if (!(direction.dot(gradient_) < 0.0)) {
        inverse.clear();
        direction = -gradient_;
      }
      const double first = inverse.empty() ? options_.first_step / direction.norm() : 1.0;
      const Vector old_x = x_, old_gradient = gradient_;
      const bool moved = search(direction, first);
      if (moved) {
        inverse.add(x_ - old_x, gradient_ - old_gradient);
        ++summary_.iterations;
        summary_.losses.push_back(value_);
      }
      if (!moved) {
        if (inverse.empty()) return finish(MinimizeSummary::Reason::line_search);
        inverse.clear();  // once more, along the gradient
        continue;
      }
      history.push_back(value_);
      if (static_cast<int>(history.size()) > options_.patience) {
        if (history.front() - value_ <= options_.value_tolerance) {
          return finish(MinimizeSummary::Reason::value_tolerance);
        }
        history.pop_front();
      }
      if (options_.stop && options_.stop()) return finish(MinimizeSummary::Reason::stopped);
    }
    return finish(MinimizeSummary::Reason::iterations);
  }

 private:
  Trial evaluate(const Vector& direction, double length) {
    trial_x_ = x_ + length * direction;
    Trial trial{length, f_(trial_x_, trial_gradient_), 0.0};
    ++summary_.evaluations;
    trial.slope = trial_gradient_.dot(direction);
    if (!std::isfinite(trial.value) || !std::isfinite(trial.slope)) {
      trial.value = std::numeric_limits<double>::infinity();
      trial.slope = 0.0;
    } else if (trial.value < best_value_) {
      best_value_ = trial.value;
      best_length_ = length;
      best_gradient_ = trial_gradient_;
    }
    return trial;
  }

  /// Moves x along the direction to a point of the strong Wolfe conditions, or to the best one seen. False if no trial
  /// was better than x.
  bool search(const Vector& direction, double first) {
    const Trial start{0.0, value_, gradient_.dot(direction)};
    best_value_ = value_;
    best_length_ = 0.0;
    const auto decreases = [&](const Trial& t) {
      return t.value <= start.value + kSufficientDecrease * t.length * start.slope;
    };
    Trial low = start, high;
    bool bracketed = false;
    double length = first;
    for (int k = 0; k < kLineSearchEvaluations; ++k) {
      const Trial trial = evaluate(direction, length);
      if (!decreases(trial) || trial.value > low.value) {
        high = trial;
        bracketed = true;
      } else {
        if (std::abs(trial.slope) <= -kCurvature * start.slope) break;
        if (bracketed ? trial.slope * (high.length - low.length) >= 0.0 : trial.slope >= 0.0) {
          high = low;
          bracketed = true;
        }
        low = trial;
      }
      if (bracketed && std::abs(high.length - low.length) < 1e-12 * first) break;
      length = bracketed ? cubic_minimiser(low, high) : 3.0 * length;
    }
    if (best_length_ == 0.0) return false;
    x_ += best_length_ * direction;
    value_ = best_value_;
    gradient_ = best_gradient_;
    return true;
  }

  MinimizeSummary finish(MinimizeSummary::Reason reason) {
    summary_.value = value_;
    summary_.reason = reason;
    return summary_;
  }

  const Objective& f_;
  const MinimizeOptions& options_;
  Vector& x_;
  Vector gradient_, trial_x_, trial_gradient_, best_gradient_;
  double value_ = 0.0, best_value_ = 0.0, best_length_ = 0.0;
  MinimizeSummary summary_;
};

}  // namespace

std::string MinimizeSummary::brief() const {
  static constexpr const char* kReasons[] = {"iteration limit",       "value tolerance", "gradient tolerance",
                                             "line search exhausted", "stopped",         "not finite"};
  std::ostringstream line;
  line << initial_value << " -> " << value << " in " << iterations << " iterations, " << evaluations
       << " evaluations: " << kReasons[static_cast<int>(reason)];
  return line.str();
}

MinimizeSummary minimize(const Objective& f, Vector& x, const MinimizeOptions& options) {
  return Minimizer(f, x, options).run();
}

}  // namespace jko
