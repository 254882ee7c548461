#include "filter/model/double_well.hpp"

#include <stdexcept>

#include "filter/model/text.hpp"

namespace jko {

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
    const auto at = x.col(d).array();
    value.array() += h * (curvature * at.square() - 1.0).square();
    gradient.col(d).array() = 4.0 * h * curvature * (curvature * at.square() - 1.0) * at;
  }
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
