#include <boost/math/distributions/bernoulli.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/poisson.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <memory>

#include "filter/random.hpp"
#include "jko/bernoulli.hpp"
#include "jko/expression_likelihood.hpp"
#include "jko/gaussian_mixture.hpp"
#include "jko/linear_gaussian.hpp"
#include "jko/nonlinear.hpp"
#include "jko/poisson.hpp"
#include "jko/stochastic_volatility.hpp"
#include "tests/filter/refusal.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

const double kImpossible = -std::numeric_limits<double>::infinity();

Vector vector(std::initializer_list<double> entries) {
  Vector v(static_cast<Index>(entries.size()));
  std::copy(entries.begin(), entries.end(), v.data());
  return v;
}

double log_likelihood(const ObservationModel& model, const Vector& x, const Vector& y, double t = 0.0) {
  Vector result(1);
  model.log_likelihood(x.transpose(), y, t, result);
  return result[0];
}

Vector log_likelihoods(const ObservationModel& model, const Points& x, const Vector& y, double t = 0.0) {
  Vector result(x.rows());
  model.log_likelihood(x, y, t, result);
  return result;
}

/// A model of each kind with a two-dimensional state and observation, and the values that an entry may take.
struct Subject {
  std::shared_ptr<const ObservationModel> model;
  enum class Entries { reals, counts, bits } entries;
  bool independent = true;
};

std::vector<Subject> subjects() {
  const Matrix H = (Matrix(2, 2) << 1.0, 0.5, 0.0, 2.0).finished();
  const Matrix R = (Matrix(2, 2) << 0.5, 0.2, 0.2, 0.3).finished();
  const std::vector<std::string> h = {"x0*x1 + t", "sin(x0)"};
  const Vector scale = vector({0.5, 0.3});
  using Entries = Subject::Entries;
  return {
      {std::make_shared<LinearGaussian>(H, R), Entries::reals, false},
      {std::make_shared<LinearGaussian>(H, Matrix(scale.asDiagonal())), Entries::reals},
      {std::make_shared<NonlinearObservation>(h, 2, Noise::gaussian(scale)), Entries::reals},
      {std::make_shared<NonlinearObservation>(h, 2, Noise::student_t(scale, 5.0)), Entries::reals},
      {std::make_shared<PoissonObservation>(std::vector<std::string>{"exp(x0)", "x1**2"}, 2), Entries::counts},
      {std::make_shared<BernoulliObservation>(h, 2), Entries::bits},
      {std::make_shared<StochasticVolatility>(2), Entries::reals},
      {std::make_shared<ExpressionLikelihood>(
           "-(y0-x0)**2/2 - (y1-x1)**2/2 - (y0-x0)*(y1-x1)/2 + log(0.75)/2 - log(2*pi)", 2, 2),
       Entries::reals, false},
  };
}

/// All values of an entry that carry probability under moderate states, and the weight of each in an integral.
Vector values_of(Subject::Entries entries) {
  if (entries == Subject::Entries::bits) return vector({0.0, 1.0});
  if (entries == Subject::Entries::counts) return Vector::LinSpaced(61, 0.0, 60.0);
  return Vector::LinSpaced(801, -40.0, 40.0);
}
double weight_of(Subject::Entries entries) { return entries == Subject::Entries::reals ? 0.1 : 1.0; }

