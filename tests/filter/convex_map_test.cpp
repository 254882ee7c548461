#include "filter/convex_map.hpp"

#include <omp.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>

#include "filter/device/tensors.hpp"
#include "filter/parametrisation.hpp"
#include "filter/pooled_parametrisation.hpp"
#include "jko/gaussian_mixture.hpp"
#include "tests/filter/random_map.hpp"
#include "tests/filter/relative_difference.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

/// ψ, T and ∇²ψ of a map by automatic differentiation.
struct AutogradMap {
  torch::Tensor Q, c;
  bool pooled;
  std::vector<std::array<torch::Tensor, 4>> layers;  // A, W, b, w

  explicit AutogradMap(const ConvexMap& map) : pooled(map.pooled()) {
    const auto parameter = [](const Matrix& m) { return to_tensor(m, torch::kDouble).set_requires_grad(true); };
    Q = parameter(map.Q);
    c = parameter(map.c);
    for (const auto& l : map.layers) layers.push_back({parameter(l.A), parameter(l.W), parameter(l.b), parameter(l.w)});
  }

  torch::Tensor potential(const torch::Tensor& x) const {
    torch::Tensor psi = 0.5 * (x * x.matmul(Q)).sum(1) + x.matmul(c).squeeze(1), hidden;
    for (const auto& [A, W, b, w] : layers) {
      torch::Tensor a = x.matmul(A.t()) + b.t();
      if (pooled) return psi + w.squeeze() * torch::logsumexp(a, 1);
      if (hidden.defined()) a = a + hidden.matmul(W.t());
      hidden = torch::softplus(a, 1, 1e6);
      psi = psi + hidden.matmul(w).squeeze(1);
    }
    return psi;
  }

  std::pair<torch::Tensor, torch::Tensor> image_and_hessian(const torch::Tensor& x) const {
    const auto T = torch::autograd::grad({potential(x).sum()}, {x}, {}, true, true)[0];
    std::vector<torch::Tensor> rows;
    for (int64_t k = 0; k < x.size(1); ++k) {
      rows.push_back(torch::autograd::grad({T.select(1, k).sum()}, {x}, {}, true, true)[0]);
    }
    return {T, torch::stack(rows, 1)};
  }
};

void check_against_autograd(const ConvexMap& map, const Points& x) {
  const Index n = x.rows(), d = x.cols();
  const Points d_image = random_points(n, d, 4);
  const Vector d_log_det = random_points(n, 1, 5), d_divergence = random_points(n, 1, 6);
  MapEvaluator evaluator(x, map.widths());
  evaluator.forward(map);
  ConvexMap gradient;
  evaluator.backward(map, d_image, d_log_det, d_divergence, gradient);

  const AutogradMap reference(map);
  const torch::Tensor points = to_tensor(x, torch::kDouble).set_requires_grad(true);
  const auto [T, H] = reference.image_and_hessian(points);
  const torch::Tensor log_det = torch::logdet(H);
  CHECK(relative_difference(evaluator.image(), to_matrix(T.detach())) < 1e-12);
  CHECK(relative_difference(evaluator.hessian(), to_matrix(H.detach().reshape({n, d * d}))) < 1e-11);
  CHECK(relative_difference(evaluator.log_det(), to_matrix(log_det.detach())) < 1e-11);

  const torch::Tensor divergence = H.diagonal(0, 1, 2).sum(1);
  torch::Tensor loss = (T * to_tensor(d_image, torch::kDouble)).sum() +
                       (log_det * to_tensor(d_log_det, torch::kDouble).squeeze(1)).sum() +
                       (divergence * to_tensor(d_divergence, torch::kDouble).squeeze(1)).sum();
  loss.backward();
  // Only the symmetric part of ∂L/∂Q has a meaning, since Q is symmetric.
  const auto symmetric = [](const Matrix& m) { return Matrix(m + m.transpose()); };
  CHECK(relative_difference(symmetric(gradient.Q), symmetric(to_matrix(reference.Q.grad()))) < 1e-9);
  CHECK(relative_difference(gradient.c, to_matrix(reference.c.grad())) < 1e-9);
  for (std::size_t l = 0; l < map.layers.size(); ++l) {
    CAPTURE(l);
    const auto& [A, W, b, w] = reference.layers[l];
    CHECK(relative_difference(gradient.layers[l].A, to_matrix(A.grad())) < 1e-9);
    CHECK(relative_difference(gradient.layers[l].b, to_matrix(b.grad())) < 1e-9);
    CHECK(relative_difference(gradient.layers[l].w, to_matrix(w.grad())) < 1e-9);
    if (l > 0) CHECK(relative_difference(gradient.layers[l].W, to_matrix(W.grad())) < 1e-9);
  }
}

}  // namespace

