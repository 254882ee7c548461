#include "jko/quadratic.hpp"

#include <stdexcept>

#include "filter/model/text.hpp"

namespace jko {

Quadratic::Quadratic(Matrix A, Vector b)
    : A_(std::move(A)), b_(std::move(b)), A_single_(A_.cast<float>()), b_single_(b_.cast<float>()) {
  if (b_.size() == 0) throw std::invalid_argument("quadratic potential: b is empty");
  if (A_.rows() != b_.size() || A_.cols() != b_.size()) {
    throw std::invalid_argument("quadratic potential: A is not a square matrix of b's size");
  }
  if (!A_.allFinite() || !b_.allFinite()) throw std::invalid_argument("quadratic potential: A or b is not finite");
  if (!A_.isApprox(A_.transpose(), 1e-9)) throw std::invalid_argument("quadratic potential: A is not symmetric");
}

void Quadratic::evaluate(PointsView x, double t, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const {
  this->gradient(x, t, gradient);
  // ½ xᵀA x - bᵀx = ½ xᵀ(A x - b) - ½ bᵀx
  value = 0.5 * x.cwiseProduct(gradient).rowwise().sum();
  value.noalias() -= 0.5 * x * b_;
}

void Quadratic::gradient(PointsView x, double, Eigen::Ref<Points> gradient) const {
  gradient.noalias() = x * A_;
  gradient.rowwise() -= b_.transpose();
}

void Quadratic::gradient_single(SinglePointsView x, double, Eigen::Ref<SinglePoints> gradient) const {
  gradient.noalias() = x * A_single_;
  gradient.rowwise() -= b_single_.transpose();
}

std::string Quadratic::formula() const {
  if (dimension() > 1) return "x'A x/2 - b'x, A = " + to_text(A_) + ", b = " + to_text(b_);
  const std::string square = to_text(A_(0, 0) / 2) + "*x0^2";
  if (b_[0] == 0.0) return square;
  return square + (b_[0] < 0 ? " + " : " - ") + to_text(std::abs(b_[0])) + "*x0";
}

}  // namespace jko
