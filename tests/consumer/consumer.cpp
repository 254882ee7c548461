// Uses the library beside its own instances of Eigen's templates, compiled with its own flags: arrays go to and fro,
// and the linker must take neither side's instances for the other's. Prints the law's moments, in hexadecimal.
#include <Eigen/Dense>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <jko/jko.hpp>
#include <sstream>

namespace {

class OwnPotential final : public jko::Potential {
 public:
  jko::Index dimension() const override { return 2; }
  void evaluate(jko::PointsView x, double, Eigen::Ref<jko::Vector> value,
                Eigen::Ref<jko::Points> gradient) const override {
    value = 0.25 * x.array().pow(4).rowwise().sum() - 0.5 * x.rowwise().squaredNorm().array();
    gradient = x.array().cube() - x.array();
  }
  std::string formula() const override { return "sum(x^4/4 - x^2/2)"; }
};

/// Products and decompositions large enough for each of Eigen's ways to compute them.
double eigen_of_our_own() {
  const Eigen::MatrixXd a = Eigen::MatrixXd::NullaryExpr(
      97, 97, [](auto i, auto j) { return std::sin(static_cast<double>(i * 97 + j)) + (i == j ? 97.0 : 0.0); });
  const Eigen::MatrixXd square = a * a.transpose();
  const Eigen::MatrixXd identity = square.llt().solve(square) + a.partialPivLu().solve(a);
  return std::abs(identity.trace() - 2.0 * 97.0);
}

}  // namespace

int main(int argc, char**) {
  if (std::strcmp(JKO_VERSION, EXPECTED_VERSION) != 0) return std::puts("headers of another version"), 1;
  const jko::Matrix H = jko::Matrix::Identity(2, 2);
  jko::Model model{std::make_shared<jko::DoubleWell>(jko::Vector::Ones(2), jko::Vector::Ones(2)), 2.0,
                   jko::GaussianMixture::standard(2), std::make_shared<jko::LinearGaussian>(H, 0.5 * H)};
  jko::JkoOptions options;
  options.nodes = 400;
  jko::JkoFilter filter(model, options);
  filter.predict(0.5);
  filter.update(jko::Vector::Constant(2, 0.7));
  if (!(eigen_of_our_own() < 1e-6)) return std::puts("Eigen is wrong"), 1;

  std::stringstream state;
  filter.save(state);
  jko::JkoFilter again(model, options);
  again.load(state);
  filter.predict(1.0);
  again.predict(1.0);
  jko::Vector mean = again.mean();  // allocated inside, assigned and freed here
  jko::Points draws = again.sample(100, 1);
  draws.conservativeResize(50, 2);
  mean += draws.colwise().mean().transpose() * 0.0;
  if (mean != filter.mean()) return std::puts("a loaded filter goes another way"), 1;

  jko::JkoOptions wrong;
  wrong.nodes = 3;
  std::string why;
  if (wrong.validate(&why) || why.empty()) return std::puts("three nodes are accepted"), 1;
  try {
    const jko::JkoFilter none(model, wrong);
    return std::puts("three nodes make a filter"), 1;
  } catch (const std::invalid_argument&) {
  }

  std::printf("%a %a %a\n", mean(0), mean(1), again.covariance()(0, 1));

  // What is compiled here rounds as this program's flags have it.
  model.potential = std::make_shared<OwnPotential>();
  jko::JkoFilter own(model, options);
  own.predict(0.5);
  own.update(jko::Vector::Constant(2, 0.7));
  own.predict(1.0);
  const auto truth = jko::grid_filter(model);
  truth->predict(0.5);
  truth->update(jko::Vector::Constant(2, 0.7));
  truth->predict(1.0);
  const double apart = jko::symmetric_kl(own, *truth);
  if (!(apart < 1e-2)) return std::printf("far from the grid's law: %g\n", apart), 1;

  if (argc > 1) {  // with LibTorch
    const jko::ExpressionPotential formula("x0**4/4 - x0**2/2", 1);
    jko::Vector value(3);
    jko::Points gradient(3, 1);
    formula.evaluate(jko::Points::Constant(3, 1, 2.0), 0.0, value, gradient);
    if (value(2) != 2.0 || gradient(2, 0) != 6.0) return std::puts("the formula is wrong"), 1;
  }
}