TEST_CASE("The map's value, Hessian and parameter gradient agree with autograd", "[convex_map]") {
  for (const Index d : {1, 2, 5}) {
    for (const auto& widths : {std::vector<Index>{}, {7}, {9, 6}, {5, 8, 4}}) {
      CAPTURE(d, widths.size());
      // More than two blocks, the last one partly filled.
      check_against_autograd(random_map(d, widths, 10 * d + widths.size()), random_points(150, d, 3));
    }
  }
}

TEST_CASE("A pooled map's value, Hessian and parameter gradient agree with autograd", "[convex_map]") {
  for (const Index d : {1, 2, 5}) {
    for (const double steep : {1.0, 50.0}) {
      CAPTURE(d, steep);
      ConvexMap map = random_pooled_map(d, 7, 10 * d);
      REQUIRE(map.pooled());
      map.layers.front().A *= steep;
      map.layers.front().b *= steep;
      map.layers.front().w /= steep;
      Points x = random_points(150, d, 3);
      x.topRows(64) *= 0.05;  // where units are steep, most are unseen by this whole block
      check_against_autograd(map, x);
    }
  }
}

TEST_CASE("Any parameters give a convex map: all Hessians are positive definite and T is monotone", "[convex_map]") {
  for (const Index d : {1, 2, 5, 12}) {
    for (int trial = 0; trial < 20; ++trial) {
      CAPTURE(d, trial);
      const std::vector<Index> widths{8, 8};
      const Points x = 3.0 * random_points(100, d, 7 + trial);
      const Parametrisation parameters(widths, Frame::of(x, Vector::Ones(100)), 1);
      const Vector theta = 2.0 * random_points(parameters.size(), 1, 100 + trial);
      MapEvaluator evaluator(x, widths);
      evaluator.forward(parameters.map(theta));
      CHECK(evaluator.minimum_pivot() > 0.0);
      CHECK(evaluator.log_det().allFinite());
      const Points& T = evaluator.image();
      for (Index i = 0; i + 1 < x.rows(); ++i) CHECK((T.row(i + 1) - T.row(i)).dot(x.row(i + 1) - x.row(i)) > 0.0);
    }
  }
}

TEST_CASE("The parametrisation's chain rule agrees with finite differences", "[parametrisation]") {
  for (const Index d : {1, 3}) {
    const std::vector<Index> widths{5, 4};
    const Points x = random_points(40, d, 1) * 2.0;
    const Parametrisation parameters(widths, Frame::of(x, Vector::Ones(40)), 1);
    const Vector theta =
        parameters.start(x, Vector::Constant(40, 1.0 / 40)) + 0.3 * random_points(parameters.size(), 1, 2).col(0);
    const Points d_image = random_points(40, d, 4);
    const Vector d_log_det = random_points(40, 1, 5), d_divergence = random_points(40, 1, 6);
    MapEvaluator evaluator(x, widths);
    const auto loss = [&](const Vector& at) {
      evaluator.forward(parameters.map(at));
      return (evaluator.image().array() * d_image.array()).sum() + evaluator.log_det().dot(d_log_det) +
             evaluator.divergence().dot(d_divergence);
    };
    loss(theta);
    ConvexMap d_map;
    evaluator.backward(parameters.map(theta), d_image, d_log_det, d_divergence, d_map);
    const Vector gradient = parameters.pull_back(theta, d_map);
    for (Index k = 0; k < parameters.size(); ++k) {
      Vector up = theta, down = theta;
      up(k) += 1e-5;
      down(k) -= 1e-5;
      CHECK(gradient(k) == Approx((loss(up) - loss(down)) / 2e-5).epsilon(1e-5).margin(1e-6));
    }
  }
}

