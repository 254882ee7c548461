#include <cmath>
#include <memory>

#include "filter/model/logistic_posterior.hpp"
#include "filter/random.hpp"
#include "jko/double_well.hpp"
#include "jko/expression_potential.hpp"
#include "jko/mixture_potential.hpp"
#include "jko/quadratic.hpp"
#include "jko/sine_well.hpp"
#include "tests/filter/refusal.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

Matrix symmetric(Index dimension) {
  Matrix root(dimension, dimension);
  fill_standard_normal(3, 1, root);
  return root * root.transpose() + Matrix::Identity(dimension, dimension);
}

/// One of each kind, and the same function written as an expression where that is easy.
std::vector<std::shared_ptr<const Potential>> potentials(Index dimension) {
  const Vector ramp = Vector::LinSpaced(dimension, 0.5, 1.5);
  std::string sine_well, coupled = "sin(t)";
  for (Index d = 0; d < dimension; ++d) {
    const std::string x = "x" + std::to_string(d);
    sine_well.append(d ? " + " : "").append("sin(2*pi*").append(x).append(")/pi + ").append(x).append("**2/4");
    coupled.append(" + cos(t*").append(x).append(")*x0**2 + exp(-").append(x).append("**2)");
  }
  std::vector<std::shared_ptr<const Potential>> all = {
      std::make_shared<Quadratic>(symmetric(dimension), ramp),
      std::make_shared<SineWell>(dimension),
      std::make_shared<DoubleWell>(ramp, 2 * ramp),
      std::make_shared<MixturePotential>(
          GaussianMixture({{1.0, ramp, symmetric(dimension)}, {3.0, -ramp, Matrix::Identity(dimension, dimension)}})),
      std::make_shared<ExpressionPotential>(sine_well, dimension),
      std::make_shared<ExpressionPotential>(coupled, dimension),
      std::make_shared<ExpressionPotential>("2.5", dimension),
  };
  if (dimension > 1) {
    const Matrix features = symmetric(dimension).leftCols(dimension - 1);
    all.push_back(std::make_shared<LogisticPosterior>(features, Vector::Ones(dimension)));
  }
  return all;
}

/// What holds of every potential.
void check_potential(const Potential& potential) {
  const Index n = 40, dimension = potential.dimension();
  const double t = 0.7, h = 1e-5;
  Points x(n, dimension);
  fill_standard_normal(2, 1, x);
  Vector value(n);
  Points gradient(n, dimension), gradient_alone(n, dimension), ignored(n, dimension);
  potential.evaluate(x, t, value, gradient);
  potential.gradient(x, t, gradient_alone);
  CHECK((gradient - gradient_alone).cwiseAbs().maxCoeff() < 1e-13);
  if (potential.single_precision()) {
    SinglePoints single(n, dimension);
    potential.gradient_single(x.cast<float>(), t, single);
    CHECK((gradient - single.cast<double>()).cwiseAbs().maxCoeff() < 2e-6 * (1.0 + gradient.cwiseAbs().maxCoeff()));
  }

  for (Index d = 0; d < dimension; ++d) {
    Points left = x, right = x;
    left.col(d).array() -= h;
    right.col(d).array() += h;
    Vector below(n), above(n);
    potential.evaluate(left, t, below, ignored);
    potential.evaluate(right, t, above, ignored);
    const Vector slope = (above - below) / (2 * h);
    CHECK((gradient.col(d) - slope).cwiseAbs().maxCoeff() < 1e-7 * (1 + slope.cwiseAbs().maxCoeff()));
  }

  // A block of rows of a larger matrix is as good as a matrix, and each point is on its own.
  Points store = Points::Constant(n + 10, dimension, 9.0);
  Vector part(7);
  potential.evaluate(x.middleRows(11, 7), t, part, store.middleRows(5, 7));
  CHECK((part - value.segment(11, 7)).cwiseAbs().maxCoeff() < 1e-13);
  CHECK((store.middleRows(5, 7) - gradient.middleRows(11, 7)).cwiseAbs().maxCoeff() < 1e-13);
  CHECK(store.topRows(5).isConstant(9.0));
  CHECK(store.bottomRows(n - 2).isConstant(9.0));

  Vector later(n);
  potential.evaluate(x, t + 1, later, ignored);
  CHECK((later != value) == potential.time_dependent());

  const Points far =
      (Points(2, dimension) << Points::Constant(1, dimension, 1e6), Points::Constant(1, dimension, -1e6)).finished();
  Vector far_value(2);
  Points far_gradient(2, dimension);
  potential.evaluate(far, t, far_value, far_gradient);
  CHECK(far_value.allFinite());
  CHECK(far_gradient.allFinite());
}

