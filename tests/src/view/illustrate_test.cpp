#include "src/view/illustrate.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>

#include "filter/belief.hpp"
#include "filter/reference/kalman_filter.hpp"
#include "filter/reference/particle_filter.hpp"
#include "jko/double_well.hpp"
#include "jko/linear_gaussian.hpp"
#include "jko/quadratic.hpp"
#include "tests/filter/test_models.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

Model gaussian_model(const Vector& mean, const Matrix& covariance) {
  const Index d = mean.size();
  return {std::make_shared<Quadratic>(Matrix::Identity(d, d), Vector::Zero(d)), 1.0,
          GaussianMixture::gaussian(mean, covariance),
          std::make_shared<LinearGaussian>(Matrix::Identity(d, d), Matrix::Identity(d, d))};
}

Model line_model(double mean, double deviation) {
  return gaussian_model(Vector::Constant(1, mean), Matrix::Constant(1, 1, deviation * deviation));
}

double normal_density(double x, double mean, double deviation) {
  const double z = (x - mean) / deviation;
  return std::exp(-0.5 * z * z) / (deviation * std::sqrt(2.0 * EIGEN_PI));
}

double mass(const SampledCurve& curve) {
  double sum = -0.5 * (curve.values.front() + curve.values.back());
  for (const float value : curve.values) sum += value;
  return sum * curve.step();
}

double mass_above(const SampledField& field, double level) {
  double above = 0.0, all = 0.0;
  for (const float value : field.values) {
    all += value;
    if (value > level) above += value;
  }
  return above / all;
}

void check_finite(const LawPicture& picture) {
  const auto finite = [](const std::vector<float>& values) {
    return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v) && v >= 0.0f; });
  };
  for (const SampledCurve& marginal : picture.marginals) CHECK(finite(marginal.values));
  for (const SampledField& pair : picture.pairs) CHECK(finite(pair.values));
  CHECK(finite(picture.half_levels));
  CHECK(finite(picture.ninety_levels));
}

}  // namespace

TEST_CASE("A curve is straight between its samples and 0 outside") {
  const SampledCurve curve{0.0, 2.0, {1.0f, 3.0f, 2.0f}};
  CHECK(curve.at(0.0) == 1.0);
  CHECK(curve.at(0.5) == 2.0);
  CHECK(curve.at(2.0) == 2.0);
  CHECK(curve.at(-0.01) == 0.0);
  CHECK(curve.at(2.01) == 0.0);
  CHECK(SampledCurve{}.at(0.0) == 0.0);
}

TEST_CASE("The picture of a normal law on a line is that law") {
  const double mean = 0.7, deviation = 0.3;
  const auto check = [&](const Filter& law) {
    const LawPicture picture = illustrate(law, {});
    CHECK(picture.exact);
    REQUIRE(picture.marginals.size() == 1);
    const SampledCurve& density = picture.marginals[0];
    CHECK(mass(density) == Approx(1.0).margin(1e-3));
    for (std::size_t i = 0; i < density.values.size(); ++i) {
      const double x = density.low + static_cast<double>(i) * density.step();
      CHECK(density.values[i] == Approx(normal_density(x, mean, deviation)).margin(1e-4));
    }
    REQUIRE(picture.half_regions[0].size() == 1);
    REQUIRE(picture.ninety_regions[0].size() == 1);
    CHECK(picture.half_regions[0][0].low - mean == Approx(-0.67449 * deviation).epsilon(0.01));
    CHECK(picture.half_regions[0][0].high - mean == Approx(0.67449 * deviation).epsilon(0.01));
    CHECK(picture.ninety_regions[0][0].low - mean == Approx(-1.64485 * deviation).epsilon(0.01));
    CHECK(picture.ninety_regions[0][0].high - mean == Approx(1.64485 * deviation).epsilon(0.01));
    CHECK(picture.mean(0) == Approx(mean).epsilon(1e-6));
    CHECK(picture.quantiles(4, 0) - mean == Approx(1.64485 * deviation).epsilon(0.01));
  };
  check(KalmanFilter(line_model(mean, deviation)));
  check(JkoFilter(line_model(mean, deviation), {}));
}

