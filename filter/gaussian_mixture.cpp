#include "jko/gaussian_mixture.hpp"

#include <Eigen/Cholesky>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "filter/random.hpp"

namespace jko {
namespace {

const double kLogTwoPi = std::log(2.0 * 3.14159265358979323846);

void require(bool condition, std::size_t component, std::size_t count, const char* what) {
  if (condition) return;
  const std::string which = count == 1 ? "Gaussian: " : "component " + std::to_string(component) + ": ";
  throw std::invalid_argument(which + what);
}

}  // namespace

GaussianMixture::GaussianMixture(std::vector<Component> components)
    : GaussianMixture(std::move(components), /*normalised=*/false) {}

GaussianMixture GaussianMixture::restored(std::vector<Component> components) {
  return GaussianMixture(std::move(components), /*normalised=*/true);
}

GaussianMixture::GaussianMixture(std::vector<Component> components, bool normalised)
    : components_(std::move(components)) {
  if (components_.empty()) throw std::invalid_argument("a Gaussian mixture needs at least one component");
  const std::size_t n = components_.size();
  const Index d = components_.front().mean.size();
  double total = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const Component& c = components_[i];
    require(c.mean.size() > 0, i, n, "the mean is empty");
    require(c.mean.size() == d, i, n, "the mean's size differs from that of component 0");
    require(c.covariance.rows() == d && c.covariance.cols() == d, i, n,
            "the covariance is not a square matrix of the mean's size");
    require(c.mean.allFinite(), i, n, "the mean is not finite");
    require(c.covariance.allFinite(), i, n, "the covariance is not finite");
    require(std::isfinite(c.weight) && c.weight > 0.0, i, n, "the weight is not positive");
    require(c.covariance.isApprox(c.covariance.transpose(), 1e-9), i, n, "the covariance is not symmetric");
    total += c.weight;
  }
  if (normalised && !(std::abs(total - 1.0) < 1e-9)) throw std::invalid_argument("the sum of the weights is not 1");
  for (std::size_t i = 0; i < n; ++i) {
    Component& c = components_[i];
    if (!normalised) c.weight /= total;
    const Eigen::LLT<Matrix> cholesky(c.covariance);
    require(cholesky.info() == Eigen::Success, i, n, "the covariance is not positive definite");
    const Matrix lower = cholesky.matrixL();
    const double log_determinant_root = lower.diagonal().array().log().sum();
    factors_.push_back({lower, std::log(c.weight) - 0.5 * d * kLogTwoPi - log_determinant_root});
  }
}

GaussianMixture GaussianMixture::gaussian(const Vector& mean, const Matrix& covariance) {
  return GaussianMixture({{1.0, mean, covariance}});
}

GaussianMixture GaussianMixture::standard(Index dimension) {
  return gaussian(Vector::Zero(dimension), Matrix::Identity(dimension, dimension));
}

Vector GaussianMixture::mean() const {
  Vector mean = Vector::Zero(dimension());
  for (const Component& c : components_) mean += c.weight * c.mean;
  return mean;
}

Matrix GaussianMixture::covariance() const {
  const Vector centre = mean();
  Matrix covariance = Matrix::Zero(dimension(), dimension());
  for (const Component& c : components_) {
    const Vector offset = c.mean - centre;
    covariance += c.weight * (c.covariance + offset * offset.transpose());
  }
  return covariance;
}

Vector GaussianMixture::log_density(PointsView points) const {
  Matrix log_terms(points.rows(), static_cast<Index>(components_.size()));
  Points whitened(points.rows(), points.cols());
  for (Index c = 0; c < log_terms.cols(); ++c) {
    whitened = points.rowwise() - components_[c].mean.transpose();
    factors_[c].lower.triangularView<Eigen::Lower>().transpose().solveInPlace<Eigen::OnTheRight>(whitened);
    log_terms.col(c) = factors_[c].log_normaliser - 0.5 * whitened.rowwise().squaredNorm().array();
  }
  if (log_terms.cols() == 1) return log_terms.col(0);
  // The smallest number stands in for -infinity, of which differences would be NaN.
  const Vector largest = log_terms.rowwise().maxCoeff().cwiseMax(std::numeric_limits<double>::lowest());
  return largest.array() + (log_terms.colwise() - largest).array().exp().rowwise().sum().log();
}

void GaussianMixture::log_density_and_gradient(PointsView points, Eigen::Ref<Vector> log_density,
                                               Eigen::Ref<Points> gradient) const {
  log_density = this->log_density(points);
  gradient.setZero();
  Points z(points.rows(), points.cols());
  for (std::size_t c = 0; c < components_.size(); ++c) {
    const auto lower = factors_[c].lower.triangularView<Eigen::Lower>();
    z = points.rowwise() - components_[c].mean.transpose();
    lower.transpose().solveInPlace<Eigen::OnTheRight>(z);
    const Vector log_term = factors_[c].log_normaliser - 0.5 * z.rowwise().squaredNorm().array();
    lower.solveInPlace<Eigen::OnTheRight>(z);  // now covariance⁻¹ (x - mean), by rows
    gradient.array() -= z.array().colwise() * (log_term - log_density).array().exp();
  }
}

Points GaussianMixture::sample(Index count, std::uint64_t seed, std::uint64_t stream) const {
  Points normal(count, dimension());
  fill_standard_normal(seed, stream, normal);
  Points choice(count, 1);
  fill_uniform(seed, stream, choice);
  Points points(count, dimension());
  for (Index i = 0; i < count; ++i) {
    std::size_t c = 0;
    for (double u = choice(i, 0); c + 1 < components_.size() && u >= components_[c].weight; ++c) {
      u -= components_[c].weight;
    }
    points.row(i) = components_[c].mean.transpose();
    points.row(i).noalias() += normal.row(i) * factors_[c].lower.transpose();
  }
  return points;
}

namespace {

/// Draws of N(0, I) made into pairs of mirror images and whitened, so that their first three moments are exact:
/// averages of smooth functions of many coordinates then err several times less.
Points balanced(const Points& normal) {
  const Index n = normal.rows(), d = normal.cols();
  if (n < 8 * d) return normal;
  Points z(n, d);
  z.topRows((n + 1) / 2) = normal.topRows((n + 1) / 2);
  z.bottomRows(n / 2) = -normal.topRows(n / 2);
  if (n % 2 == 1) z.row((n + 1) / 2 - 1).setZero();
  const Eigen::LLT<Matrix> covariance(z.transpose() * z / static_cast<double>(n));
  return covariance.matrixL().solve(z.transpose()).transpose();
}

}  // namespace

Points GaussianMixture::quasi_sample(Index count, std::uint64_t seed) const {
  Points points = quasi_standard_normal(count, dimension(), seed);
  Index first = 0;
  double cumulative = 0.0;
  for (std::size_t c = 0; c < components_.size(); ++c) {
    cumulative += components_[c].weight;
    const Index last = c + 1 == components_.size() ? count : std::lround(cumulative * static_cast<double>(count));
    auto share = points.middleRows(first, last - first);
    share = (balanced(share) * factors_[c].lower.transpose()).eval();
    share.rowwise() += components_[c].mean.transpose();
    first = last;
  }
  return points;
}

}  // namespace jko
