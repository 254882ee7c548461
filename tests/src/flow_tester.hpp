#pragma once
/// A saved flow for tests of what is done with it.

#include <sstream>
#include <string>
#include <vector>

#include "jko/linear_gaussian.hpp"
#include "jko/quadratic.hpp"
#include "src/flow_file.hpp"
#include "src/timestamp.hpp"

namespace jko::test {

/// An Ornstein-Uhlenbeck process from a Gaussian: its flow is Gaussian, and in this one dimension or three exact but
/// for the steps.
inline Model ou_to_save(Index d) {
  Matrix A = Matrix::Identity(d, d);
  for (Index k = 0; k + 1 < d; ++k) A(k, k + 1) = A(k + 1, k) = 0.4;
  return {std::make_shared<Quadratic>(A, Vector::Zero(d)), 1.0,
          GaussianMixture::gaussian(Vector::Constant(d, 1.0), 0.5 * Matrix::Identity(d, d)),
          std::make_shared<LinearGaussian>(Matrix::Identity(d, d), Matrix::Identity(d, d))};
}

inline JkoFilter ou_flow(const Model& model) {
  JkoOptions options;
  options.step = 0.1;
  options.nodes = 256;
  options.widths = {4};
  JkoFilter filter(model, options);
  filter.predict(0.5);
  return filter;
}

/// The numbers of a CSV text after its header, which is checked to be `header`.
inline Matrix numbers_under(const std::string& header, const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  if (!std::getline(lines, line) || line != header) throw std::runtime_error("the header is " + line);
  std::vector<std::vector<double>> rows;
  while (std::getline(lines, line)) {
    rows.emplace_back();
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) rows.back().push_back(parse_number(cell).value());
  }
  Matrix numbers(static_cast<Index>(rows.size()), rows.empty() ? 0 : static_cast<Index>(rows.front().size()));
  for (Index i = 0; i < numbers.rows(); ++i) {
    for (Index k = 0; k < numbers.cols(); ++k) numbers(i, k) = rows.at(i).at(k);
  }
  return numbers;
}

}  // namespace jko::test
