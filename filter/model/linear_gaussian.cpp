#include "jko/linear_gaussian.hpp"

#include <Eigen/Cholesky>
#include <boost/random/normal_distribution.hpp>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "filter/model/observed_entries.hpp"
#include "filter/model/text.hpp"
#include "filter/model/undefined.hpp"
#include "jko/gaussian_mixture.hpp"

namespace jko {

LinearGaussian::LinearGaussian(Matrix H, Matrix R) : H_(std::move(H)), R_(std::move(R)) {
  const auto require = [](bool condition, const char* what) {
    if (!condition) throw std::invalid_argument(std::string("linear Gaussian observation: ") + what);
  };
  require(H_.size() > 0, "H is empty");
  require(R_.rows() == H_.rows() && R_.cols() == H_.rows(), "R is not a square matrix with one row for each row of H");
  require(H_.allFinite() && R_.allFinite(), "H or R is not finite");
  require(R_.isApprox(R_.transpose(), 1e-9), "R is not symmetric");
  const Eigen::LLT<Matrix> cholesky(R_);
  require(cholesky.info() == Eigen::Success, "R is not positive definite");
  R_root_ = cholesky.matrixL();
}

void LinearGaussian::log_likelihood(PointsView x, const Vector& y, double, Eigen::Ref<Vector> log_likelihood) const {
  const std::vector<Index> seen = observed_entries(y);
  if (seen.empty()) {
    log_likelihood.setZero();
    return;
  }
  Points residual(x.rows(), static_cast<Index>(seen.size()));
  residual.noalias() = -x * H_(seen, Eigen::all).transpose();
  residual.rowwise() += y(seen).transpose();
  const auto count = static_cast<Index>(seen.size());
  log_likelihood = GaussianMixture::gaussian(Vector::Zero(count), R_(seen, seen)).log_density(residual);
  undefined_is_impossible(log_likelihood);
}

Vector LinearGaussian::sample(const Vector& x, double, RandomEngine& engine) const {
  boost::random::normal_distribution<double> normal;
  const Vector noise = Vector::NullaryExpr(observation_dimension(), [&] { return normal(engine); });
  return H_ * x + R_root_ * noise;
}

ConditionalMoments LinearGaussian::moments(PointsView x, double) const {
  return {x * H_.transpose(), std::vector<Matrix>(static_cast<std::size_t>(x.rows()), R_)};
}

std::string LinearGaussian::formula() const {
  if (!R_.isDiagonal(0.0)) return "y ~ N(H x, R), H = " + to_text(H_) + ", R = " + to_text(R_);
  std::string text;
  for (Index i = 0; i < observation_dimension(); ++i) {
    text += (i ? ", y" : "y") + std::to_string(i) + " ~ N(" + linear_combination(H_.row(i), "x") + ", " +
            to_text(R_(i, i)) + ")";
  }
  return text;
}

}  // namespace jko
