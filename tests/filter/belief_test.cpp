#include "filter/belief.hpp"

#include <algorithm>
#include <cmath>

#include "jko/linear_gaussian.hpp"
#include "jko/quadratic.hpp"
#include "tests/filter/random_map.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

std::shared_ptr<const Model> gaussian_model(Index d, double noise) {
  const Matrix identity = Matrix::Identity(d, d);
  return std::make_shared<const Model>(Model{std::make_shared<Quadratic>(identity, Vector::Zero(d)), 1.0,
                                             GaussianMixture::gaussian(Vector::Zero(d), identity),
                                             std::make_shared<LinearGaussian>(identity, noise * identity)});
}

Belief belief(Index d, double noise) {
  BeliefOptions options;
  options.nodes = d == 1 ? 512 : d == 2 ? 1600 : 2048;
  return Belief(gaussian_model(d, noise), options);
}

void advance(Belief& belief, const ConvexMap& map) {
  belief.advance(map, pushforward({&map}, belief.nodes().x, belief.nodes().score));
}

}  // namespace

TEST_CASE("Bayes' rule for Gaussians: posterior moments, evidence and density are those of the closed form",
          "[belief]") {
  for (const Index d : {1, 2, 3, 6}) {
    CAPTURE(d);
    const double noise = 0.2;  // variance
    Belief b = belief(d, noise);
    const Vector y = Vector::Constant(d, 0.7);
    const UpdateSummary seen = b.update(y, 0.0);
    const double gain = 1.0 / (1.0 + noise);
    const auto evidence = GaussianMixture::gaussian(Vector::Zero(d), (1.0 + noise) * Matrix::Identity(d, d));
    const auto posterior = GaussianMixture::gaussian(gain * y, gain * noise * Matrix::Identity(d, d));
    const double tolerance = d <= 2 ? 1e-4 : 2e-2;
    CHECK(seen.log_evidence_increment == Approx(evidence.log_density(y.transpose())(0)).margin(tolerance));
    CHECK((b.nodes().mean() - posterior.mean()).norm() < tolerance);
    CHECK((b.nodes().covariance() - posterior.covariance()).norm() < tolerance);
    const Points x = posterior.sample(200, 3, 0);
    CHECK((b.log_density(x) - posterior.log_density(x)).cwiseAbs().maxCoeff() < tolerance);
  }
}

TEST_CASE("The density anywhere agrees with the density that the nodes carry", "[belief]") {
  for (const Index d : {1, 2, 4}) {
    CAPTURE(d);
    Belief b = belief(d, 0.5);
    b.update(Vector::Constant(d, 0.3), 0.0);
    for (unsigned k = 0; k < 5; ++k) {
      ConvexMap map = interpolate(random_map(d, {6, 6}, k), 0.2);
      advance(b, map);
    }
    CHECK((b.log_density(b.nodes().x) - b.nodes().log_density).cwiseAbs().maxCoeff() < 1e-6);
  }
}

TEST_CASE("An affine push-forward of a Gaussian is the Gaussian of the textbook", "[belief]") {
  for (const Index d : {1, 2, 3}) {
    Belief b = belief(d, 0.5);
    const Matrix Q = 0.5 * Matrix::Identity(d, d) + 0.2 * Matrix::Ones(d, d);
    advance(b, ConvexMap::affine(Q, Vector::Ones(d)));
    const auto law = GaussianMixture::gaussian(Vector::Ones(d), Q * Q);
    const Points x = law.sample(300, 1, 0);
    CHECK((b.log_density(x) - law.log_density(x)).cwiseAbs().maxCoeff() < 1e-8);
  }
}

TEST_CASE("Folding the chain into an anchor keeps the density", "[belief]") {
  for (const Index d : {1, 2, 3}) {
    CAPTURE(d);
    Belief b = belief(d, 0.5);
    b.update(Vector::Constant(d, 0.3), 0.0);
    for (unsigned k = 0; k < 3; ++k) advance(b, interpolate(random_map(d, {6}, 10 + k), 0.15));
    const Points x = b.sample(4000, 5);
    const Vector before = b.log_density(x);
    b.renew();
    CHECK(b.chain_length() == 0);
    const Vector ratio = before - b.log_density(x);
    const double symmetric_kl = (ratio.array() * (1.0 - (-ratio.array()).exp())).mean();
    CHECK(symmetric_kl < (d == 1 ? 1e-6 : d == 2 ? 1e-4 : 1e-2));
  }
}

