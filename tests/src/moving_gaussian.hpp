#pragma once
/// A filter whose law is N(mean, I) with a mean that the test sets, for tests of what is drawn and written.

#include <boost/math/distributions/normal.hpp>

#include "jko/filter.hpp"
#include "jko/gaussian_mixture.hpp"

namespace jko::test {

class MovingGaussian final : public Filter {
 public:
  explicit MovingGaussian(Vector mean) : mean_(std::move(mean)) {}
  void move_to(double time, const Vector& mean) {
    time_ = time;
    mean_ = mean;
  }

  PredictSummary predict(double t) override {
    time_ = t;
    return {};
  }
  UpdateSummary update(const Vector&) override { return {}; }
  double time() const override { return time_; }
  Index dimension() const override { return mean_.size(); }
  Vector mean() const override { return mean_; }
  Matrix covariance() const override { return Matrix::Identity(mean_.size(), mean_.size()); }
  Matrix quantiles(const std::vector<double>& levels) const override {
    Matrix quantiles(static_cast<Index>(levels.size()), mean_.size());
    for (Index i = 0; i < quantiles.rows(); ++i) {
      const double z = boost::math::quantile(boost::math::normal(), levels[static_cast<std::size_t>(i)]);
      quantiles.row(i) = mean_.transpose().array() + z;
    }
    return quantiles;
  }
  Vector log_density(PointsView points) const override { return law().log_density(points); }
  Points sample(Index count, std::uint64_t seed) const override { return law().sample(count, seed, 0); }
  std::string method() const override { return "moving_gaussian"; }
  std::unique_ptr<Filter> clone() const override { return std::make_unique<MovingGaussian>(*this); }

 private:
  GaussianMixture law() const { return GaussianMixture::gaussian(mean_, covariance()); }

  double time_ = 0.0;
  Vector mean_;
};

}  // namespace jko::test
