#include "src/observation_scale.hpp"

#include "jko/expression_likelihood.hpp"
#include "jko/linear_gaussian.hpp"
#include "jko/nonlinear.hpp"
#include "jko/sine_well.hpp"
#include "jko/stochastic_volatility.hpp"
#include "tests/src/moving_gaussian.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::MovingGaussian;

namespace {

/// The scales that two observations of a standard normal state give.
ObservationScale judged(std::shared_ptr<const ObservationModel> observation, const Vector& first,
                        const Vector& second) {
  const Index dimension = observation->state_dimension();
  const Model model{std::make_shared<SineWell>(dimension), 1.0, GaussianMixture::standard(dimension), observation};
  const MovingGaussian filter(Vector::Zero(dimension));
  ObservationScale scale(model, dimension);
  scale.judge(filter, first);
  scale.judge(filter, second);
  return scale;
}

Vector one(double value) { return Vector::Constant(1, value); }

}  // namespace

TEST_CASE("a noisy copy of the state is on the state's scale, whatever the law of the noise") {
  const auto linear = std::make_shared<LinearGaussian>(Matrix::Identity(1, 1), Matrix::Identity(1, 1));
  const auto robust = std::make_shared<ExpressionLikelihood>("-2.5*log1p((y0 - x0)**2)", 1, 1);
  CHECK(judged(linear, one(0.3), one(-2.0)).shared(0, 0));
  CHECK(judged(robust, one(0.3), one(-2.0)).shared(0, 0));
}

TEST_CASE("a multiple, a nonlinear function and a return of the state are not") {
  const auto multiple = std::make_shared<LinearGaussian>(2.0 * Matrix::Identity(1, 1), Matrix::Identity(1, 1));
  const auto square =
      std::make_shared<NonlinearObservation>(std::vector<std::string>{"x0**2"}, 1, Noise::gaussian(one(1)));
  const auto returns = std::make_shared<StochasticVolatility>(1);
  CHECK_FALSE(judged(multiple, one(0.3), one(-2.0)).shared(0));
  CHECK_FALSE(judged(square, one(0.3), one(0.8)).shared(0));
  CHECK_FALSE(judged(returns, one(0.3), one(-2.0)).shared(0));
}

TEST_CASE("each value finds its own coordinate") {
  Matrix swap(2, 2);
  swap << 0, 1, 1, 0;
  const auto observation = std::make_shared<LinearGaussian>(swap, Matrix::Identity(2, 2));
  const ObservationScale scale = judged(observation, Eigen::Vector2d(0.3, 1.0), Eigen::Vector2d(-1.0, 0.5));
  CHECK(scale.shared(0, 1));
  CHECK(scale.shared(1, 0));
  CHECK_FALSE(scale.shared(0, 0));
  CHECK_FALSE(scale.shared(1, 1));
}

TEST_CASE("a value that was never seen is on no scale") {
  const auto linear = std::make_shared<LinearGaussian>(Matrix::Identity(1, 1), Matrix::Identity(1, 1));
  CHECK_FALSE(judged(linear, one(std::nan("")), one(std::nan(""))).shared(0));
}
