#include "src/observation_scale.hpp"

#include <cmath>
#include <iterator>

namespace jko {
namespace {

constexpr int kEnough = 16;

}  // namespace

ObservationScale::ObservationScale(const Model& model, Index coordinates)
    : observation_(model.observation),
      judged_(Eigen::ArrayXXi::Zero(model.observation->observation_dimension(), coordinates)),
      agreed_(judged_) {}

void ObservationScale::judge(const Filter& filter, const Vector& y) {
  for (Index i = 0; i < judged_.rows(); ++i) {
    for (Index j = 0; j < judged_.cols(); ++j) {
      if (!std::isfinite(y[i]) || judged_(i, j) == kEnough) continue;
      ++judged_(i, j);
      agreed_(i, j) += peaks_at(filter, y, i, j) ? 1 : 0;
    }
  }
}

bool ObservationScale::shared(Index component, Index coordinate) const {
  return judged_(component, coordinate) > 0 && agreed_(component, coordinate) == judged_(component, coordinate);
}

bool ObservationScale::shared(Index component) const {
  for (Index j = 0; j < judged_.cols(); ++j) {
    if (shared(component, j)) return true;
  }
  return false;
}

bool ObservationScale::peaks_at(const Filter& filter, const Vector& y, Index component, Index coordinate) const {
  const double deviation = std::sqrt(filter.covariance()(coordinate, coordinate));
  const double offsets[] = {0.0, 0.01, -0.01, 0.1, -0.1, 1.0, -1.0};  // in standard deviations
  Vector alone = Vector::Constant(y.size(), std::nan(""));
  alone[component] = y[component];
  Points states = filter.mean().transpose().replicate(std::size(offsets), 1);
  for (std::size_t k = 0; k < std::size(offsets); ++k) {
    states(static_cast<Index>(k), coordinate) = y[component] + offsets[k] * deviation;
  }
  Vector likelihood(states.rows());
  observation_->log_likelihood(states, alone, filter.time(), likelihood);
  return likelihood[0] >= likelihood.maxCoeff() && likelihood[0] > likelihood.tail(2).maxCoeff();
}

}  // namespace jko
