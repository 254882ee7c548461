#include "filter/model/affine_pullback.hpp"

#include <stdexcept>

namespace jko {

AffinePullback::AffinePullback(std::shared_ptr<const Potential> potential, Vector mean, Matrix root)
    : potential_(std::move(potential)), mean_(std::move(mean)), root_(std::move(root)) {
  const Index d = potential_->dimension();
  if (mean_.size() != d || root_.rows() != d || root_.cols() != d) {
    throw std::invalid_argument("affine pullback: the map is not of the potential's dimension");
  }
  if (!((root_ - root_.transpose()).cwiseAbs().maxCoeff() <= 1e-9 * root_.cwiseAbs().maxCoeff())) {
    throw std::invalid_argument("affine pullback: the map's matrix is not symmetric");
  }
}

void AffinePullback::evaluate(PointsView z, double t, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const {
  const Points x = (z * root_).rowwise() + mean_.transpose();
  Points slope(x.rows(), x.cols());
  potential_->evaluate(x, t, value, slope);
  gradient.noalias() = slope * root_;
}

}  // namespace jko