TEST_CASE("New nodes know where the last map took them from", "[belief]") {
  for (const Index d : {1, 2, 3}) {
    CAPTURE(d);
    Belief b = belief(d, 0.5);
    const ConvexMap last = interpolate(random_map(d, {6}, 20), 0.15);
    advance(b, interpolate(random_map(d, {6}, 21), 0.15));
    advance(b, last);
    const auto before = b.renew();
    REQUIRE(before.has_value());
    CHECK((apply(last, *before).image - b.nodes().x).cwiseAbs().maxCoeff() < 1e-8);
    b.update(Vector::Zero(d), 0.0);
    CHECK_FALSE(b.renew().has_value());
  }
}

TEST_CASE("Without observations draws are independent ones, also of far modes", "[belief]") {
  const Index d = 3, n = 4000;
  auto model =
      std::make_shared<Model>(Model{std::make_shared<Quadratic>(Matrix::Identity(d, d), Vector::Zero(d)), 1.0,
                                    GaussianMixture({{0.3, Vector::Constant(d, -12.0), 0.1 * Matrix::Identity(d, d)},
                                                     {0.7, Vector::Constant(d, 12.0), 0.1 * Matrix::Identity(d, d)}}),
                                    std::make_shared<LinearGaussian>(Matrix::Identity(d, d), Matrix::Identity(d, d))});
  BeliefOptions options;
  options.nodes = 400;
  Belief b(model, options);
  const ConvexMap map = random_map(d, {6}, 3);
  advance(b, map);
  const Points x = b.sample(n, 1), back = invert(map, x).preimage;
  CHECK((back.col(0).array() > 0.0).count() == Approx(0.7 * n).margin(4.0 * std::sqrt(0.21 * n)));
  Vector sorted = x.col(0);
  std::sort(sorted.begin(), sorted.end());
  CHECK((sorted.tail(n - 1) - sorted.head(n - 1)).minCoeff() > 0.0);  // none is there twice
  CHECK(x == b.sample(n, 1));
}

TEST_CASE("Draws have the moments of the law", "[belief]") {
  for (const Index d : {1, 2, 3}) {
    CAPTURE(d);
    Belief b = belief(d, 0.5);
    b.update(Vector::Constant(d, 0.3), 0.0);
    advance(b, interpolate(random_map(d, {6}, 3), 0.3));
    const Index n = 20000;
    const Points x = b.sample(n, 1);
    const Vector mean = x.colwise().mean();
    const Matrix centred = x.rowwise() - mean.transpose();
    const double spread = std::sqrt(b.nodes().covariance().trace());
    CHECK((mean - b.nodes().mean()).norm() < 5.0 * spread / std::sqrt(n));
    CHECK((centred.transpose() * centred / n - b.nodes().covariance()).norm() < 8.0 * spread * spread / std::sqrt(n));
    CHECK(x == b.sample(n, 1));
    CHECK(x != b.sample(n, 2));
  }
}

TEST_CASE("An impossible observation is reported and leaves the law as it was", "[belief]") {
  class Never final : public ObservationModel {
   public:
    explicit Never(Index d) : d_(d) {}
    Index state_dimension() const override { return d_; }
    Index observation_dimension() const override { return 1; }
    std::string formula() const override { return "impossible"; }
    Vector sample(const Vector&, double, RandomEngine&) const override { return Vector::Zero(1); }
    void log_likelihood(PointsView, const Vector&, double, Eigen::Ref<Vector> value) const override {
      value.setConstant(-std::numeric_limits<double>::infinity());
    }

   private:
    Index d_;
  };
  for (const Index d : {1, 2, 3}) {
    Model model = *gaussian_model(d, 1.0);
    model.observation = std::make_shared<Never>(d);
    BeliefOptions options;
    options.nodes = 400;
    Belief b(std::make_shared<const Model>(model), options);
    const Vector before = b.nodes().mean();
    const UpdateSummary seen = b.update(Vector::Zero(1), 0.0);
    CHECK_FALSE(seen.possible());
    CHECK(b.nodes().mean() == before);
    CHECK(b.nodes().log_density.allFinite());
  }
}

TEST_CASE("Ten standard deviations away an observation is unlikely, not impossible", "[belief]") {
  for (const Index d : {1, 2, 3}) {
    CAPTURE(d);
    Belief b = belief(d, 1.0);
    const Vector y = Vector::Constant(d, 10.0 * std::sqrt(2.0));
    const UpdateSummary seen = b.update(y, 0.0);
    REQUIRE(seen.possible());
    const auto evidence = GaussianMixture::gaussian(Vector::Zero(d), 2.0 * Matrix::Identity(d, d));
    CHECK(seen.log_evidence_increment == Approx(evidence.log_density(y.transpose())(0)).epsilon(1e-3));
    CHECK((b.nodes().mean() - 0.5 * y).norm() < 0.05);
  }
}
