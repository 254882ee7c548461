// A potential of your own: the tilted washboard Φ(x) = -cos(x) - x/4 of a Josephson junction's phase. It needs two
// things, the potential and its gradient at many points at once.
//
// Prints how the law of the phase, which began in one well, spreads to those below.
#include <cmath>
#include <cstdio>
#include <jko/jko.hpp>
#include <memory>

class Washboard final : public jko::Potential {
 public:
  explicit Washboard(double tilt) : tilt_(tilt) {}

  jko::Index dimension() const override { return 1; }

  // x has a point a row. Called from several threads at once.
  void evaluate(jko::PointsView x, double /*t*/, Eigen::Ref<jko::Vector> value,
                Eigen::Ref<jko::Points> gradient) const override {
    const auto phase = x.col(0).array();
    value = -phase.cos() - tilt_ * phase;
    gradient.col(0) = phase.sin() - tilt_;
  }

  std::string formula() const override { return "-cos(x0) - " + std::to_string(tilt_) + " x0"; }

 private:
  double tilt_;
};

int main() {
  const jko::Matrix one = jko::Matrix::Identity(1, 1);
  const jko::Model model{std::make_shared<Washboard>(0.25), /*beta=*/3.0,
                         jko::GaussianMixture::gaussian(jko::Vector::Zero(1), 0.3 * one),
                         std::make_shared<jko::LinearGaussian>(one, one)};
  jko::JkoFilter filter(model, jko::JkoOptions{});
  const std::unique_ptr<jko::Filter> truth = jko::grid_filter(model);

  std::puts("    t    mean      sd   of the law    log density in the well at 2 pi, and a fine grid's");
  const jko::Points well = jko::Points::Constant(1, 1, 2.0 * std::acos(-1.0));
  for (const double t : {1.0, 5.0, 20.0, 40.0}) {
    filter.predict(t);
    truth->predict(t);
    std::printf("%5.1f  %6.3f  %6.3f                 %8.4f  %8.4f\n", t, filter.mean()(0),
                std::sqrt(filter.covariance()(0, 0)), filter.log_density(well)(0), truth->log_density(well)(0));
  }
  std::printf("SymKL to the grid %.1e\n", jko::symmetric_kl(filter, *truth));
}