TEST_CASE("The pooled parametrisation's chain rule agrees with finite differences", "[parametrisation]") {
  for (const Index d : {1, 3}) {
    const Points x = random_points(40, d, 1) * 2.0;
    const ConvexMap guess = random_pooled_map(d, 5, 3);
    const PooledParametrisation parameters(guess, x, Vector::Constant(40, 1.0 / 40));
    const ConvexMap same = parameters.map(parameters.start());
    CHECK(relative_difference(apply(same, x).image, apply(guess, x).image) < 1e-12);
    const Vector theta = parameters.start() + 0.1 * random_points(parameters.size(), 1, 2).col(0);
    const Points d_image = random_points(40, d, 4);
    const Vector d_log_det = random_points(40, 1, 5), d_divergence = random_points(40, 1, 6);
    MapEvaluator evaluator(x, parameters.widths());
    const auto loss = [&](const Vector& at) {
      evaluator.forward(parameters.map(at));
      return (evaluator.image().array() * d_image.array()).sum() + evaluator.log_det().dot(d_log_det) +
             evaluator.divergence().dot(d_divergence);
    };
    loss(theta);
    ConvexMap d_map;
    evaluator.backward(parameters.map(theta), d_image, d_log_det, d_divergence, d_map);
    const Vector gradient = parameters.pull_back(theta, d_map);
    for (Index k = 0; k < parameters.size(); ++k) {
      Vector up = theta, down = theta;
      up(k) += 1e-5;
      down(k) -= 1e-5;
      CHECK(gradient(k) == Approx((loss(up) - loss(down)) / 2e-5).epsilon(1e-5).margin(1e-6));
    }
  }
}

TEST_CASE("The short evaluation of one hidden layer agrees with the full one", "[convex_map]") {
  for (const Index d : {1, 2, 5}) {
    const ConvexMap map = random_map(d, {20}, d);
    const Points x = 3.0 * random_points(200, d, 5);
    MapEvaluator full(x, map.widths());
    full.forward(map);
    const MapValue brief = apply(map, x);
    CHECK(relative_difference(brief.image, full.image()) < 1e-13);
    CHECK(relative_difference(brief.log_det, full.log_det()) < 1e-12);
    CHECK(relative_difference(brief.divergence, full.divergence()) < 1e-12);
  }
}

TEST_CASE("The divergence is the sum of the image's slopes", "[convex_map]") {
  for (const Index d : {1, 3}) {
    for (const ConvexMap& map : {random_map(d, {6, 5}, d), random_pooled_map(d, 6, d)}) {
      const Points x = random_points(30, d, 5);
      Vector expected = Vector::Zero(x.rows());
      for (Index k = 0; k < d; ++k) {
        Points up = x, down = x;
        up.col(k).array() += 1e-5;
        down.col(k).array() -= 1e-5;
        expected += (apply(map, up).image.col(k) - apply(map, down).image.col(k)) / 2e-5;
      }
      CHECK(relative_difference(expected, apply(map, x).divergence) < 1e-8);
    }
  }
}

// The density at T(x) as a function of x is log ρ(x) - log det ∇²ψ(x), of which the pushed score is the gradient in T.
TEST_CASE("The score of a law that was pushed forward is the gradient of its density", "[convex_map]") {
  for (const Index d : {1, 3}) {
    const auto law = GaussianMixture::gaussian(0.3 * Vector::Ones(d), 2.0 * Matrix::Identity(d, d));
    for (const ConvexMap& map : {random_map(d, {6}, d), random_map(d, {6, 5}, d), random_pooled_map(d, 6, d)}) {
      CAPTURE(d, map.widths().size(), map.pooled());
      const Points x = random_points(100, d, 5), z = apply(map, x).image;
      Vector at_x(x.rows());
      Points score(x.rows(), d);
      law.log_density_and_gradient(x, at_x, score);
      const auto log_density = [&](const Points& at) {
        const MapInverse back = invert(map, at);
        return Vector(law.log_density(back.preimage) - back.log_det);
      };
      const Points pushed = pushforward({&map}, x, score).score;
      for (Index k = 0; k < d; ++k) {
        Points up = z, down = z;
        up.col(k).array() += 1e-3;
        down.col(k).array() -= 1e-3;
        const Vector slope = (log_density(up) - log_density(down)) / 2e-3;
        CHECK(relative_difference(slope, pushed.col(k)) < 1e-4);
      }
    }
  }
}