/// What holds of every observation model.
void check_observation_model(const Subject& subject) {
  const ObservationModel& model = *subject.model;
  REQUIRE(model.state_dimension() == 2);
  REQUIRE(model.observation_dimension() == 2);
  Points x(9, 2);
  fill_standard_normal(4, 1, x);
  const Vector y = vector({1.0, 0.0});
  const double t = 0.4;
  const Vector both = log_likelihoods(model, x, y, t);
  CHECK(both.allFinite());

  // Missing entries.
  CHECK(log_likelihoods(model, x, vector({kNaN, kNaN}), t).isZero(0.0));
  const Vector first = log_likelihoods(model, x, vector({1.0, kNaN}), t);
  const Vector second = log_likelihoods(model, x, vector({kNaN, 0.0}), t);
  if (subject.independent) CHECK((first + second - both).cwiseAbs().maxCoeff() < 1e-12);

  // Densities integrate to one, and joint ones to their marginals.
  const Vector values = values_of(subject.entries);
  const double weight = weight_of(subject.entries);
  Vector marginal = Vector::Zero(9), total = Vector::Zero(9);
  for (const double value : values) {
    marginal += weight * log_likelihoods(model, x, vector({1.0, value}), t).array().exp().matrix();
    total += weight * log_likelihoods(model, x, vector({value, kNaN}), t).array().exp().matrix();
  }
  if (model.can_sample()) {
    CHECK((marginal.array() / first.array().exp() - 1).abs().maxCoeff() < 1e-5);
    CHECK((total.array() - 1).abs().maxCoeff() < 1e-5);
  } else {
    // The expression is that of a Gaussian with covariance [[4, -2], [-2, 4]]/3.
    const Vector expected = -0.5 * (1 - x.col(0).array()).square() * 0.75 - 0.5 * std::log(2 * M_PI * 4 / 3);
    CHECK((marginal.array().log().matrix() - expected).cwiseAbs().maxCoeff() < 1e-5);
    CHECK(first.isZero(0.0));
  }

  // Never NaN.
  const Points far =
      (Points(8, 2) << 1e6, 1e6, -1e6, 1e6, 1e6, -1e6, -1e6, -1e6, 1e200, -1e200, 0, 0, kNaN, 0, INFINITY, -INFINITY)
          .finished();
  for (const Vector& seen : {vector({1, 0}), vector({0, 1}), vector({3, 7}), vector({-1, 0.5}), vector({1e300, -1e300}),
                             vector({0, 0}), vector({INFINITY, 0}), vector({kNaN, 1})}) {
    const Vector values_far = log_likelihoods(model, far, seen, t);
    CHECK(!values_far.hasNaN());
    CHECK((values_far.array() < INFINITY).all());
  }

  // A block of rows of a larger matrix, and one draw at a time.
  Vector store = Vector::Constant(20, 9.0);
  model.log_likelihood(x.middleRows(2, 5), y, t, store.segment(3, 5));
  CHECK((store.segment(3, 5) - both.segment(2, 5)).cwiseAbs().maxCoeff() < 1e-12);
  CHECK(store.head(3).isConstant(9.0));
  CHECK(store.tail(12).isConstant(9.0));
}

/// Mean and covariance of many draws.
std::pair<Vector, Matrix> moments(const ObservationModel& model, const Vector& x, int count = 40000) {
  RandomEngine engine(11);
  Matrix draws(count, model.observation_dimension());
  for (int i = 0; i < count; ++i) draws.row(i) = model.sample(x, 0.4, engine).transpose();
  const Vector mean = draws.colwise().mean();
  draws.rowwise() -= mean.transpose();
  return {mean, draws.transpose() * draws / count};
}

}  // namespace

TEST_CASE("every observation model skips what is missing, integrates to one and is never NaN") {
  for (const Subject& subject : subjects()) {
    CAPTURE(subject.model->formula());
    check_observation_model(subject);
  }
}

