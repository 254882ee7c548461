#include "filter/reference/svgd.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "filter/parallel.hpp"

namespace jko {
namespace {

/// So many pairs are too few to wake other threads for.
constexpr Index kFewPairs = 256 * 256;

/// Calls body(first, count) for blocks of particles.
template <typename Body>
void for_particles(Index n, const Body& body) {
  const Index blocks = (n + kFewRows - 1) / kFewRows;
  for_each_block(
      n, kFewRows, [&](Index, Index first, Index count) { body(first, count); }, n * n <= kFewPairs ? blocks + 1 : 2);
}

}  // namespace

Svgd::Svgd(Points start, SvgdOptions options)
    : options_(options),
      x_(std::move(start)),
      gradient_(x_.rows(), x_.cols()),
      direction_(x_.rows(), x_.cols()),
      squared_distance_(x_.rows(), x_.rows()) {
  const auto require = [](bool condition, const char* what) {
    if (!condition) throw std::invalid_argument(std::string("svgd: ") + what);
  };
  require(x_.rows() >= 2 && x_.cols() >= 1, "there are fewer than two particles");
  require(x_.allFinite(), "a particle is not finite");
  require(options.step > 0.0 && options.fudge > 0.0, "step and fudge are not positive");
  require(options.memory >= 0.0 && options.memory < 1.0, "memory is not in [0, 1)");
  pairs_.resize(static_cast<std::size_t>(x_.rows() * (x_.rows() - 1) / 2));
}

void Svgd::measure_distances() {
  const Vector norm = x_.rowwise().squaredNorm();
  for_particles(x_.rows(), [&](Index first, Index count) {
    FewRows block = norm.segment(first, count).replicate(1, x_.rows());
    block.rowwise() += norm.transpose();
    block.noalias() -= 2.0 * x_.middleRows(first, count) * x_.transpose();
    squared_distance_.middleCols(first, count) = block.cwiseMax(0.0).transpose();  // rounding may go below 0
    for (Index j = first; j < first + count; ++j) {
      std::copy_n(squared_distance_.col(j).data(), j, pairs_.begin() + j * (j - 1) / 2);
    }
  });
}

double Svgd::median_squared_distance() {
  const auto middle = pairs_.begin() + static_cast<std::ptrdiff_t>(pairs_.size() / 2);
  std::nth_element(pairs_.begin(), middle, pairs_.end());
  return *middle;
}

void Svgd::step(const Potential& potential, double t) {
  const Index n = x_.rows();
  potential.gradient(x_, t, gradient_);
  gradient_ = gradient_.array().isFinite().select(gradient_, 0.0);
  measure_distances();
  // Where most particles coincide any width will do: it has only to be a number.
  bandwidth_ = std::max(median_squared_distance(), 1e-300) / std::log(static_cast<double>(n + 1));

  for_particles(n, [&](Index first, Index count) {
    const FewRows kernel = (squared_distance_.middleCols(first, count).transpose().array() * (-1.0 / bandwidth_)).exp();
    FewRows direction = kernel.rowwise().sum().asDiagonal() * x_.middleRows(first, count);
    direction.noalias() -= kernel * x_;
    direction *= 2.0 / bandwidth_;
    direction.noalias() -= kernel * gradient_;
    direction_.middleRows(first, count) = direction / static_cast<double>(n);
  });

  if (mean_square_.size() == 0) {
    mean_square_ = direction_.cwiseAbs2();
  } else {
    mean_square_ = options_.memory * mean_square_ + (1.0 - options_.memory) * direction_.cwiseAbs2();
  }
  x_.array() += options_.step * direction_.array() / (options_.fudge + mean_square_.array().sqrt());
}

}  // namespace jko
