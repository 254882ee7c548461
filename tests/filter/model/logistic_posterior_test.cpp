#include "filter/model/logistic_posterior.hpp"

#include <omp.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>

#include <cmath>

#include "filter/device/tensors.hpp"
#include "filter/random.hpp"
#include "tests/filter/model/evaluation.hpp"
#include "tests/filter/refusal.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

struct Data {
  Points x;
  Vector y;
};

/// Random features, and labels that depend on them.
Data some_data(Index n, Index d) {
  Data data{Points(n, d), Vector(n)};
  Matrix noise(n, 1);
  fill_standard_normal(11, 1, data.x);
  fill_standard_normal(11, 2, noise);
  const Vector slope = Vector::LinSpaced(d, -1.0, 2.0);
  data.y = ((data.x * slope + noise).array() > 0.0).select(Vector::Ones(n), -Vector::Ones(n));
  return data;
}

Points some_parameters(Index count, Index features) {
  Points theta(count, features + 1);
  fill_standard_normal(12, 1, theta);
  return theta;
}

}  // namespace

TEST_CASE("the logistic posterior and its gradient are those of its densities, by automatic differentiation") {
  const PrecisionPrior prior{1.7, 0.3};
  // Sizes of one tile and of several, of data and of parameters; last, of several pieces of the rows.
  for (const auto& [n, d, count] : {std::array<Index, 3>{1, 1, 1}, {300, 5, 150}, {9000, 3, 2}}) {
    CAPTURE(n, d, count);
    const Data data = some_data(n, d);
    const Points theta = some_parameters(count, d);
    const Evaluation ours = evaluate(LogisticPosterior(data.x, data.y, prior), theta);

    const torch::Tensor at = to_tensor(theta, torch::kDouble).set_requires_grad(true);
    const torch::Tensor w = at.slice(1, 0, d), log_alpha = at.select(1, d), alpha = log_alpha.exp();
    const torch::Tensor margin =
        to_tensor(data.x, torch::kDouble).matmul(w.t()) * to_tensor(data.y, torch::kDouble);  // (n, count)
    const torch::Tensor log_likelihood = torch::log_sigmoid(margin).sum(0);
    const torch::Tensor log_normal = 0.5 * static_cast<double>(d) * log_alpha - 0.5 * alpha * (w * w).sum(1);
    const torch::Tensor log_gamma = (prior.shape - 1.0) * log_alpha - prior.rate * alpha;
    const torch::Tensor phi = -(log_likelihood + log_normal + log_gamma + log_alpha);
    const Matrix gradient = to_matrix(torch::autograd::grad({phi.sum()}, {at})[0]);
    const Vector value = to_matrix(phi.unsqueeze(1));
    CHECK((ours.value - value).cwiseAbs().maxCoeff() < 1e-12 * value.cwiseAbs().maxCoeff());
    CHECK((ours.gradient - gradient).cwiseAbs().maxCoeff() < 1e-12 * (1.0 + gradient.cwiseAbs().maxCoeff()));
  }
}

TEST_CASE("where the data say nothing, alpha has its gamma law") {
  const PrecisionPrior prior{2.0, 0.5};
  const LogisticPosterior posterior(Points::Zero(3, 1), Vector::Ones(3), prior);
  // Integrates exp(-Φ) over w and log α: the mean of α tells shape/rate from what a lost Jacobian would leave.
  const Index steps = 400;
  Points grid(steps * steps, 2);
  for (Index i = 0; i < steps * steps; ++i) {
    const Index row = i / steps, column = i % steps;
    const double s = -9.0 + 13.0 * (static_cast<double>(row) + 0.5) / static_cast<double>(steps);
    const double z = -7.0 + 14.0 * (static_cast<double>(column) + 0.5) / static_cast<double>(steps);
    grid.row(i) << z * std::exp(-0.5 * s), s;
  }
  const Evaluation at = evaluate(posterior, grid);
  const Eigen::ArrayXd mass = (-at.value.array() - 0.5 * grid.col(1).array()).exp();  // dw = exp(-s/2) dz
  const Eigen::ArrayXd alpha = grid.col(1).array().exp();
  const double mean = (mass * alpha).sum() / mass.sum();
  CHECK(mean == Approx(prior.shape / prior.rate).epsilon(1e-4));
  CHECK((mass * alpha.square()).sum() / mass.sum() - mean * mean ==
        Approx(prior.shape / (prior.rate * prior.rate)).epsilon(1e-3));
}