TEST_CASE("log-likelihoods are those of the textbook laws") {
  using namespace boost::math;
  const Vector x = vector({0.8, -1.3}), y = vector({2.0, 1.0});
  const std::vector<std::string> h = {"x0*x1 + t", "sin(x0)"};
  const double h0 = 0.8 * -1.3 + 0.4, h1 = std::sin(0.8);
  const Vector scale = vector({0.5, 0.3});

  CHECK(log_likelihood(NonlinearObservation(h, 2, Noise::gaussian(scale)), x, y, 0.4) ==
        Approx(std::log(pdf(normal(h0, 0.5), 2.0) * pdf(normal(h1, 0.3), 1.0))));
  CHECK(log_likelihood(NonlinearObservation(h, 2, Noise::student_t(scale, 3.5)), x, y, 0.4) ==
        Approx(std::log(pdf(students_t(3.5), (2.0 - h0) / 0.5) / 0.5 * pdf(students_t(3.5), (1.0 - h1) / 0.3) / 0.3)));
  CHECK(log_likelihood(PoissonObservation({"exp(x0)", "x1**2"}, 2), x, y) ==
        Approx(std::log(pdf(poisson(std::exp(0.8)), 2.0) * pdf(poisson(1.69), 1.0))));
  CHECK(log_likelihood(BernoulliObservation({"x0"}, 2), x, vector({1.0})) ==
        Approx(std::log(pdf(bernoulli(1 / (1 + std::exp(-0.8))), 1))));
  CHECK(log_likelihood(BernoulliObservation({"x0"}, 2), x, vector({0.0})) ==
        Approx(std::log(pdf(bernoulli(1 / (1 + std::exp(-0.8))), 0))));
  CHECK(log_likelihood(StochasticVolatility(2), x, y) ==
        Approx(std::log(pdf(normal(0, std::exp(0.4)), 2.0) * pdf(normal(0, std::exp(-0.65)), 1.0))));
  CHECK(log_likelihood(ExpressionLikelihood("-2.5*log1p((y0 - x0)**2 / 0.64) + t*y1", 2, 2), x, y, 0.4) ==
        Approx(-2.5 * std::log1p(1.44 / 0.64) + 0.4));
}

TEST_CASE("a linear Gaussian observation that is partly missing has the law of its marginal") {
  const Matrix H = (Matrix(3, 2) << 1.0, 0.5, 0.0, 2.0, -1.0, 1.0).finished();
  const Matrix R = (Matrix(3, 3) << 1.0, 0.2, 0.3, 0.2, 0.8, -0.1, 0.3, -0.1, 0.5).finished();
  const LinearGaussian model(H, R);
  const Vector x = vector({0.3, -0.7}), y = vector({0.5, 1.5, -2.0});
  CHECK(log_likelihood(model, x, y) == Approx(GaussianMixture::gaussian(H * x, R).log_density(y.transpose())[0]));

  const std::vector<Index> seen = {0, 2};
  const auto marginal = GaussianMixture::gaussian((H * x)(seen), R(seen, seen));
  CHECK(log_likelihood(model, x, vector({0.5, kNaN, -2.0})) ==
        Approx(marginal.log_density(vector({0.5, -2.0}).transpose())[0]));
  boost::math::normal second(2 * -0.7, std::sqrt(0.8));
  CHECK(log_likelihood(model, x, vector({kNaN, 1.5, kNaN})) == Approx(std::log(pdf(second, 1.5))));
}

TEST_CASE("data that a law cannot produce are impossible, and so is a state that leaves the law undefined") {
  const PoissonObservation counts({"x0"}, 1);
  for (const double no_count : {-1.0, 0.5, double(INFINITY)}) {
    CHECK(log_likelihood(counts, vector({2.0}), vector({no_count})) == kImpossible);
  }
  CHECK(log_likelihood(counts, vector({-2.0}), vector({3.0})) == kImpossible);
  CHECK(log_likelihood(counts, vector({-2.0}), vector({0.0})) == kImpossible);
  CHECK(log_likelihood(counts, vector({0.0}), vector({0.0})) == 0.0);
  CHECK(log_likelihood(counts, vector({0.0}), vector({1.0})) == kImpossible);
  CHECK(log_likelihood(BernoulliObservation({"x0"}, 1), vector({2.0}), vector({2.0})) == kImpossible);
  CHECK(log_likelihood(BernoulliObservation({"x0"}, 1), vector({1e6}), vector({1.0})) == 0.0);
  CHECK(log_likelihood(BernoulliObservation({"x0"}, 1), vector({1e6}), vector({0.0})) == -1e6);
  CHECK(log_likelihood(ExpressionLikelihood("1/x0**2", 1, 1), vector({0.0}), vector({1.0})) == kImpossible);

  // Wherever the undefined state stands among others that are fine.
  for (const auto& law : {Noise::gaussian(vector({1.0})), Noise::student_t(vector({1.0}), 3.0)}) {
    const NonlinearObservation root({"sqrt(x0)"}, 1, law);
    for (Index i = 0; i < 13; ++i) {
      Points x = Points::Constant(13, 1, 4.0);
      x(i, 0) = -4.0;
      const Vector values = log_likelihoods(root, x, vector({2.0}));
      CHECK(values[i] == kImpossible);
      CHECK((values.array() > -10).count() == 12);
    }
  }
}

