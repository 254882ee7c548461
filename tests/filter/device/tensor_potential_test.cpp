#include "filter/device/tensor_potential.hpp"

#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "filter/device/tensors.hpp"
#include "filter/model/controlled_minibatch.hpp"
#include "jko/double_well.hpp"
#include "jko/expression_potential.hpp"
#include "jko/mixture_potential.hpp"
#include "jko/quadratic.hpp"
#include "jko/sine_well.hpp"
#include "tests/filter/device/devices.hpp"
#include "tests/filter/random_map.hpp"
#include "tests/filter/test_models.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

/// Two problems with different points and times.
void check_on(const at::Device& device, at::ScalarType type, double tolerance,
              const std::vector<const Potential*>& potentials, bool stays_on_device) {
  CAPTURE(device.str(), type);
  const at::TensorOptions options = at::TensorOptions(type).device(device);
  const Index d = potentials.front()->dimension(), n = 30;
  const auto tensors = make_tensor_potential(potentials, options);
  CHECK(tensors->stays_on_device() == stays_on_device);
  const std::vector<Points> x{random_points(n, d, 1), 2.0 * random_points(n, d, 2)};
  const std::vector<double> t{0.25, 1.5};
  const auto [value, gradient] =
      tensors->evaluate(at::stack({to_tensor(x[0], options), to_tensor(x[1], options)}), at::tensor(t, options));
  REQUIRE(value.sizes() == at::IntArrayRef({2, n}));
  REQUIRE(gradient.sizes() == at::IntArrayRef({2, n, d}));
  for (std::size_t b = 0; b < 2; ++b) {
    Vector expected(n);
    Points slope(n, d);
    potentials[b]->evaluate(x[b], t[b], expected, slope);
    const auto at = static_cast<Index>(b);
    CHECK((to_matrix(value.select(0, at)) - expected).norm() <= tolerance * expected.norm());
    CHECK((to_matrix(gradient.select(0, at)) - slope).norm() <= tolerance * slope.norm());
  }
}

void check_against_processor(const std::vector<const Potential*>& potentials, bool stays_on_device) {
  for (const at::Device& device : test_devices()) {
    check_on(device, at::kDouble, 1e-11, potentials, stays_on_device);
    check_on(device, at::kFloat, 1e-4, potentials, stays_on_device);
  }
}

GaussianMixture two_modes(Index d) {
  Matrix wide = Matrix::Identity(d, d);
  wide(0, 0) = 2.0;
  if (d > 1) wide(0, 1) = wide(1, 0) = 0.5;
  return GaussianMixture({{0.3, Vector::Constant(d, -1.0), wide}, {0.7, Vector::Constant(d, 1.5), 0.5 * wide}});
}

}  // namespace

TEST_CASE("Potentials on the device have the values and gradients that they have on the processor",
          "[tensor_potential]") {
  for (const Index d : {1, 3}) {
    CAPTURE(d);
    const SineWell sine(d);
    check_against_processor({&sine, &sine}, true);
    const DoubleWell wells(Vector::LinSpaced(d, 1.0, 2.0), Vector::LinSpaced(d, 0.5, 1.5));
    check_against_processor({&wells, &wells}, true);
    const Matrix R = random_points(d, d, 5);
    const Quadratic quadratic(R * R.transpose(), random_points(d, 1, 6));
    check_against_processor({&quadratic, &quadratic}, true);
    const MixturePotential mixture(two_modes(d));
    check_against_processor({&mixture, &mixture}, true);
    const std::string last = "x" + std::to_string(d - 1);
    const ExpressionPotential formula("where(x0 > 0, x0**4/4, exp(-x0)) + max(x0, 0.1)*sin(t)*" + last + " + 3", d);
    check_against_processor({&formula, &formula}, true);
    const ExpressionPotential constant("2*t", d);
    check_against_processor({&constant, &constant}, true);
  }
}

TEST_CASE("Posteriors on the device are the processor's, whatever the weights", "[tensor_potential]") {
  const Index d = 3, rows = 40;
  const Points features = 3.0 * random_points(rows, d, 7);
  const Vector labels = random_points(rows, 1, 8).col(0).unaryExpr([](double v) { return v < 0.0 ? -1.0 : 1.0; });
  const LogisticPosterior all(features, labels, {1.5, 0.2}), batch = all.minibatch(15, 1, 2);
  CHECK(batch.scale() > 2.0);
  check_against_processor({&all, &batch}, true);
  const ControlledMinibatch controlled(batch, all.expand_likelihood(Vector::Constant(d, 0.3)));
  check_against_processor({&controlled, &all}, true);
  // Far out: margins of hundreds, and log α beyond where the exponential is straightened.
  const at::TensorOptions options(at::kDouble);
  Points far = 100.0 * random_points(6, d + 1, 9);
  far(0, d) = 60.0;
  const auto [value, gradient] =
      make_tensor_potential({&all}, options)->evaluate(to_tensor(far, options).unsqueeze(0), at::zeros({1}, options));
  Vector expected(6);
  Points slope(6, d + 1);
  all.evaluate(far, 0.0, expected, slope);
  CHECK((to_matrix(value.squeeze(0)) - expected).cwiseQuotient(expected).norm() < 1e-12);
  CHECK((to_matrix(gradient.squeeze(0)) - slope).cwiseQuotient(slope).norm() < 1e-10);
}

TEST_CASE("A potential that the device does not know is evaluated by the processor", "[tensor_potential]") {
  const Bowl bowl(2, 0.7);
  check_against_processor({&bowl, &bowl}, false);
}

TEST_CASE("Each problem of a batch may have a potential of its own", "[tensor_potential]") {
  const SineWell sine(2);
  const MixturePotential mixture(two_modes(2));
  const Bowl bowl(2, 0.7);
  check_against_processor({&sine, &mixture}, true);
  check_against_processor({&mixture, &sine}, true);
  check_against_processor({&bowl, &sine}, false);
}
