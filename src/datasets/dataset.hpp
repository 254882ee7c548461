#pragma once
/// Data for classification into two classes, and their random division into a part to learn from and a part to be
/// tested on.
///
///     Dataset banana = load_dataset("data", "banana", seed);        // dataset_file.hpp
///     Split split = split_dataset(banana, 0.8, seed, repeat);
///     standardise(split);

#include <cstdint>
#include <string>

#include "jko/types.hpp"

namespace jko {

struct Dataset {
  std::string name;
  Points x;  ///< features, (n, d)
  Vector y;  ///< labels -1 and 1, (n)

  Index rows() const { return x.rows(); }
  Index features() const { return x.cols(); }
};

struct Split {
  Dataset train, test;
};

/// A random division, a function of (seed, repeat): `train_share` of the rows, rounded down, and the rest. Each part
/// keeps at least one row; precondition: there are two.
Split split_dataset(const Dataset& data, double train_share, std::uint64_t seed, std::uint64_t repeat);

/// Shifts and scales each feature of both parts such that in the training part its mean is 0 and its variance 1. A
/// feature that is constant there becomes 0 where it has that value.
void standardise(Split& split);

/// Appends a feature that is 1, whose weight is an intercept.
void append_ones(Dataset& data);

}  // namespace jko