TEST_CASE("draws of an observation have its mean and covariance") {
  const Vector x = vector({0.8, -1.3});
  const std::vector<std::string> h = {"x0*x1 + t", "sin(x0)"};
  const Vector mean_h = vector({0.8 * -1.3 + 0.4, std::sin(0.8)});
  const Matrix H = (Matrix(2, 2) << 1.0, 0.5, 0.0, 2.0).finished();
  const Matrix R = (Matrix(2, 2) << 0.5, 0.2, 0.2, 0.3).finished();
  const Vector scale = vector({0.5, 0.3});
  const Vector variance = scale.array().square();
  const auto check = [&](const ObservationModel& model, const Vector& mean, const Matrix& covariance) {
    CAPTURE(model.formula());
    REQUIRE(model.can_sample());
    REQUIRE(model.has_moments());
    const ConditionalMoments known = model.moments(x.transpose().replicate(3, 1), 0.4);
    REQUIRE(known.covariance.size() == 3);
    CHECK((known.mean.row(2).transpose() - mean).cwiseAbs().maxCoeff() < 1e-12);
    CHECK((known.covariance[2] - covariance).cwiseAbs().maxCoeff() < 1e-12);
    const auto [sample_mean, sample_covariance] = moments(model, x);
    CHECK((sample_mean - mean).cwiseAbs().maxCoeff() < 0.02 * std::max(1.0, std::sqrt(covariance.maxCoeff())));
    CHECK((sample_covariance - covariance).cwiseAbs().maxCoeff() < 0.05 * std::max(1.0, covariance.maxCoeff()));
  };
  const auto diagonal = [](const Vector& v) { return Matrix(v.asDiagonal()); };
  check(LinearGaussian(H, R), H * x, R);
  check(NonlinearObservation(h, 2, Noise::gaussian(scale)), mean_h, diagonal(variance));
  check(NonlinearObservation(h, 2, Noise::student_t(scale, 10.0)), mean_h, diagonal(variance * 10.0 / 8.0));
  check(PoissonObservation({"exp(x0)", "100", "0*x0"}, 2), vector({std::exp(0.8), 100, 0}),
        diagonal(vector({std::exp(0.8), 100, 0})));
  const Vector p = 1.0 / (1.0 + (-mean_h.array()).exp());
  check(BernoulliObservation(h, 2), p, diagonal(p.array() * (1 - p.array())));
  check(StochasticVolatility(2), vector({0, 0}), diagonal(x.array().exp()));

  RandomEngine engine(1);
  CHECK_THROWS_AS(PoissonObservation({"x1"}, 2).sample(x, 0, engine), std::domain_error);
  CHECK_THROWS_AS(NonlinearObservation({"log(x1)"}, 2, Noise::gaussian(vector({1}))).sample(x, 0, engine),
                  std::domain_error);
  CHECK(!ExpressionLikelihood("0", 2, 1).has_moments());
  CHECK_THROWS_AS(ExpressionLikelihood("0", 2, 1).moments(x.transpose(), 0), std::logic_error);
  CHECK(!NonlinearObservation({"x0"}, 2, Noise::student_t(vector({1}), 2.0)).has_moments());
  CHECK(std::isnan(PoissonObservation({"x1"}, 2).moments(x.transpose(), 0).mean(0, 0)));
  CHECK(!ExpressionLikelihood("0", 2, 1).can_sample());
  CHECK_THROWS_AS(ExpressionLikelihood("0", 2, 1).sample(x, 0, engine), std::logic_error);
}