TEST_CASE("the logistic posterior is finite and right at margins that overflow") {
  const LogisticPosterior posterior((Points(2, 1) << 1.0, 1.0).finished(), Eigen::Vector2d(1.0, -1.0), {1.0, 1.0});
  for (const double w : {800.0, -800.0, 1e8}) {
    const Evaluation at = evaluate(posterior, (Points(1, 2) << w, -20.0).finished());
    const double alpha = std::exp(-20.0), energy = 0.5 * w * w + 1.0;
    CHECK(at.value[0] == Approx(std::abs(w) + alpha * energy + 1.5 * 20.0).epsilon(1e-14));
    CHECK(at.gradient(0, 0) == Approx((w > 0 ? 1.0 : -1.0) + alpha * w).epsilon(1e-14));
    CHECK(at.gradient(0, 1) == Approx(alpha * energy - 1.5).epsilon(1e-14));
  }
  // Many rows, all of them far on the wrong side: the product of a tile must not overflow.
  const LogisticPosterior many(Points::Ones(5000, 1), Vector::Ones(5000));
  CHECK(evaluate(many, (Points(1, 2) << 0.0, 0.0).finished()).value[0] == Approx(5000 * std::log(2.0) + 0.01));
}

TEST_CASE("the logistic posterior does not depend on the number of threads") {
  const Data data = some_data(7000, 9);
  const LogisticPosterior posterior(data.x, data.y);
  const int threads = omp_get_max_threads();
  for (const Index count : {1, 70}) {
    const Points theta = some_parameters(count, 9);
    omp_set_num_threads(1);
    const Evaluation alone = evaluate(posterior, theta);
    omp_set_num_threads(3);
    const Evaluation together = evaluate(posterior, theta);
    const LikelihoodExpansion near_together = posterior.expand_likelihood(Vector::Ones(9));
    omp_set_num_threads(1);
    const LikelihoodExpansion near_alone = posterior.expand_likelihood(Vector::Ones(9));
    omp_set_num_threads(threads);
    CHECK(near_alone.hessian == near_together.hessian);
    CHECK(alone.value == together.value);
    CHECK(alone.gradient == together.gradient);
  }
}

TEST_CASE("mini-batches are right on average, and as scattered as subsets without repeats are") {
  const Index n = 20, size = 8, batches = 4000;
  const Data data = some_data(n, 2);
  const LogisticPosterior posterior(data.x, data.y);
  const Points theta = (Points(1, 3) << 0.8, -0.4, 0.2).finished();
  Matrix seen(batches, 4);
  for (Index k = 0; k < batches; ++k) {
    const LogisticPosterior batch = posterior.minibatch(size, 5, static_cast<std::uint64_t>(k));
    REQUIRE(batch.rows() == size);
    const Evaluation at = evaluate(batch, theta);
    seen.row(k) << at.value[0], at.gradient;
  }
  const Evaluation all = evaluate(posterior, theta);
  const Eigen::RowVector4d truth = (Eigen::RowVector4d() << all.value[0], all.gradient).finished();
  const Eigen::RowVector4d mean = seen.colwise().mean();
  const Eigen::Array4d variance = (seen.rowwise() - mean).colwise().squaredNorm().array() / (batches - 1.0);
  const Eigen::Array4d error = (mean - truth).transpose().array();
  CHECK((error.abs() <= 4.5 * (variance / batches).sqrt() + 1e-12).all());

  // Cochran 1977, theorem 2.2: var = n²/m (1 - m/n) S², S² the variance of the rows' losses.
  const Eigen::ArrayXd margin = (data.x * theta.row(0).head(2).transpose()).cwiseProduct(data.y);
  const Eigen::ArrayXd loss = (1.0 + (-margin).exp()).log();
  const double spread = (loss - loss.mean()).square().sum() / (n - 1.0);
  const double expected = 400.0 / size * (1.0 - 8.0 / 20.0) * spread;
  CHECK(variance[0] == Approx(expected).epsilon(0.15));

  CHECK(evaluate(posterior.minibatch(size, 5, 3), theta).value[0] == seen(3, 0));
  CHECK(evaluate(posterior.minibatch(size, 6, 3), theta).value[0] != seen(3, 0));
  CHECK(evaluate(posterior.minibatch(n, 5, 3), theta).value == all.value);
}

