#include "filter/model/controlled_minibatch.hpp"

namespace jko {

ControlledMinibatch::ControlledMinibatch(LogisticPosterior batch, const LikelihoodExpansion& all)
    : batch_(std::move(batch)), missing_(batch_.expand_likelihood(all.at)) {
  missing_.value = all.value - missing_.value;
  missing_.gradient = all.gradient - missing_.gradient;
  missing_.hessian = all.hessian - missing_.hessian;
}

void ControlledMinibatch::evaluate(PointsView theta, double t, Eigen::Ref<Vector> value,
                                   Eigen::Ref<Points> gradient) const {
  batch_.evaluate(theta, t, value, gradient);
  const Index d = batch_.features();
  const Points away = theta.leftCols(d).rowwise() - missing_.at.transpose();
  const Points bent = away * missing_.hessian;
  value.array() +=
      missing_.value + (away * missing_.gradient).array() + 0.5 * (away.cwiseProduct(bent)).rowwise().sum().array();
  gradient.leftCols(d) += bent;
  gradient.leftCols(d).rowwise() += missing_.gradient.transpose();
}

std::string ControlledMinibatch::formula() const {
  return batch_.formula() + ", and what its second order around a point lacks of that of all rows";
}

}  // namespace jko
