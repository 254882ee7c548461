#include "src/datasets/generators.hpp"

#include <cmath>
#include <vector>

#include "tests/test.hpp"

using namespace jko;

namespace {

struct Class {
  Points x;
  Vector mean;
  Matrix covariance;
};

Class class_of(const Dataset& data, double label) {
  std::vector<Index> rows;
  for (Index i = 0; i < data.rows(); ++i) {
    if (data.y[i] == label) rows.push_back(i);
  }
  Class found{data.x(rows, Eigen::all), {}, {}};
  found.mean = found.x.colwise().mean();
  const Points centred = found.x.rowwise() - found.mean.transpose();
  found.covariance = centred.transpose() * centred / static_cast<double>(rows.size());
  return found;
}

/// Five standard errors of a variance (times sqrt(2)) among some ten thousand rows.
constexpr double kLoose = 0.08;

}  // namespace

TEST_CASE("generated sets have their sizes, both labels, and are functions of the seed") {
  for (const auto& [name, rows, features] :
       {std::tuple<const char*, Index, Index>{"twonorm", 7400, 20}, {"ringnorm", 7400, 20}, {"waveform", 5000, 21}}) {
    CAPTURE(name);
    CHECK(can_generate(name));
    const Dataset data = generate_dataset(name, 1).value();
    CHECK(data.name == name);
    CHECK(data.rows() == rows);
    CHECK(data.y.size() == rows);
    CHECK(data.features() == features);
    CHECK((data.y.array().abs() == 1.0).all());
    CHECK(generate_dataset(name, 1)->x == data.x);
    CHECK(generate_dataset(name, 1)->y == data.y);
    CHECK(generate_dataset(name, 2)->x != data.x);
  }
  CHECK(!can_generate("banana"));
  CHECK(!generate_dataset("banana", 1));
}

TEST_CASE("twonorm has its means, its covariances and its Bayes error") {
  const Dataset data = make_twonorm(20'000, 3);
  const double a = 2.0 / std::sqrt(20.0);
  for (const double label : {-1.0, 1.0}) {
    const Class part = class_of(data, label);
    CHECK(part.x.rows() == Approx(10'000).margin(400));
    CHECK((part.mean.array() - label * a).abs().maxCoeff() < 0.05);
    CHECK((part.covariance - Matrix::Identity(20, 20)).cwiseAbs().maxCoeff() < kLoose);
  }
  // Best is the sign of the sum, whose law is N(±a·20, 20): wrong by Normal(-2).
  const Vector sum = data.x.rowwise().sum();
  const double error = (sum.array() * data.y.array() < 0.0).cast<double>().mean();
  CHECK(error == Approx(0.02275).margin(0.0045));
}

TEST_CASE("ringnorm has a wide class around the origin, and a narrow one beside it") {
  const Dataset data = make_ringnorm(20'000, 3);
  const double a = 2.0 / std::sqrt(20.0);
  const Class wide = class_of(data, 1.0), narrow = class_of(data, -1.0);
  CHECK(wide.x.rows() == Approx(10'000).margin(400));
  CHECK(wide.mean.cwiseAbs().maxCoeff() < 0.1);
  CHECK((wide.covariance - 4.0 * Matrix::Identity(20, 20)).cwiseAbs().maxCoeff() < 4 * kLoose);
  CHECK((narrow.mean.array() - a).abs().maxCoeff() < 0.05);
  CHECK((narrow.covariance - Matrix::Identity(20, 20)).cwiseAbs().maxCoeff() < kLoose);
}

TEST_CASE("waveform is standardised, and its class 1 is between the triangles at 7 and at 11") {
  const Dataset data = make_waveform(30'000, 3);
  CHECK(data.x.colwise().mean().cwiseAbs().maxCoeff() < 1e-12);
  CHECK((data.x.colwise().squaredNorm().array() / 30'000 - 1.0).abs().maxCoeff() < 1e-12);
  CHECK((data.y.array() > 0.0).cast<double>().mean() == Approx(1.0 / 3.0).margin(0.012));

  // Before standardising, where g and h are the triangles of a class and u is uniform: mean (g + h)/2, covariance
  // (g - h)(g - h)'/12 + I; the first and third class also differ in mean.
  const auto triangle = [](double centre) {
    Vector heights(21);
    for (Index i = 0; i < 21; ++i) heights[i] = std::max(6.0 - std::abs(static_cast<double>(i + 1) - centre), 0.0);
    return heights;
  };
  const Vector h1 = triangle(7), h2 = triangle(15), h3 = triangle(11);
  const std::vector<std::pair<Vector, Vector>> sides = {{h1, h2}, {h1, h3}, {h2, h3}};
  Vector mean = Vector::Zero(21);
  for (const auto& [g, h] : sides) mean += (g + h) / 6.0;
  Matrix covariance = Matrix::Identity(21, 21);
  for (const auto& [g, h] : sides) {
    const Vector from_mean = 0.5 * (g + h) - mean;
    covariance += ((g - h) * (g - h).transpose() / 12.0 + from_mean * from_mean.transpose()) / 3.0;
  }
  const Vector sd = covariance.diagonal().cwiseSqrt();
  const Class part = class_of(data, 1.0);
  CHECK((part.mean - (0.5 * (h1 + h3) - mean).cwiseQuotient(sd)).cwiseAbs().maxCoeff() < 0.05);
  const Matrix own = Matrix::Identity(21, 21) + (h1 - h3) * (h1 - h3).transpose() / 12.0;
  const Matrix scaled = sd.cwiseInverse().asDiagonal() * own * sd.cwiseInverse().asDiagonal();
  CHECK((part.covariance - scaled).cwiseAbs().maxCoeff() < kLoose);
  Index highest = 0;
  part.mean.maxCoeff(&highest);
  CHECK(highest == 8);
}

TEST_CASE("the stand-in for covtype has its kinds of features, and labels that three quarters of can be told") {
  const Dataset data = make_covtype_stand_in(40'000, 3);
  REQUIRE(data.features() == 54);
  CHECK(data.x.leftCols(10).colwise().mean().cwiseAbs().maxCoeff() < 0.03);
  CHECK((data.x.middleCols(10, 4).rowwise().sum().array() == 1.0).all());
  CHECK((data.x.rightCols(40).rowwise().sum().array() == 1.0).all());
  CHECK((data.x.rightCols(44).array() * (1.0 - data.x.rightCols(44).array())).isZero(0.0));
  CHECK(data.x.rightCols(40).colwise().sum().minCoeff() > 800);
  Vector margin = data.x.leftCols(10) * Vector::LinSpaced(10, -0.8, 0.8);
  for (Index soil = 0; soil < 40; ++soil) margin += (soil % 2 == 0 ? 0.5 : -0.5) * data.x.col(14 + soil);
  CHECK((margin.array() * data.y.array() > 0.0).cast<double>().mean() == Approx(0.75).margin(0.02));
}
