#include "src/datasets/dataset.hpp"

#include <algorithm>
#include <vector>

#include "src/datasets/generators.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

/// Row i is (i, 2 i, 7), its label 1 for odd i.
Dataset numbered_rows(Index rows) {
  Dataset data{"numbered", Points(rows, 3), Vector(rows)};
  for (Index i = 0; i < rows; ++i) {
    const auto number = static_cast<double>(i);
    data.x.row(i) << number, 2 * number, 7.0;
    data.y[i] = i % 2 ? 1.0 : -1.0;
  }
  return data;
}

std::vector<double> sorted(const Split& split) {
  std::vector<double> all(split.train.x.col(0).begin(), split.train.x.col(0).end());
  all.insert(all.end(), split.test.x.col(0).begin(), split.test.x.col(0).end());
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

TEST_CASE("a split divides the rows, with their labels, at random and by its seed") {
  const Dataset data = numbered_rows(103);
  const Split split = split_dataset(data, 0.8, 4, 1);
  CHECK(split.train.name == "numbered");
  CHECK(split.train.rows() == 82);
  CHECK(split.test.rows() == 21);
  const std::vector<double> all = sorted(split);
  for (std::size_t i = 0; i < all.size(); ++i) REQUIRE(all[i] == static_cast<double>(i));
  for (const Dataset& part : {split.train, split.test}) {
    for (Index i = 0; i < part.rows(); ++i) REQUIRE(part.y[i] == (static_cast<Index>(part.x(i, 0)) % 2 ? 1.0 : -1.0));
  }
  CHECK(split_dataset(data, 0.8, 4, 1).train.x == split.train.x);
  CHECK(split_dataset(data, 0.8, 4, 2).train.x != split.train.x);
  CHECK(split_dataset(data, 0.8, 5, 1).train.x != split.train.x);
  CHECK(split_dataset(numbered_rows(2), 0.99, 4, 1).test.rows() == 1);
  CHECK(split_dataset(numbered_rows(2), 0.01, 4, 1).train.rows() == 1);

  // Each row is in the test part as often as its share says: 500 draws of 0.204, whose standard deviation is 9.
  Vector tested = Vector::Zero(103);
  for (std::uint64_t repeat = 0; repeat < 500; ++repeat) {
    const Split drawn = split_dataset(data, 0.8, 4, repeat);
    for (const double row : drawn.test.x.col(0)) ++tested[static_cast<Index>(row)];
  }
  CHECK(tested.minCoeff() > 102 - 40);
  CHECK(tested.maxCoeff() < 102 + 40);
}

TEST_CASE("standardising uses the training part alone") {
  Split split = split_dataset(numbered_rows(50), 0.8, 1, 1);
  const Points before = split.test.x;
  const double mean = split.train.x.col(0).mean();
  const double sd = std::sqrt((split.train.x.col(0).array() - mean).square().mean());
  split.test.x(0, 2) = 9.0;
  standardise(split);
  CHECK(split.train.x.leftCols(2).colwise().mean().cwiseAbs().maxCoeff() < 1e-14);
  CHECK(split.train.x.col(1).squaredNorm() == Approx(40.0));
  CHECK((split.test.x.col(0) - ((before.col(0).array() - mean) / sd).matrix()).cwiseAbs().maxCoeff() < 1e-13);
  CHECK(split.train.x.col(2).isZero(0.0));  // constant there
  CHECK(split.test.x(0, 2) == 2.0);
  CHECK(split.test.x(1, 2) == 0.0);
}

TEST_CASE("an intercept is a feature of ones") {
  Dataset data = numbered_rows(4);
  append_ones(data);
  CHECK(data.features() == 4);
  CHECK(data.x.col(1) == numbered_rows(4).x.col(1));
  CHECK(data.x.col(3) == Vector::Ones(4));
}
