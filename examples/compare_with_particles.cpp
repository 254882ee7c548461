// Compares the filter with a particle filter on the same recording, which is drawn here, against the exact solution:
// the double well, seen through its square, so that nothing tells left from right.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <jko/jko.hpp>
#include <memory>
#include <vector>

namespace {

// y = x² + N(0, 0.5²)
class SquareSeen final : public jko::ObservationModel {
 public:
  jko::Index state_dimension() const override { return 1; }
  jko::Index observation_dimension() const override { return 1; }
  void log_likelihood(jko::PointsView x, const jko::Vector& y, double,
                      Eigen::Ref<jko::Vector> log_likelihood) const override {
    log_likelihood =
        -0.5 * ((y(0) - x.col(0).array().square()) / 0.5).square() - std::log(0.5 * std::sqrt(2.0 * std::acos(-1.0)));
  }
  jko::Vector sample(const jko::Vector& x, double, jko::RandomEngine& engine) const override {
    return jko::Vector::Constant(1, std::normal_distribution<double>(x(0) * x(0), 0.5)(engine));
  }
  std::string formula() const override { return "y ~ N(x0^2, 0.25)"; }
};

}  // namespace

int main() {
  const jko::Vector one = jko::Vector::Ones(1);
  const jko::Model model{std::make_shared<jko::DoubleWell>(one, one), /*beta=*/2.0, jko::GaussianMixture::standard(1),
                         std::make_shared<SquareSeen>()};
  const std::vector<double> recording{0.9, 1.3, 0.2, 0.8, 1.6, 1.1};

  jko::ParticleOptions many;
  many.particles = 100000;
  std::vector<std::unique_ptr<jko::Filter>> filters;
  filters.push_back(std::make_unique<jko::JkoFilter>(model, jko::JkoOptions{}));
  filters.push_back(jko::particle_filter(model, many));
  const std::unique_ptr<jko::Filter> truth = jko::grid_filter(model);

  const auto run = [&](jko::Filter& filter) {
    double log_evidence = 0.0;
    for (std::size_t k = 0; k < recording.size(); ++k) {
      filter.predict(0.5 * static_cast<double>(k + 1));
      log_evidence += filter.update(jko::Vector::Constant(1, recording[k])).log_evidence_increment;
    }
    return log_evidence;
  };
  const double exact = run(*truth);
  std::printf("%-10s  %12s  %10s  %8s\n", "method", "log evidence", "SymKL", "seconds");
  std::printf("%-10s  %12.5f\n", "grid", exact);
  for (const auto& filter : filters) {
    const auto start = std::chrono::steady_clock::now();
    const double log_evidence = run(*filter);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::printf("%-10s  %12.5f  %10.1e  %8.3f\n", filter->method().c_str(), log_evidence,
                jko::symmetric_kl(*filter, *truth), seconds);
  }
}