TEST_CASE("the likelihood's expansion has the value, the slope and the curvature that the posterior has") {
  // Rows of one block and of several, of one piece and of several; last, a mini-batch.
  for (const auto& [n, d, size] : {std::array<Index, 3>{5, 2, 5}, {9000, 4, 9000}, {4000, 3, 700}}) {
    CAPTURE(n, d, size);
    const Data data = some_data(n, d);
    const LogisticPosterior posterior = LogisticPosterior(data.x, data.y).minibatch(size, 3, 1);
    const Vector w = Vector::LinSpaced(d, -0.3, 0.9);
    const LikelihoodExpansion near = posterior.expand_likelihood(w);
    CHECK(near.at == w);
    // At s = 0 the prior adds |w|²/2 + b.
    const double h = 1e-5;
    Points theta = Points::Zero(2 * d + 1, d + 1);
    theta.leftCols(d).rowwise() = w.transpose();
    for (Index k = 0; k < d; ++k) {
      theta(1 + k, k) += h;
      theta(1 + d + k, k) -= h;
    }
    const Evaluation at = evaluate(posterior, theta);
    CHECK(near.value == Approx(at.value[0] - 0.5 * w.squaredNorm() - posterior.prior().rate).epsilon(1e-12));
    const Vector slope = at.gradient.row(0).head(d).transpose() - w;
    CHECK((near.gradient - slope).norm() < 1e-11 * (1.0 + slope.norm()));
    const Matrix difference = at.gradient.middleRows(1, d).leftCols(d) - at.gradient.bottomRows(d).leftCols(d);
    const Matrix curvature = difference / (2.0 * h) - Matrix::Identity(d, d);
    CHECK((near.hessian - curvature).norm() < 1e-6 * curvature.norm());
    CHECK(near.hessian == near.hessian.transpose());
  }
  const LogisticPosterior far(Points::Ones(2, 1), Eigen::Vector2d(1.0, -1.0));
  const LikelihoodExpansion there = far.expand_likelihood(Vector::Constant(1, 800.0));
  CHECK(there.value == Approx(800.0));
  CHECK(there.gradient[0] == Approx(1.0));
  CHECK(there.hessian(0, 0) >= 0.0);
}

TEST_CASE("the curvature at no weights is that of the likelihood there") {
  const Data data = some_data(50, 3);
  const LogisticPosterior posterior(data.x, data.y);
  // Of Φ, less the prior's exp(s) at s = -30: the mean of the second differences over w's coordinates.
  const double h = 1e-3;
  double curvature = 0.0;
  for (Index k = 0; k < 3; ++k) {
    Points theta = Points::Zero(3, 4);
    theta.col(3).setConstant(-30.0);
    theta.col(k) << -h, 0.0, h;
    const Vector value = evaluate(posterior, theta).value;
    curvature += (value[0] - 2.0 * value[1] + value[2]) / (3.0 * h * h);
  }
  CHECK(posterior.curvature_at_zero() == Approx(curvature).epsilon(1e-4));
  const LogisticPosterior one = posterior.minibatch(1, 1, 1);
  CHECK(one.curvature_at_zero() > 0.01);
  CHECK(one.scale() == 50.0);
}

TEST_CASE("predictive probabilities are averages over samples") {
  const Points x = some_data(400, 3).x;
  const Points theta = some_parameters(130, 3);
  const Vector p = predictive_probability(x, theta);
  for (const Index i : {0, 255, 256, 399}) {
    double sum = 0.0;
    for (Index j = 0; j < theta.rows(); ++j) sum += 1.0 / (1.0 + std::exp(-x.row(i).dot(theta.row(j).head(3))));
    CHECK(p[i] == Approx(sum / 130.0).epsilon(1e-13));
  }
  const Points extreme = (Points(2, 2) << 1000.0, 0.0, -1000.0, 0.0).finished();
  CHECK(predictive_probability(Points::Ones(1, 1), extreme)[0] == 0.5);
}

TEST_CASE("a logistic posterior without sense is refused") {
  const Points x = Points::Ones(2, 1);
  const Vector y = Eigen::Vector2d(1.0, -1.0);
  CHECK(refusal([&] { LogisticPosterior(Points(0, 1), Vector(0)); }) == "logistic posterior: there are no data");
  CHECK(refusal([&] { LogisticPosterior(x, Vector::Ones(3)); }) ==
        "logistic posterior: there is not one label for each row of features");
  CHECK(refusal([&] { LogisticPosterior(x, Eigen::Vector2d(1.0, 0.0)); }) ==
        "logistic posterior: a label is neither -1 nor 1");
  CHECK(refusal([&] { LogisticPosterior(Points::Constant(2, 1, NAN), y); }) ==
        "logistic posterior: a feature is not finite");
  CHECK(refusal([&] {
          LogisticPosterior(x, y, {0.0, 1.0});
        }) == "logistic posterior: the prior's shape and rate are not positive numbers");
  CHECK(refusal([&] { LogisticPosterior(x, y).minibatch(0, 1, 1); }) == "logistic posterior: a mini-batch has no rows");
  CHECK(refusal([&] { LogisticPosterior(x, y).expand_likelihood(Vector::Ones(2)); }) ==
        "logistic posterior: there is not one weight for each feature");
  CHECK(refusal([&] { predictive_probability(x, Points::Ones(4, 1)); }) ==
        "logistic posterior: parameters are not weights, one a feature, and log alpha");
}
