#include "filter/density/spline_anchor.hpp"

#include <algorithm>
#include <cmath>

#include "filter/state_checks.hpp"

namespace jko {

SplineAnchor::SplineAnchor(const Vector& knots, const Vector& log_density, double precision)
    : knots_(knots), values_(log_density), second_(Vector::Zero(knots.size())), precision_(precision) {
  // Second derivatives from the tridiagonal system of continuity (Thomas algorithm).
  const Index n = knots_.size();
  Vector ratio = Vector::Zero(n);
  for (Index i = 1; i + 1 < n; ++i) {
    const double left = knots_(i) - knots_(i - 1), right = knots_(i + 1) - knots_(i);
    const double jump = (values_(i + 1) - values_(i)) / right - (values_(i) - values_(i - 1)) / left;
    const double pivot = 2.0 * (left + right) - left * ratio(i - 1);
    ratio(i) = right / pivot;
    second_(i) = (6.0 * jump - left * second_(i - 1)) / pivot;
  }
  for (Index i = n - 2; i > 0; --i) second_(i) -= ratio(i) * second_(i + 1);

  // Slopes at the ends from a tenth of the knots: single differences there are noisy. Tails must fall.
  const Index far = std::max<Index>(1, n / 20);
  left_slope_ = std::max((values_(far) - values_(0)) / (knots_(far) - knots_(0)), std::sqrt(precision_));
  right_slope_ =
      std::min((values_(n - 1) - values_(n - 1 - far)) / (knots_(n - 1) - knots_(n - 1 - far)), -std::sqrt(precision_));

  // Normalise: Simpson's rule between the knots; what lies beyond them is negligible by construction.
  double integral = 0.0;
  for (Index i = 0; i + 1 < n; ++i) {
    const double middle = at(0.5 * (knots_(i) + knots_(i + 1)));
    integral +=
        (knots_(i + 1) - knots_(i)) / 6.0 * (std::exp(values_(i)) + 4.0 * std::exp(middle) + std::exp(values_(i + 1)));
  }
  if (integral > 0.0 && std::isfinite(integral)) values_.array() -= std::log(integral);
}

SplineAnchor::SplineAnchor(const AnchorState& state)
    : knots_(state.knots),
      values_(state.values),
      second_(state.second),
      precision_(state.precision),
      left_slope_(state.left_slope),
      right_slope_(state.right_slope) {
  const Index n = knots_.size();
  require_state(n >= 4 && n <= 10'000'000, "the number of a spline's knots");
  require_vector(knots_, n, "a spline's knots");
  require_vector(values_, n, "a spline's values");
  require_vector(second_, n, "a spline's derivatives");
  require_state((knots_.tail(n - 1) - knots_.head(n - 1)).minCoeff() > 0.0, "a spline's knots, which must rise");
  require_state(std::isfinite(precision_) && precision_ > 0.0, "a spline's precision");
  require_state(std::isfinite(left_slope_) && std::isfinite(right_slope_), "a spline's slopes");
}

AnchorState SplineAnchor::state() const {
  AnchorState state;
  state.kind = AnchorState::spline;
  state.knots = knots_;
  state.values = values_;
  state.second = second_;
  state.precision = precision_;
  state.left_slope = left_slope_;
  state.right_slope = right_slope_;
  return state;
}

double SplineAnchor::at(double x) const {
  if (std::isnan(x)) return x;  // it has no place among the knots
  const Index n = knots_.size();
  if (x <= knots_(0)) {
    const double away = x - knots_(0);
    return values_(0) + left_slope_ * away - 0.5 * precision_ * away * away;
  }
  if (x >= knots_(n - 1)) {
    const double away = x - knots_(n - 1);
    return values_(n - 1) + right_slope_ * away - 0.5 * precision_ * away * away;
  }
  const Index i = std::upper_bound(knots_.begin(), knots_.end(), x) - knots_.begin() - 1;
  const double h = knots_(i + 1) - knots_(i), a = (knots_(i + 1) - x) / h, b = 1.0 - a;
  return a * values_(i) + b * values_(i + 1) +
         ((a * a * a - a) * second_(i) + (b * b * b - b) * second_(i + 1)) * h * h / 6.0;
}

Vector SplineAnchor::log_density(PointsView points) const {
  Vector result(points.rows());
  for (Index i = 0; i < points.rows(); ++i) result(i) = at(points(i, 0));
  return result;
}

}  // namespace jko
