#include "jko/mixture_potential.hpp"

#include "filter/model/text.hpp"

namespace jko {

void MixturePotential::evaluate(PointsView x, double, Eigen::Ref<Vector> value, Eigen::Ref<Points> gradient) const {
  law_.log_density_and_gradient(x, value, gradient);
  value = -value;
  gradient = -gradient;
}

std::string MixturePotential::formula() const {
  std::string text;
  for (const auto& [weight, mean, covariance] : law_.components()) {
    text += (text.empty() ? "" : " + ") + to_text(weight) + " N(" + to_text(mean) + ", " + to_text(covariance) + ")";
  }
  return "-log(" + text + ")";
}

}  // namespace jko
