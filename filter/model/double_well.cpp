#include "jko/double_well.hpp"

#include <stdexcept>

#include "filter/model/text.hpp"

namespace jko {
namespace {

template <typename PointsT>
void slope(const Vector& height, const Vector& width, Eigen::Ref<const PointsT> x, Eigen::Ref<PointsT> gradient) {
  using Scalar = typename PointsT::Scalar;
  constexpr int kWide = kLanes<Scalar>;
  for (Index d = 0; d < x.cols(); ++d) {
    const double curvature = 1.0 / (width[d] * width[d]);
    const auto c = static_cast<Scalar>(curvature), scale = static_cast<Scalar>(4.0 * height[d] * curvature);
    const Scalar* at = x.col(d).data();
    Scalar* to = gradient.col(d).data();
#pragma omp simd simdlen(kWide)
    for (Index i = 0; i < x.rows(); ++i) to[i] = scale * (c * at[i] * at[i] - 1) * at[i];
  }
}

}  // namespace

DoubleWell::DoubleWell(Vector height, Vector width) : height_(std::move(height)), width_(std::move(width)) {
  if (height_.size() == 0) throw std::invalid_argument("double well: height is empty");
  if (height_.size() != width_.size()) throw std::invalid_argument("double well: height and width differ in size");
  if (!height_.allFinite() || !(height_.array() > 0.0).all()) {
    throw std::invalid_argument("double well: a height is not positive");
  }
  if (!width_.allFinite() || !(width_.array() > 0.0).all()) {
    throw std::invalid_argument("double well: a width is not positive");
  }
}

void DoubleWell::evaluate(PointsView x, double, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const {
  value.setZero();
  for (Index d = 0; d < dimension(); ++d) {
    const double h = height_[d], curvature = 1.0 / (width_[d] * width_[d]);
    value.array() += h * (curvature * x.col(d).array().square() - 1.0).square();
  }
  this->gradient(x, 0.0, gradient);
}

void DoubleWell::gradient(PointsView x, double, Eigen::Ref<Points> gradient) const {
  slope<Points>(height_, width_, x, gradient);
}

void DoubleWell::gradient_single(SinglePointsView x, double, Eigen::Ref<SinglePoints> gradient) const {
  slope<SinglePoints>(height_, width_, x, gradient);
}

std::string DoubleWell::formula() const {
  std::string text;
  for (Index d = 0; d < dimension(); ++d) {
    const std::string x = "x" + std::to_string(d);
    text += (d ? " + " : "") + (height_[d] == 1.0 ? "" : to_text(height_[d]) + "*") + "(";
    text += (width_[d] == 1.0 ? x : "(" + x + "/" + to_text(width_[d]) + ")") + "^2 - 1)^2";
  }
  return text;
}

}  // namespace jko
