#include "filter/reference/chang_cooper.hpp"

#include <algorithm>
#include <cmath>

namespace jko {
namespace {

const double kGamma = 2.0 - std::sqrt(2.0);
const double kAlpha = 0.5 * kGamma;  // both stages of TR-BDF2 solve with I - α dt A

/// z / (e^z - 1).
double bernoulli(double z) {
  if (std::abs(z) < 1e-5) return 1.0 - 0.5 * z + z * z / 12.0;
  if (z > 700.0) return 0.0;
  return z / std::expm1(z);
}

/// Calls f(first, count) for blocks of lines, on all threads if there are enough of them.
template <typename F>
void for_blocks_of_lines(Index lines, const F& f) {
  constexpr Index kBlock = 32;
  const Index blocks = (lines + kBlock - 1) / kBlock;
#pragma omp parallel for schedule(static) if (blocks > 1)
  for (Index b = 0; b < blocks; ++b) f(b * kBlock, std::min(kBlock, lines - b * kBlock));
}

}  // namespace

ChangCooper::ChangCooper(const Matrix& scaled_potential, double diffusion) {
  const Index cells = scaled_potential.cols();
  const Matrix step = scaled_potential.rightCols(cells - 1) - scaled_potential.leftCols(cells - 1);
  up_ = diffusion * step.unaryExpr(&bernoulli);
  down_ = diffusion * (-step).unaryExpr(&bernoulli);
}

void ChangCooper::factorise(double dt) {
  if (dt == dt_) return;
  dt_ = dt;
  const double a = kAlpha * dt;
  const Index lines = up_.rows(), cells = up_.cols() + 1;
  inverse_.resize(lines, cells);
  ratio_.resize(lines, cells - 1);
  for (Index j = 0; j < cells; ++j) {
    for (Index i = 0; i < lines; ++i) {
      double diagonal = 1.0;
      if (j + 1 < cells) diagonal += a * up_(i, j);
      if (j > 0) diagonal += a * down_(i, j - 1) - a * up_(i, j - 1) * ratio_(i, j - 1);
      inverse_(i, j) = 1.0 / diagonal;
      if (j + 1 < cells) ratio_(i, j) = a * down_(i, j) * inverse_(i, j);
    }
  }
}

void ChangCooper::apply(const Matrix& density, double scale, Matrix& result) const {
  const Index cells = density.cols();
  result.resize(density.rows(), cells);
  for_blocks_of_lines(density.rows(), [&](Index first, Index n) {
    for (Index j = 0; j < cells; ++j) {
      auto out = result.col(j).segment(first, n).array();
      const auto here = density.col(j).segment(first, n).array();
      out = here;
      if (j + 1 < cells) {
        out += scale * (down_.col(j).segment(first, n).array() * density.col(j + 1).segment(first, n).array() -
                        up_.col(j).segment(first, n).array() * here);
      }
      if (j > 0) {
        out += scale * (up_.col(j - 1).segment(first, n).array() * density.col(j - 1).segment(first, n).array() -
                        down_.col(j - 1).segment(first, n).array() * here);
      }
    }
  });
}

void ChangCooper::solve(Matrix& density) const {
  const double a = kAlpha * dt_;
  const Index cells = density.cols();
  for_blocks_of_lines(density.rows(), [&](Index first, Index n) {
    for (Index j = 0; j < cells; ++j) {
      auto x = density.col(j).segment(first, n).array();
      if (j > 0) x += a * up_.col(j - 1).segment(first, n).array() * density.col(j - 1).segment(first, n).array();
      x *= inverse_.col(j).segment(first, n).array();
    }
    for (Index j = cells - 2; j >= 0; --j) {
      density.col(j).segment(first, n).array() +=
          ratio_.col(j).segment(first, n).array() * density.col(j + 1).segment(first, n).array();
    }
  });
}

void ChangCooper::advance(Matrix& density, double dt) {
  factorise(dt);
  apply(density, kAlpha * dt, first_);
  solve(first_);
  const double share = 1.0 / (kGamma * (2.0 - kGamma)), rest = (1.0 - kGamma) * (1.0 - kGamma) * share;
  second_ = share * first_ - rest * density;
  solve(second_);
  density.swap(second_);
}

}  // namespace jko