TEST_CASE("A law goes through a chain as through one map after another", "[convex_map]") {
  const Index d = 3;
  const std::vector<ConvexMap> maps{random_map(d, {6, 5}, 1), random_pooled_map(d, 4, 2),
                                    ConvexMap::affine(1.3 * Matrix::Identity(d, d), Vector::Ones(d))};
  std::vector<const ConvexMap*> chain;
  const Points x = random_points(150, d, 5), score = random_points(150, d, 6);  // two whole blocks and a part
  Points image = x, before, s = score;
  Vector log_det = Vector::Zero(150);
  for (const auto& map : maps) {
    chain.push_back(&map);
    const MapValue value = apply(map, image);
    s = pushforward({&map}, image, s).score;
    before = std::move(image);
    image = value.image;
    log_det += value.log_det;
    const Pushforward moved = pushforward(chain, x, score), unscored = pushforward(chain, x);
    CHECK(relative_difference(image, moved.image) < 1e-12);
    CHECK(relative_difference(before, moved.before) < 1e-12);
    CHECK(relative_difference(log_det, moved.log_det) < 1e-11);
    CHECK(relative_difference(value.divergence, moved.divergence) < 1e-12);
    CHECK(relative_difference(s, moved.score) < 1e-11);
    CHECK(relative_difference(moved.image, unscored.image) < 1e-12);
    CHECK(relative_difference(moved.log_det, unscored.log_det) < 1e-11);
    CHECK(unscored.score.size() == 0);
  }
}

TEST_CASE("Averages of a map are those of its values", "[convex_map]") {
  const Points x = random_points(150, 3, 5);
  const Vector weights = random_points(150, 1, 6).cwiseAbs2();
  for (const ConvexMap& map : {random_map(3, {6}, 1), random_map(3, {6, 5}, 1), random_pooled_map(3, 6, 2)}) {
    MapEvaluator evaluator(x, map.widths());
    evaluator.forward(map);
    const MapAverages sums = average(map, x, weights);
    const Matrix hessian = (weights.transpose() * evaluator.hessian()).reshaped(3, 3);
    CHECK(relative_difference(hessian, sums.hessian) < 1e-12);
    CHECK(relative_difference(evaluator.image().transpose() * weights, sums.image) < 1e-12);
  }
}

TEST_CASE("Newton's inverse returns the point that the map was applied to", "[convex_map]") {
  for (const Index d : {1, 2, 5}) {
    for (const ConvexMap& map : {random_map(d, {8, 8}, d), random_pooled_map(d, 8, d)}) {
      const Points x = 3.0 * random_points(200, d, 5);
      const MapValue forward = apply(map, x);
      const MapInverse back = invert(map, forward.image);
      CHECK(back.converged);
      CHECK((back.preimage - x).cwiseAbs().maxCoeff() < 1e-8);
      CHECK((back.log_det - forward.log_det).cwiseAbs().maxCoeff() < 1e-7);
    }
  }
}

TEST_CASE("McCann's interpolation of a map lies on the straight line between point and image", "[convex_map]") {
  const Points x = random_points(50, 2, 5);
  for (const ConvexMap& map : {random_map(2, {6, 6}, 1), random_pooled_map(2, 6, 1)}) {
    const Points image = apply(map, x).image;
    for (const double s : {0.0, 0.3, 1.0}) {
      const Points expected = (1.0 - s) * x + s * image;
      CHECK((apply(interpolate(map, s), x).image - expected).cwiseAbs().maxCoeff() < 1e-12);
    }
  }
}

TEST_CASE("Values and gradients do not depend on the number of threads", "[convex_map]") {
  const ConvexMap map = random_map(3, {8, 8}, 1);
  const Points x = random_points(1000, 3, 5), d_image = random_points(1000, 3, 6);
  const Vector d_log_det = random_points(1000, 1, 7);
  const int threads = omp_get_max_threads();
  std::vector<Matrix> results;
  for (const int n : {1, 2, 3}) {
    omp_set_num_threads(n);
    MapEvaluator evaluator(x, {8, 8});
    evaluator.forward(map);
    ConvexMap gradient;
    evaluator.backward(map, d_image, d_log_det, gradient);
    results.push_back(gradient.layers[1].W);
  }
  omp_set_num_threads(threads);
  CHECK(results[0] == results[1]);
  CHECK(results[0] == results[2]);
}
