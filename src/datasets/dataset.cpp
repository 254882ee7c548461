#include "src/datasets/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "filter/random.hpp"

namespace jko {

Split split_dataset(const Dataset& data, double train_share, std::uint64_t seed, std::uint64_t repeat) {
  const Index n = data.rows();
  Matrix key(n, 1);
  fill_uniform(seed, repeat, key);
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](Index i, Index j) { return key(i) < key(j) || (key(i) == key(j) && i < j); });
  const auto train = std::clamp<Index>(static_cast<Index>(std::floor(train_share * static_cast<double>(n))), 1, n - 1);
  const auto part = [&](Index first, Index count) {
    const std::vector<Index> rows(order.begin() + first, order.begin() + first + count);
    return Dataset{data.name, data.x(rows, Eigen::all), data.y(rows)};
  };
  return {part(0, train), part(train, n - train)};
}

void standardise(Split& split) {
  const Eigen::RowVectorXd mean = split.train.x.colwise().mean();
  split.train.x.rowwise() -= mean;
  split.test.x.rowwise() -= mean;
  for (Index k = 0; k < split.train.features(); ++k) {
    const double sd = std::sqrt(split.train.x.col(k).squaredNorm() / static_cast<double>(split.train.rows()));
    // Of a constant feature only rounding is left.
    if (sd <= 1e-12 * (1.0 + std::abs(mean[k]))) {
      split.train.x.col(k).setZero();
      continue;
    }
    split.train.x.col(k) /= sd;
    split.test.x.col(k) /= sd;
  }
}

void append_ones(Dataset& data) {
  data.x.conservativeResize(Eigen::NoChange, data.features() + 1);
  data.x.rightCols(1).setOnes();
}

}  // namespace jko
