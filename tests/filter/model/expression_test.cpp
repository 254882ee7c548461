#include "jko/expression.hpp"

#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <functional>

#include "filter/model/formula.hpp"
#include "filter/random.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

/// The value of a formula without variables.
double constant(const std::string& formula) {
  Vector value(1);
  Expression(formula, 1, {}).evaluate(Points::Zero(1, 1), Vector(), value);
  return value[0];
}

std::string formula_refusal(const std::string& formula, Index dimension = 1, std::vector<std::string> scalars = {"t"}) {
  try {
    Expression(formula, dimension, scalars);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

std::string repeat(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

}  // namespace

TEST_CASE("every function of formulas has the value and the derivative of its textbook definition") {
  struct Known {
    std::string formula;
    std::function<double(double)> value;
  };
  const double pi = 3.14159265358979323846;
  const std::vector<Known> all = {
      {"sin(x0)", [](double x) { return std::sin(x); }},
      {"cos(x0)", [](double x) { return std::cos(x); }},
      {"tan(x0)", [](double x) { return std::tan(x); }},
      {"asin(x0)", [](double x) { return std::asin(x); }},
      {"acos(x0)", [](double x) { return std::acos(x); }},
      {"atan(x0)", [](double x) { return std::atan(x); }},
      {"sinh(x0)", [](double x) { return std::sinh(x); }},
      {"cosh(x0)", [](double x) { return std::cosh(x); }},
      {"tanh(x0)", [](double x) { return std::tanh(x); }},
      {"asinh(x0)", [](double x) { return std::asinh(x); }},
      {"acosh(1 + x0)", [](double x) { return std::acosh(1 + x); }},
      {"atanh(x0)", [](double x) { return std::atanh(x); }},
      {"exp(x0)", [](double x) { return std::exp(x); }},
      {"exp2(x0)", [](double x) { return std::exp2(x); }},
      {"expm1(x0)", [](double x) { return std::expm1(x); }},
      {"log(x0)", [](double x) { return std::log(x); }},
      {"log1p(x0)", [](double x) { return std::log1p(x); }},
      {"log2(x0)", [](double x) { return std::log2(x); }},
      {"log10(x0)", [](double x) { return std::log10(x); }},
      {"sqrt(x0)", [](double x) { return std::sqrt(x); }},
      {"square(x0)", [](double x) { return x * x; }},
      {"abs(x0 - 0.31)", [](double x) { return std::abs(x - 0.31); }},
      {"sign(x0 - 0.31)", [](double x) { return x > 0.31 ? 1.0 : -1.0; }},
      {"floor(3*x0)", [](double x) { return std::floor(3 * x); }},
      {"ceil(3*x0)", [](double x) { return std::ceil(3 * x); }},
      {"sigmoid(x0)", [](double x) { return 1 / (1 + std::exp(-x)); }},
      {"softplus(x0)", [](double x) { return std::log1p(std::exp(x)); }},
      {"softplus(25*x0)", [](double x) { return std::log1p(std::exp(25 * x)); }},
      {"erf(x0)", [](double x) { return std::erf(x); }},
      {"erfc(x0)", [](double x) { return std::erfc(x); }},
      {"lgamma(x0)", [](double x) { return boost::math::lgamma(x); }},
      {"digamma(x0)", [](double x) { return boost::math::digamma(x); }},
      {"minimum(x0, 0.31)", [](double x) { return std::min(x, 0.31); }},
      {"min(0.31, x0)", [](double x) { return std::min(x, 0.31); }},
      {"maximum(x0, 0.31)", [](double x) { return std::max(x, 0.31); }},
      {"max(x0, t)", [](double x) { return std::max(x, 0.31); }},
      {"atan2(x0, 2)", [](double x) { return std::atan2(x, 2); }},
      {"hypot(x0, 2)", [](double x) { return std::hypot(x, 2); }},
      {"logaddexp(x0, 1)", [](double x) { return std::log(std::exp(x) + std::exp(1.0)); }},
      {"where(x0 > t, x0**3, 2)", [](double x) { return x > 0.31 ? x * x * x : 2; }},
      {"clamp(x0, 0.25, 0.75)", [](double x) { return std::min(std::max(x, 0.25), 0.75); }},
      {"pow(x0, 3)", [](double x) { return x * x * x; }},
      {"pow(2, x0)", [](double x) { return std::pow(2, x); }},
      {"x0**x0", [](double x) { return std::pow(x, x); }},
      {"-x0**2", [](double x) { return -x * x; }},
      {"x0**-2", [](double x) { return 1 / (x * x); }},
      {"2 - 3 - x0/2/4*8", [](double x) { return -1 - x; }},
      {"(x0 <= t) + 2*(x0 >= t) + 4*(x0 != t) + 8*(x0 == t) + 16*(x0 < t)",
       [](double x) { return x < 0.31 ? 21.0 : 6.0; }},
      {"sin(2*pi*x0)/pi + x0**2/4", [=](double x) { return std::sin(2 * pi * x) / pi + x * x / 4; }},
      {"(x0 > 0.31) - (x0 < 0.31)", [](double x) { return x > 0.31 ? 1.0 : -1.0; }},
      {"(x0 > 0) + (x0 > 0.31) + (1 > 0)", [](double x) { return x > 0.31 ? 3.0 : 2.0; }},
      {"where((x0 > 0.31) * (x0 < 0.62), x0, -1)", [](double x) { return x > 0.31 && x < 0.62 ? x : -1; }},
      {"exp(-(x0 > 0.31))", [](double x) { return x > 0.31 ? std::exp(-1) : 1.0; }},
      {"2", [](double) { return 2.0; }},
      {"2*t", [](double) { return 0.62; }},
      {"t > 0", [](double) { return 1.0; }},
      {"x0", [](double x) { return x; }},
  };
  const Index n = 23;
  const Points x = Vector::LinSpaced(n, 0.02, 0.98);
  const double h = 1e-5;
  std::string tried;
  for (const Known& known : all) {
    CAPTURE(known.formula);
    tried += known.formula;
    const Expression expression(known.formula, 1, {"t"});
    Vector value(n), value_alone(n);
    Points gradient(n, 1);
    const Vector t = Vector::Constant(1, 0.31);
    expression.evaluate(x, t, value, gradient);
    expression.evaluate(x, t, value_alone);
    CHECK(value == value_alone);
    for (Index i = 0; i < n; ++i) {
      const double slope = (known.value(x(i, 0) + h) - known.value(x(i, 0) - h)) / (2 * h);
      CAPTURE(x(i, 0), value[i], gradient(i, 0), slope);
      CHECK(value[i] == Approx(known.value(x(i, 0))).epsilon(1e-13).margin(1e-14));
      CHECK(gradient(i, 0) == Approx(slope).epsilon(1e-6).margin(1e-7));
    }
  }
  for (const std::string& name : formula_functions()) {
    CAPTURE(name);
    CHECK(tried.find(name + "(") != std::string::npos);
  }
}

TEST_CASE("literals are real numbers, not machine integers") {
  CHECK(constant("1/2") == 0.5);
  CHECK(constant("7/2*2") == 7.0);
  CHECK(constant("2**0.5") == std::sqrt(2.0));
  CHECK(constant("sqrt(2)") == std::sqrt(2.0));
  CHECK(constant("log(2*pi)") == Approx(std::log(2 * M_PI)).epsilon(1e-15));
  CHECK(constant("1e-3 + .5 + 2. + 1.5E+2") == Approx(152.501).epsilon(1e-15));
  CHECK(constant("99999999999999999999") == 1e20);
  CHECK(constant("4000000000*4000000000") == 1.6e19);
  CHECK(constant("2**3**2") == 512.0);
  CHECK(constant("-3**2") == -9.0);
  CHECK(constant("2**-1") == 0.5);
  CHECK(constant("--3 - -3") == 6.0);
  CHECK(constant("2**100") == std::pow(2.0, 100));
  CHECK(constant("lgamma(5)") == Approx(std::log(24.0)));
  CHECK(constant("maximum(2, 3)") == 3.0);
  CHECK(constant("(2 > 1) + (3 > 1)") == 2.0);
  CHECK(constant("where(2 > 1, 3, 4)") == 3.0);
}

TEST_CASE("a formula of several variables has its partial derivatives, zero for those that it does not use") {
  const Expression expression("x0*x2**2*t + y1", 4, {"t", "y0", "y1"});
  CHECK(expression.uses("x0"));
  CHECK(!expression.uses("x1"));
  CHECK(expression.uses("y1"));
  CHECK(!expression.uses("y0"));
  Points x(100, 4);
  fill_standard_normal(1, 1, x);
  Points store = Points::Constant(200, 6, 7.0);  // the gradient goes to a block of a larger matrix
  Vector value(100);
  const Vector scalars = (Vector(3) << 3.0, 1e9, 5.0).finished();
  expression.evaluate(x, scalars, value, store.block(50, 1, 100, 4));
  const Points gradient = store.block(50, 1, 100, 4);
  const auto x0 = x.col(0).array(), x2 = x.col(2).array();
  CHECK((value.array() - (3 * x0 * x2.square() + 5)).abs().maxCoeff() < 1e-13);
  CHECK((gradient.col(0).array() - 3 * x2.square()).abs().maxCoeff() < 1e-13);
  CHECK((gradient.col(2).array() - 6 * x0 * x2).abs().maxCoeff() < 1e-13);
  CHECK(gradient.col(1).isZero(0.0));
  CHECK(gradient.col(3).isZero(0.0));
  CHECK(store.row(49).isConstant(7.0));
  CHECK(store.col(5).isConstant(7.0));
}

TEST_CASE("a formula gives the same numbers at the first call and later, for one point and for many") {
  const std::string formula = "sin(2*pi*x0)/pi + x0**2/4 + exp(-x0**2)*x1";
  const Expression expression(formula, 2, {});
  const Index n = 20001;
  Points x(n, 2), gradient(n, 2), again(n, 2);
  fill_standard_normal(1, 1, x);
  Vector value(n), value_again(n);
  expression.evaluate(x, Vector(), value, gradient);
  for (int call = 0; call < 5; ++call) {
    expression.evaluate(x, Vector(), value_again, again);
    CHECK(value == value_again);
    CHECK(gradient == again);
  }
  for (const Index i : {Index{0}, Index{8191}, Index{8192}, n - 1}) {
    Points one(1, 2);
    Vector value_of_one(1);
    Expression(formula, 2, {}).evaluate(x.row(i), Vector(), value_of_one, one);
    CHECK(value_of_one[0] == Approx(value[i]).epsilon(1e-14));
    CHECK(one(0, 0) == Approx(gradient(i, 0)).epsilon(1e-14));
  }
  Vector nothing(0);
  expression.evaluate(Points(0, 2), Vector(), nothing);
}

TEST_CASE("a formula is not finite where it is undefined, and says so in value and gradient") {
  const Expression expression("log(x0)", 1, {});
  Vector value(2);
  Points gradient(2, 1);
  expression.evaluate((Points(2, 1) << -1.0, 0.0).finished(), Vector(), value, gradient);
  CHECK(std::isnan(value[0]));
  CHECK(value[1] == -INFINITY);
}

TEST_CASE("what is not a formula is refused with the column and what may have been meant") {
  CHECK(formula_refusal("2*sine(x0)") == "unknown name 'sine' at column 3; did you mean 'sin'?");
  CHECK(formula_refusal("x0 + x1") == "unknown name 'x1' at column 6; did you mean 'x0'?");
  CHECK(formula_refusal("x0 + velocity") == "unknown name 'velocity' at column 6; the variables are x0 t");
  CHECK(formula_refusal("x0^2") == "unexpected character '^' at column 3; a power is written **");
  CHECK(formula_refusal("x0.__class__") == "unexpected character '.' at column 3");
  CHECK(formula_refusal("x0[0]") == "unexpected character '[' at column 3");
  CHECK(formula_refusal("'a'") == "unexpected character ''' at column 1");
  CHECK(formula_refusal("x0 × 2") == "unexpected character '×' at column 4");
  CHECK(formula_refusal("x0 * π × 2") == "unexpected character 'π' at column 6");
  CHECK(formula_refusal(std::string("x0\0", 3)) == "unexpected character code 0 at column 3");
  CHECK(formula_refusal("x0 % 2") == "unexpected character '%' at column 4");
  CHECK(formula_refusal("x0 // 2") == "unexpected '//' at column 4; a division is written /");
  CHECK(formula_refusal("x0 = 2") == "unexpected character '=' at column 4");
  CHECK(formula_refusal("torch.exp(x0)") == "unknown name 'torch' at column 1; the variables are x0 t");
  CHECK(formula_refusal("number(2)") == "unknown name 'number' at column 1; the variables are x0 t");
  CHECK(formula_refusal("sin + 1") == "function 'sin' without its argument in parentheses at column 1");
  CHECK(formula_refusal("") == "the formula is empty");
  CHECK(formula_refusal(" \t ") == "the formula is empty");
  CHECK(formula_refusal("(x0") == "parenthesis that is never closed at column 1");
  CHECK(formula_refusal("x0)") == "parenthesis that closes nothing at column 3");
  CHECK(formula_refusal("x0, 1") == "comma outside of a function at column 3");
  CHECK(formula_refusal("1e") == "number whose exponent is missing at column 1");
  CHECK(formula_refusal("1e999") == "number '1e999', which is too large, at column 1");
  CHECK(formula_refusal("0 < x0 < 1") == "second comparison at column 8; write (a < b) * (b < c) for a < b < c");
}

TEST_CASE("what the compiler refuses is refused with the compiler's message and the column") {
  CHECK(formula_refusal("1 + sin(x0, x0)") ==
        "sin(Tensor x) -> Tensor: Expected at most 1 arguments but found 2 positional arguments. (at column 5)");
  CHECK(formula_refusal("x0 * sin()") == "sin(Tensor x) -> Tensor: Argument x not provided. (at column 6)");
  CHECK(formula_refusal("1 + x0(2)") == "cannot call a value of type 'Tensor' (at column 5)");
  CHECK(formula_refusal("2 x0") == "expected newline but found 'ident' here (at column 3)");
  CHECK(formula_refusal("x0 t") == "expected newline but found 'ident' here (at column 4)");
  CHECK(formula_refusal("x0 * * 2").find("expected") != std::string::npos);
  CHECK(formula_refusal("x0 +").find("expected") != std::string::npos);
  CHECK(formula_refusal("(x0, 1)").find("type Tuple[Tensor, Tensor]") != std::string::npos);
  CHECK(formula_refusal("()").find("type Tuple[()]") != std::string::npos);
  for (const char* formula : {"x0 +", "sin()", "()", "x0(2)"}) {
    CHECK(formula_refusal(formula).find('\n') == std::string::npos);
  }
}

TEST_CASE("a formula's length and depth are bounded, and what is within bounds compiles") {
  CHECK(formula_refusal("x0" + repeat("+1", 2047)) == "");
  CHECK(formula_refusal("x0" + repeat("+1", 2048)) == "the formula has 4098 characters, more than 4096");
  CHECK(formula_refusal(repeat("(", 64) + "x0" + repeat(")", 64)) == "");
  CHECK(formula_refusal(repeat("(", 65) + "x0" + repeat(")", 65)) == "more than 64 nested parentheses at column 65");
  CHECK(formula_refusal(repeat("sin(", 64) + "x0" + repeat(")", 64)) == "");
  CHECK(formula_refusal(repeat("-", 64) + "x0") == "");
  CHECK(formula_refusal(repeat("-", 65) + "x0") == "more than 64 signs at column 65");
  CHECK(formula_refusal("x0" + repeat("**1", 64)) == "");
  CHECK(formula_refusal("x0" + repeat("**1", 65)) == "more than 64 powers of powers at column 195");
}
