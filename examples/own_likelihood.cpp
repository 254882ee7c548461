// A likelihood of your own: a sensor that saturates. It shows y = x + noise, but never less than 0 nor more than its
// largest value; what it shows then has a probability of its own (Tobin 1958).
//
// Prints what is known of a mean-reverting state when the sensor is at its stop.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <jko/jko.hpp>
#include <memory>

class SaturatingSensor final : public jko::ObservationModel {
 public:
  SaturatingSensor(double largest, double noise) : largest_(largest), noise_(noise) {}

  jko::Index state_dimension() const override { return 1; }
  jko::Index observation_dimension() const override { return 1; }

  // log g(y | x) at each row of x; NaN in y says that nothing was seen. Called from several threads at once.
  void log_likelihood(jko::PointsView x, const jko::Vector& y, double /*t*/,
                      Eigen::Ref<jko::Vector> log_likelihood) const override {
    const double seen = y(0);
    if (std::isnan(seen)) return void(log_likelihood.setZero());
    for (jko::Index i = 0; i < x.rows(); ++i) {
      const double z = (seen - x(i, 0)) / noise_;
      if (seen <= 0.0)
        log_likelihood(i) = std::log(0.5 * std::erfc(-z / std::sqrt(2.0)));
      else if (seen >= largest_)
        log_likelihood(i) = std::log(0.5 * std::erfc(z / std::sqrt(2.0)));
      else
        log_likelihood(i) = -0.5 * z * z - std::log(noise_ * std::sqrt(2.0 * std::acos(-1.0)));
    }
  }

  jko::Vector sample(const jko::Vector& x, double /*t*/, jko::RandomEngine& engine) const override {
    const double y = std::normal_distribution<double>(x(0), noise_)(engine);
    return jko::Vector::Constant(1, std::clamp(y, 0.0, largest_));
  }

  std::string formula() const override { return "y = min(max(x0 + noise, 0), largest)"; }

 private:
  double largest_, noise_;
};

int main() {
  const jko::Matrix one = jko::Matrix::Identity(1, 1);
  const jko::Model model{std::make_shared<jko::Quadratic>(one, jko::Vector::Ones(1)), /*beta=*/1.0,
                         jko::GaussianMixture::gaussian(jko::Vector::Ones(1), one),
                         std::make_shared<SaturatingSensor>(2.0, 0.2)};
  jko::JkoFilter filter(model, jko::JkoOptions{});
  const std::unique_ptr<jko::Filter> truth = jko::grid_filter(model);

  std::puts("   t     y    mean      sd   (a fine grid's)");
  double t = 0.0;
  for (const double y : {1.2, 2.0, 2.0, 1.7, 0.4, 0.0}) {
    t += 0.25;
    for (jko::Filter* each : {static_cast<jko::Filter*>(&filter), truth.get()}) {
      each->predict(t);
      each->update(jko::Vector::Constant(1, y));
    }
    std::printf("%4.2f  %4.1f  %6.3f  %6.3f   (%6.3f  %6.3f)\n", t, y, filter.mean()(0),
                std::sqrt(filter.covariance()(0, 0)), truth->mean()(0), std::sqrt(truth->covariance()(0, 0)));
  }
  std::printf("SymKL to the grid %.1e\n", jko::symmetric_kl(filter, *truth));
}