TEST_CASE("A law with two peaks has two intervals of highest density") {
  Model model = line_model(0.0, 1.0);
  const Matrix narrow = Matrix::Constant(1, 1, 0.04);
  model.initial = GaussianMixture({{1.0, Vector::Constant(1, -1.0), narrow}, {1.0, Vector::Constant(1, 1.0), narrow}});
  const LawPicture picture = illustrate(JkoFilter(model, {}), {});
  for (const auto& regions : {picture.half_regions[0], picture.ninety_regions[0]}) {
    REQUIRE(regions.size() == 2);
    CHECK(regions[0].high < 0.0);
    CHECK(regions[1].low > 0.0);
  }
  CHECK(picture.half_regions[0][0].high + 1.0 == Approx(0.67449 * 0.2).epsilon(0.01));
}

TEST_CASE("The levels of a law in the plane hold their share of its mass") {
  const Vector mean = (Vector(2) << 1.0, -2.0).finished();
  const Matrix covariance = (Matrix(2, 2) << 1.0, 0.6, 0.6, 0.5).finished();
  const JkoFilter law(gaussian_model(mean, covariance), {});
  const LawPicture picture = illustrate(law, {});
  REQUIRE(picture.pairs.size() == 1);
  const SampledField* plane = picture.pair(0, 1);
  REQUIRE(plane);
  CHECK(picture.pair(1, 0) == nullptr);
  CHECK(mass_above(*plane, picture.half_levels[0]) == Approx(0.5).margin(3e-3));
  CHECK(mass_above(*plane, picture.ninety_levels[0]) == Approx(0.9).margin(3e-3));
  // Of a normal law half lies above half of its largest density, and 90 % above a tenth.
  const double top = 1.0 / (2.0 * EIGEN_PI * std::sqrt(covariance.determinant()));
  CHECK(picture.half_levels[0] == Approx(0.5 * top).epsilon(0.01));
  CHECK(picture.ninety_levels[0] == Approx(0.1 * top).epsilon(0.02));
  for (const Index k : {0, 1}) {
    const SampledCurve& marginal = picture.marginals[static_cast<std::size_t>(k)];
    CHECK(mass(marginal) == Approx(1.0).margin(1e-3));
    const double deviation = std::sqrt(covariance(k, k));
    for (const double z : {-1.0, 0.0, 0.5}) {
      const double x = mean(k) + z * deviation;
      CHECK(marginal.at(x) == Approx(normal_density(x, mean(k), deviation)).epsilon(0.01));
    }
  }
}

TEST_CASE("In four dimensions the picture is a kernel estimate close to the law") {
  const Vector mean = (Vector(4) << 0.0, 1.0, -3.0, 10.0).finished();
  const Vector deviation = (Vector(4) << 1.0, 0.1, 2.0, 5.0).finished();
  const Matrix covariance = deviation.cwiseAbs2().asDiagonal();
  PictureOptions options;
  options.first = 3;
  options.second = 1;
  const auto check = [&](const Filter& law, double tolerance) {
    const LawPicture picture = illustrate(law, options);
    CHECK_FALSE(picture.exact);
    check_finite(picture);
    REQUIRE(picture.marginals.size() == 4);
    REQUIRE(picture.pairs.size() == 6);
    CHECK((picture.pairs[0].x == 1 && picture.pairs[0].y == 3 && picture.pairs[0].columns == 64));
    CHECK(picture.pair(0, 2)->columns == 40);
    for (Index k = 0; k < 4; ++k) {
      const SampledCurve& marginal = picture.marginals[static_cast<std::size_t>(k)];
      CHECK(mass(marginal) == Approx(1.0).margin(0.01));
      const double top = normal_density(mean(k), mean(k), deviation(k));
      for (double z = -3.0; z <= 3.0; z += 0.25) {
        const double x = mean(k) + z * deviation(k);
        CHECK(marginal.at(x) == Approx(normal_density(x, mean(k), deviation(k))).margin(tolerance * top));
      }
      CHECK(picture.ninety_regions[static_cast<std::size_t>(k)].front().low - mean(k) ==
            Approx(-1.645 * deviation(k)).epsilon(0.1));
    }
    const double top = 1.0 / (2.0 * EIGEN_PI * deviation(1) * deviation(3));
    const SampledField& pair = picture.pairs[0];
    CHECK(pair.value(32, 32) == Approx(top).epsilon(0.15));
  };
  check(JkoFilter(gaussian_model(mean, covariance), {}), 0.04);
  check(KalmanFilter(gaussian_model(mean, covariance)), 0.15);  // 2,000 random draws
}