double value_at(const Potential& potential, std::initializer_list<double> x) {
  Points point(1, static_cast<Index>(x.size())), gradient(1, static_cast<Index>(x.size()));
  std::copy(x.begin(), x.end(), point.data());
  Vector value(1);
  potential.evaluate(point, 0.0, value, gradient);
  return value[0];
}

}  // namespace

TEST_CASE("the gradient of every potential is the derivative of its value") {
  for (const Index dimension : {1, 2, 5}) {
    for (const auto& potential : potentials(dimension)) {
      CAPTURE(potential->formula());
      REQUIRE(potential->dimension() == dimension);
      check_potential(*potential);
    }
  }
}

TEST_CASE("potentials have the values of their formulas") {
  const Matrix A = (Matrix(2, 2) << 2.0, 0.5, 0.5, 1.0).finished();
  const Vector b = (Vector(2) << 1.0, -1.0).finished();
  CHECK(value_at(Quadratic(A, b), {3.0, 2.0}) == Approx(0.5 * (18 + 6 + 4) - 3 + 2));
  CHECK(value_at(SineWell(2), {0.3, -1.2}) ==
        Approx((std::sin(0.6 * M_PI) + std::sin(-2.4 * M_PI)) / M_PI + (0.09 + 1.44) / 4));
  const DoubleWell wells((Vector(2) << 3.0, 5.0).finished(), (Vector(2) << 2.0, 0.5).finished());
  CHECK(value_at(wells, {2.0, -0.5}) == 0.0);
  CHECK(value_at(wells, {0.0, 0.5}) == 3.0);
  CHECK(value_at(wells, {2.0, 0.0}) == 5.0);
  CHECK(value_at(MixturePotential(GaussianMixture::standard(2)), {1.0, 2.0}) == Approx(2.5 + std::log(2 * M_PI)));
  CHECK(value_at(ExpressionPotential("x0*x1 + t", 2), {3.0, 4.0}) == 12.0);
}

TEST_CASE("potentials show their formulas") {
  const Vector one = Vector::Ones(1);
  CHECK(Quadratic(0.04 * one, -0.0096 * one).formula() == "0.02*x0^2 + 0.0096*x0");
  CHECK(Quadratic(one, 0 * one).formula() == "0.5*x0^2");
  CHECK(Quadratic(Matrix::Identity(2, 2), Vector::Zero(2)).formula() ==
        "x'A x/2 - b'x, A = [[1, 0], [0, 1]], b = [0, 0]");
  CHECK(SineWell(1).formula() == "sin(2 pi x0)/pi + x0^2/4");
  CHECK(SineWell(3).formula() == "sum of sin(2 pi x)/pi + x^2/4 over x0 ... x2");
  CHECK(DoubleWell(Vector::Constant(2, 1.5), (Vector(2) << 1.0, 2.0).finished()).formula() ==
        "1.5*(x0^2 - 1)^2 + 1.5*((x1/2)^2 - 1)^2");
  CHECK(MixturePotential(GaussianMixture::standard(1)).formula() == "-log(1 N([0], [[1]]))");
  CHECK(ExpressionPotential("x0**2", 1).formula() == "x0**2");
  CHECK(LogisticPosterior(Points::Ones(9, 3), Vector::Ones(9)).formula() ==
        "sum of log(1 + exp(-y w.x)) over 9 rows + exp(s)*(w.w/2 + 0.01) - 2.5*s, w = x0 ... x2, s = x3");
}

TEST_CASE("a potential that is none is refused") {
  const Matrix unit = Matrix::Identity(2, 2);
  CHECK(refusal([&] { Quadratic((Matrix(2, 2) << 1, 2, 3, 4).finished(), Vector::Zero(2)); }) ==
        "quadratic potential: A is not symmetric");
  CHECK(refusal([&] { Quadratic(unit, Vector::Zero(3)); }) ==
        "quadratic potential: A is not a square matrix of b's size");
  CHECK(refusal([&] { Quadratic(unit, Vector::Constant(2, NAN)); }) == "quadratic potential: A or b is not finite");
  CHECK(refusal([&] { SineWell(0); }) == "sine well: the dimension is not positive");
  CHECK(refusal([&] { DoubleWell(Vector::Ones(2), Vector::Ones(1)); }) ==
        "double well: height and width differ in size");
  CHECK(refusal([&] { DoubleWell(Vector::Ones(2), Vector::Zero(2)); }) == "double well: a width is not positive");
  CHECK(refusal([&] { ExpressionPotential("x1", 1); }) == "unknown name 'x1' at column 1; did you mean 'x0'?");
}
