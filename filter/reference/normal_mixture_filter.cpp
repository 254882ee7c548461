#include "filter/reference/normal_mixture_filter.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

namespace jko {

bool NormalMixtureFilter::replace_law(std::vector<Component> components) {
  const auto weightless = [](const Component& c) { return c.weight == 0.0; };
  components.erase(std::remove_if(components.begin(), components.end(), weightless), components.end());
  if (components.empty()) return false;
  for (Component& c : components) {
    c.covariance = 0.5 * (c.covariance + c.covariance.transpose()).eval();
    const bool finite = std::isfinite(c.weight) && c.mean.allFinite() && c.covariance.allFinite();
    if (!finite || c.covariance.llt().info() != Eigen::Success) return false;
  }
  law_ = GaussianMixture(std::move(components));
  return true;
}

Matrix NormalMixtureFilter::quantiles(const std::vector<double>& levels) const {
  constexpr int kHalvings = 60;  // to rounding
  const boost::math::normal standard;
  Matrix result(static_cast<Index>(levels.size()), dimension());
  for (std::size_t q = 0; q < levels.size(); ++q) {
    const double z = boost::math::quantile(standard, levels[q]);
    for (Index k = 0; k < dimension(); ++k) {
      // A quantile of the mixture lies between the least and the greatest of its components.
      double low = std::numeric_limits<double>::infinity(), high = -low;
      for (const Component& c : law_.components()) {
        const double quantile = c.mean(k) + z * std::sqrt(c.covariance(k, k));
        low = std::min(low, quantile);
        high = std::max(high, quantile);
      }
      for (int i = 0; i < kHalvings && low < high; ++i) {
        const double middle = 0.5 * (low + high);
        double below = 0.0;
        for (const Component& c : law_.components()) {
          below += c.weight * boost::math::cdf(standard, (middle - c.mean(k)) / std::sqrt(c.covariance(k, k)));
        }
        (below < levels[q] ? low : high) = middle;
      }
      result(static_cast<Index>(q), k) = 0.5 * (low + high);
    }
  }
  return result;
}

}  // namespace jko