TEST_CASE("A law that is nowhere finite is drawn all the same") {
  Model model = line_model(0.0, 1.0);
  model.potential = std::make_shared<BrokenPotential>(1);
  JkoFilter law(model, {});
  law.predict(0.5);
  check_finite(illustrate(law, {}));
  const SampledCurve potential = sample_potential(*model.potential, 0.0, -1.0, 1.0, 50);
  CHECK(std::all_of(potential.values.begin(), potential.values.end(), [](float v) { return v == 0.0f; }));
}

TEST_CASE("A cloud is the nodes of a JKO filter, thinned, or draws of another") {
  JkoOptions options;
  options.nodes = 20000;
  const JkoFilter many(gaussian_model(Vector::Zero(2), Matrix::Identity(2, 2)), options);
  const NodeCloud cloud = cloud_of(many);
  CHECK(cloud.x.rows() == NodeCloud::kMostNodes);
  CHECK(cloud.of == many.belief().nodes().x.rows());
  CHECK(cloud.weights.sum() == Approx(1.0));
  CHECK((cloud.x.transpose() * cloud.weights).norm() < 0.05);
  ParticleOptions particles;
  particles.particles = 10000;
  CHECK(cloud_of(ParticleFilter(line_model(0.0, 1.0), particles)).x.rows() == 2000);
}

TEST_CASE("A potential is sampled where it is, and clamped where it is not") {
  const DoubleWell well(Vector::Ones(2), Vector::Ones(2));
  const SampledField field = sample_potential(well, 0.0, -2.0, 2.0, -1.0, 1.0, 41);
  CHECK(field.value(10, 0) == Approx(0.0).margin(1e-6));    // (-1, -1)
  CHECK(field.value(40, 20) == Approx(10.0).margin(1e-5));  // (2, 0)
}

TEST_CASE("A glide leads from the law before a step to the law after it") {
  for (const auto scheme : {Scheme::jko, Scheme::bdf2}) {
    JkoOptions options;
    options.scheme = scheme;
    options.step = 0.1;
    JkoFilter filter(line_model(2.0, 0.5), options);
    CHECK(glide_of(filter).empty());
    filter.predict(0.2);
    StepPlan plan = filter.plan(0.3);
    const JkoFilter before = filter;
    filter.step(plan, {});
    const Glide glide = glide_of(filter);
    REQUIRE(glide.from.size() >= 200);
    CHECK(glide.begin == Approx(0.2));
    CHECK(glide.end == Approx(0.3));
    CHECK(filter.last_step().losses.size() >= 2);
    CHECK(filter.last_step().losses.back() <= filter.last_step().losses.front());
    CHECK(filter.last_step().ms > 0.0);

    std::vector<double> x, pdf;
    const auto trapezoid = [&] {
      double sum = 0.0;
      for (std::size_t i = 0; i + 1 < x.size(); ++i) sum += 0.5 * (pdf[i] + pdf[i + 1]) * (x[i + 1] - x[i]);
      return sum;
    };
    const auto check_against = [&](const Filter& law) {
      const Vector density =
          law.log_density(Eigen::Map<const Vector>(x.data(), static_cast<Index>(x.size()))).array().exp();
      for (std::size_t i = 0; i < x.size(); ++i) CHECK(pdf[i] == Approx(density(static_cast<Index>(i))).margin(1e-3));
    };
    glide.at(0.0, x, pdf);
    check_against(before);
    glide.at(1.0, x, pdf);
    check_against(filter);
    // Between two normal laws McCann's interpolation has the interpolated mean and deviation.
    for (const double s : {0.0, 0.25, 0.5, 1.0}) {
      glide.at(s, x, pdf);
      CHECK(trapezoid() == Approx(1.0).margin(1e-3));
      const double mean = (1.0 - s) * before.mean()(0) + s * filter.mean()(0);
      const double deviation =
          (1.0 - s) * std::sqrt(before.covariance()(0, 0)) + s * std::sqrt(filter.covariance()(0, 0));
      for (std::size_t i = 0; i < x.size(); ++i)
        CHECK(pdf[i] == Approx(normal_density(x[i], mean, deviation)).margin(4e-3));
    }
    filter.update(Vector::Zero(1));
    CHECK(glide_of(filter).empty());
  }
}