TEST_CASE("observation models show their formulas") {
  const Matrix H = (Matrix(2, 3) << 2, -1, 0, 0, 0, 0.5).finished();
  CHECK(LinearGaussian(Matrix::Ones(1, 1), Matrix::Constant(1, 1, 0.25)).formula() == "y0 ~ N(x0, 0.25)");
  CHECK(LinearGaussian(H, Matrix::Identity(2, 2)).formula() == "y0 ~ N(2*x0 - x1, 1), y1 ~ N(0.5*x2, 1)");
  CHECK(LinearGaussian(H, (Matrix(2, 2) << 1, 0.5, 0.5, 1).finished()).formula() ==
        "y ~ N(H x, R), H = [[2, -1, 0], [0, 0, 0.5]], R = [[1, 0.5], [0.5, 1]]");
  CHECK(NonlinearObservation({"x0**2"}, 1, Noise::gaussian(vector({0.1}))).formula() == "y0 ~ N(x0**2, 0.1^2)");
  CHECK(NonlinearObservation({"x0"}, 1, Noise::student_t(vector({0.1}), 4)).formula() == "y0 ~ x0 + 0.1*student_t(4)");
  CHECK(PoissonObservation({"exp(x0)", "2"}, 1).formula() == "y0 ~ Poisson(exp(x0)), y1 ~ Poisson(2)");
  CHECK(BernoulliObservation({"x0"}, 1).formula() == "y0 ~ Bernoulli(sigmoid(x0))");
  CHECK(StochasticVolatility(2).formula() == "y0 ~ N(0, exp(x0)), y1 ~ N(0, exp(x1))");
  CHECK(ExpressionLikelihood("-(y0-x0)**2", 1, 1).formula() == "log g = -(y0-x0)**2");
}

TEST_CASE("an observation model that is none is refused") {
  const Matrix one = Matrix::Identity(1, 1);
  CHECK(refusal([&] { LinearGaussian(one, -one); }) == "linear Gaussian observation: R is not positive definite");
  CHECK(refusal([&] { LinearGaussian(one, Matrix::Identity(2, 2)); }) ==
        "linear Gaussian observation: R is not a square matrix with one row for each row of H");
  CHECK(refusal([&] { LinearGaussian(kNaN * one, one); }) == "linear Gaussian observation: H or R is not finite");
  CHECK(refusal([&] {
          NonlinearObservation({"x0"}, 1, Noise::gaussian(vector({1, 2})));
        }) == "observation noise: 2 scales for 1 formulas");
  CHECK(refusal([&] { NonlinearObservation({"x0"}, 1, Noise::gaussian(vector({0}))); }) ==
        "observation noise: a scale is not positive");
  CHECK(refusal([&] { NonlinearObservation({"x0"}, 1, Noise::student_t(vector({1}), -1)); }) ==
        "observation noise: the degrees of freedom are not positive");
  CHECK(refusal([&] { PoissonObservation({"exp(x1)"}, 1); }) == "unknown name 'x1' at column 5; did you mean 'x0'?");
  CHECK(refusal([&] { PoissonObservation({}, 1); }) == "an observation needs at least one formula");
  CHECK(refusal([&] { StochasticVolatility(0); }) == "stochastic volatility: the dimension is not positive");
  CHECK(refusal([&] { ExpressionLikelihood("y1 - x0", 1, 1); }) == "unknown name 'y1' at column 1; did you mean 'y0'?");
}
