#include "filter/reference/linear_update.hpp"

#include <Eigen/Cholesky>
#include <boost/math/constants/constants.hpp>
#include <cmath>

namespace jko {

std::optional<LinearUpdate> linear_update(const Vector& innovation, const Matrix& covariance, const Matrix& cross) {
  if (!innovation.allFinite() || !covariance.allFinite() || !cross.allFinite()) return std::nullopt;
  const Eigen::LLT<Matrix> cholesky(covariance);
  if (cholesky.info() != Eigen::Success) return std::nullopt;
  const double square = cholesky.matrixL().solve(innovation).squaredNorm();
  const double log_volume = Matrix(cholesky.matrixL()).diagonal().array().log().sum();
  const double log_two_pi = std::log(boost::math::constants::two_pi<double>());
  const double log_evidence = -0.5 * (square + static_cast<double>(innovation.size()) * log_two_pi) - log_volume;
  if (!std::isfinite(log_evidence)) return std::nullopt;
  return LinearUpdate{cholesky.solve(cross.transpose()).transpose(), log_evidence};
}

}  // namespace jko
