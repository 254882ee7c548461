#include "filter/reference/kernel_density.hpp"

#include <algorithm>
#include <boost/math/constants/constants.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "filter/parallel.hpp"
#include "filter/random.hpp"

namespace jko {
namespace {

constexpr Index kCentres = 32768;         // that represent the particles in three dimensions or more
constexpr Index kFewestWeightBlocks = 4;  // blocks of weights, for which other threads are woken
constexpr Index kWeightRows = 8192;       // of a block
constexpr double kKernelReach = 8.0;  // bandwidths, beyond which a kernel in one or two dimensions is taken for zero
constexpr double kOctaves = 5.0;      // how far below Silverman's rule cross-validation looks
constexpr double kPerOctave = 2.0;    // bandwidths that it tries in each
constexpr double kAlone = 6.0;  // bandwidths: cross-validation takes a particle to have a neighbour at least so near,
                                // lest one that is far out decide alone

Index most_cells(Index dimension) { return dimension == 1 ? 1 << 18 : 2048; }

double gaussian_normaliser(Index dimension, double bandwidth) {
  return std::pow(boost::math::constants::two_pi<double>() * bandwidth * bandwidth,
                  -0.5 * static_cast<double>(dimension));
}

/// Bandwidths to try, the widest first.
Vector candidates(double silverman, double narrowest) {
  const double octaves = std::clamp(std::log2(silverman / narrowest), 1.0, kOctaves) + 1.0;
  const auto count = static_cast<Index>(octaves * kPerOctave) + 1;
  return Vector::NullaryExpr(
      count, [=](Index k) { return 2.0 * silverman * std::exp2(-static_cast<double>(k) / kPerOctave); });
}

/// Where the score is largest, by a parabola through the best candidate and its neighbours.
double best_of(const Vector& bandwidths, const Vector& scores) {
  Index best = 0;
  scores.maxCoeff(&best);
  if (best == 0 || best + 1 == scores.size()) return bandwidths(best);
  const double left = scores(best - 1), right = scores(best + 1);
  const double bend = left - 2.0 * scores(best) + right;
  const double shift = bend < 0.0 ? 0.5 * (left - right) / bend : 0.0;
  return bandwidths(best) * std::exp2(-std::clamp(shift, -0.5, 0.5) / kPerOctave);
}

/// Sums over `factor` cells along each axis.
Matrix coarsened(const Matrix& cells, Index factor) {
  const Index columns = cells.cols() > 1 ? factor : 1;
  Matrix sum = Matrix::Zero((cells.rows() + factor - 1) / factor, (cells.cols() + columns - 1) / columns);
  for (Index c = 0; c < cells.cols(); ++c) {
    for (Index r = 0; r < cells.rows(); ++r) sum(r / factor, c / columns) += cells(r, c);
  }
  return sum;
}

/// Each column of `cells` convolved with the symmetric `kernel`, of which the first entry is the centre.
Matrix convolved(const Matrix& cells, const Vector& kernel) {
  const Index n = cells.rows();
  Matrix result(n, cells.cols());
  for_each_block(cells.cols(), 1, [&](Index, Index column, Index) {
    const auto from = cells.col(column);
    auto to = result.col(column);
    to = kernel(0) * from;
    for (Index j = 1; j < std::min(kernel.size(), n); ++j) {
      to.head(n - j) += kernel(j) * from.tail(n - j);
      to.tail(n - j) += kernel(j) * from.head(n - j);
    }
  });
  return result;
}

}  // namespace

std::vector<Index> systematic_resample(const Vector& weights, Index count, double offset) {
  const Index n = weights.size(), blocks = (n + kWeightRows - 1) / kWeightRows;
  // Sums within a block start from zero here and below alike, so that both agree to the last bit.
  std::vector<double> before(blocks + 1, 0.0);
  const auto sum_up = [&](Index block, Index first, Index size) {
    double sum = 0.0;
    for (Index i = first; i < first + size; ++i) sum += weights(i);
    before[block + 1] = sum;
  };
  for_each_block(n, kWeightRows, sum_up, kFewestWeightBlocks);
  for (Index b = 0; b < blocks; ++b) before[b + 1] += before[b];
  const double scale = static_cast<double>(count) / before[blocks];
  // How many of the levels k + offset, k = 0 … count - 1, a cumulative weight has reached.
  const auto reached = [=](double cumulative) {
    return std::clamp<Index>(static_cast<Index>(std::floor(cumulative * scale - offset)) + 1, 0, count);
  };
  std::vector<Index> chosen(count);
  const auto choose = [&](Index block, Index first, Index size) {
    // Without a branch on how often a particle is chosen: each writes its index where its levels begin, those that are
    // not chosen are overwritten by the next, and a running maximum fills the rest.
    Vector cumulative(size);
    double sum = 0.0;
    for (Index i = 0; i < size; ++i) cumulative(i) = before[block] + (sum += weights(first + i));
    Eigen::Array<Index, Eigen::Dynamic, 1> end(size);
    for (Index i = 0; i < size; ++i) end(i) = reached(cumulative(i));
    const Index begin = reached(before[block]), last = end(size - 1);
    std::fill(chosen.begin() + begin, chosen.begin() + last, first);
    Index k = begin;
    for (Index i = 0; i < size && k < last; k = end(i++)) chosen[k] = first + i;
    Index running = first;
    for (k = begin; k < last; ++k) chosen[k] = running = std::max(running, chosen[k]);
  };
  for_each_block(n, kWeightRows, choose, kFewestWeightBlocks);
  return chosen;
}

KernelDensity::KernelDensity(const Points& x, const Vector& weights, const Vector& mean, const Matrix& covariance,
                             Bandwidth rule)
    : mean_(mean) {
  const Index d = x.cols();
  // A law that has collapsed onto one particle is still given some width.
  const double least = 1e-12 * (1.0 + x.cwiseAbs().maxCoeff());
  root_.compute(covariance + least * least * Matrix::Identity(d, d));
  log_root_ = Matrix(root_.matrixL()).diagonal().array().log().sum();

  const bool on_grid = d <= 2;
  double n = 1.0 / weights.squaredNorm();
  if (!on_grid) n = std::min(n, static_cast<double>(kCentres));
  const double dimension = static_cast<double>(d);
  bandwidth_ = std::pow((rule == Bandwidth::scott ? 1.0 : 4.0 / (dimension + 2.0)) / n, 1.0 / (dimension + 4.0));
  if (on_grid) {
    const Points z = whitened(x);
    if (rule == Bandwidth::cross_validated) bandwidth_ = cross_validated_on_grid(z, weights);
    const Vector range = z.colwise().maxCoeff() - z.colwise().minCoeff();
    const double fine = bandwidth_ / (d == 1 ? 10.0 : 4.0);
    grid_.width = std::max(fine, range.maxCoeff() / static_cast<double>(most_cells(d)));
    Index nodes[2] = {1, 1};
    for (Index k = 0; k < d; ++k) {
      grid_.low[k] = z.col(k).minCoeff();
      nodes[k] = static_cast<Index>(range(k) / grid_.width) + 2;
    }
    // A particle's mass is shared by the nodes around it.
    grid_.mass = Matrix::Zero(nodes[0], nodes[1]);
    for (Index i = 0; i < z.rows(); ++i) {
      const double row = (z(i, 0) - grid_.low[0]) / grid_.width;
      const auto r = static_cast<Index>(row);
      const double down = weights(i) * (row - static_cast<double>(r));
      if (d == 1) {
        grid_.mass(r, 0) += weights(i) - down;
        grid_.mass(r + 1, 0) += down;
        continue;
      }
      const double column = (z(i, 1) - grid_.low[1]) / grid_.width;
      const auto c = static_cast<Index>(column);
      const double right = column - static_cast<double>(c);
      grid_.mass(r, c) += (weights(i) - down) * (1.0 - right);
      grid_.mass(r + 1, c) += down * (1.0 - right);
      grid_.mass(r, c + 1) += (weights(i) - down) * right;
      grid_.mass(r + 1, c + 1) += down * right;
    }
  } else {
    const std::vector<Index> chosen = systematic_resample(weights, std::min(kCentres, x.rows()), 0.5);
    centres_ = whitened(x(chosen, Eigen::all)).cast<float>();
    if (rule == Bandwidth::cross_validated) bandwidth_ = cross_validated_on_subset(chosen, n);
  }
}

Points KernelDensity::whitened(PointsView x) const {
  Points z = x.rowwise() - mean_.transpose();
  root_.matrixL().transpose().solveInPlace<Eigen::OnTheRight>(z);
  return z;
}

// The score of a bandwidth is Σ w_i log f_i, where f_i is the density at particle i of all others. In a cell of mass m
// all particles see the same density, and of it the share Σ w_i² / m of one kernel's peak is their own.
double KernelDensity::cross_validated_on_grid(const Points& z, const Vector& weights) const {
  constexpr double kCellsInBandwidth = 4.0;
  const Index d = z.cols();
  const Vector low = z.colwise().minCoeff().transpose(), range = z.colwise().maxCoeff().transpose() - low;
  const double finest = std::max(bandwidth_ * std::exp2(-kOctaves) / kCellsInBandwidth,
                                 range.maxCoeff() / static_cast<double>(most_cells(d)));
  Matrix mass = Matrix::Zero(static_cast<Index>(range(0) / finest) + 1,
                             d == 1 ? 1 : static_cast<Index>(range(d - 1) / finest) + 1);
  Matrix squares = mass;
  for (Index i = 0; i < z.rows(); ++i) {
    const auto r = static_cast<Index>((z(i, 0) - low(0)) / finest);
    const auto c = d == 1 ? 0 : static_cast<Index>((z(i, 1) - low(1)) / finest);
    mass(r, c) += weights(i);
    squares(r, c) += weights(i) * weights(i);
  }
  const Vector bandwidths = candidates(bandwidth_, kCellsInBandwidth * finest);
  Vector scores = Vector::Constant(bandwidths.size(), -std::numeric_limits<double>::infinity());
  for (Index k = 0; k < bandwidths.size(); ++k) {
    // Once it has fallen twice, the score falls further, and ever narrower kernels cost ever more cells.
    if (k >= 3 && scores(k - 1) < scores(k - 2) && scores(k - 2) < scores(k - 3)) break;
    const double h = bandwidths(k);
    const Index factor = std::max<Index>(1, static_cast<Index>(h / (kCellsInBandwidth * finest)));
    const double width = finest * static_cast<double>(factor) / h;
    const Matrix m = coarsened(mass, factor), q = coarsened(squares, factor);
    const auto reach = static_cast<Index>(kAlone / width) + 1;
    const Vector kernel = Vector::NullaryExpr(
        reach, [=](Index j) { return std::exp(-0.5 * std::pow(width * static_cast<double>(j), 2)); });
    Matrix density = convolved(m, kernel);
    if (d == 2) density = convolved(density.transpose(), kernel).transpose().eval();
    const double peak = gaussian_normaliser(d, h), least = std::exp(-0.5 * kAlone * kAlone);
    double score = 0.0;
    for (Index i = 0; i < m.size(); ++i) {
      const double own = m.data()[i];
      if (own == 0.0) continue;
      const double self = q.data()[i] / own;
      score += own * std::log(peak * std::max(density.data()[i] - self, self * least));
    }
    scores(k) = score;
  }
  return best_of(bandwidths, scores);
}

// As above, of some of the centres by some others; the bandwidth goes with the number of kernels as Silverman's does.
double KernelDensity::cross_validated_on_subset(const std::vector<Index>& particle, double count) const {
  constexpr Index kKernels = 8192, kTests = 512;
  const Index d = centres_.cols(), n = centres_.rows();
  const Index kernel_stride = (n + kKernels - 1) / kKernels, kernels = n / kernel_stride;
  const Index tests = std::min(kTests, n);
  const double power = 1.0 / static_cast<double>(d + 4);
  const double shrinks = std::min(1.0, std::pow(static_cast<double>(kernels) / count, power));
  const Vector bandwidths = candidates(bandwidth_ / shrinks, 0.0);
  Matrix log_densities(tests, bandwidths.size());
  for_each_block(tests, 16, [&](Index, Index first, Index size) {
    Eigen::ArrayXf square(kernels);
    for (Index t = first; t < first + size; ++t) {
      const Index self = t * n / tests;
      square.setZero();
      for (Index k = 0; k < d; ++k) {
        for (Index j = 0; j < kernels; ++j) {
          const float apart = centres_(j * kernel_stride, k) - centres_(self, k);
          square(j) += apart * apart;
        }
      }
      for (Index j = 0; j < kernels; ++j) {
        if (particle[j * kernel_stride] == particle[self]) square(j) = std::numeric_limits<float>::max();
      }
      const float nearest = square.minCoeff();
      for (Index b = 0; b < bandwidths.size(); ++b) {
        const double h = bandwidths(b);
        const auto scale = static_cast<float>(-0.5 / (h * h));
        const auto sum = static_cast<double>(((square - nearest) * scale).exp().sum());
        log_densities(t, b) =
            static_cast<double>(nearest * scale) + std::log(sum) + std::log(gaussian_normaliser(d, h));
      }
    }
  });
  return best_of(bandwidths, log_densities.colwise().mean().transpose()) * shrinks;
}

Vector KernelDensity::log_density(PointsView points) const {
  const Points z = whitened(points);
  return centres_.size() > 0 ? log_density_of_centres(z) : log_density_on_grid(z);
}

Points KernelDensity::sample(Index count, std::uint64_t seed) const {
  const Index d = mean_.size();
  Matrix uniform(count, 1);
  Points z(count, d);
  fill_uniform(seed, 0, uniform);
  fill_standard_normal(seed, 1, z);
  if (centres_.size() > 0) {
    const auto n = static_cast<double>(centres_.rows());
    for (Index i = 0; i < count; ++i) {
      z.row(i) = bandwidth_ * z.row(i) + centres_.row(static_cast<Index>(uniform(i) * n)).cast<double>();
    }
  } else {
    Vector cumulative(grid_.mass.size());
    std::partial_sum(grid_.mass.data(), grid_.mass.data() + grid_.mass.size(), cumulative.begin());
    const double total = cumulative(cumulative.size() - 1);
    for (Index i = 0; i < count; ++i) {
      const auto above = std::upper_bound(cumulative.begin(), cumulative.end(), uniform(i) * total);
      const Index node = std::min<Index>(above - cumulative.begin(), cumulative.size() - 1);
      const Index at[2] = {node % grid_.mass.rows(), node / grid_.mass.rows()};
      for (Index k = 0; k < d; ++k) {
        z(i, k) = grid_bandwidth() * z(i, k) + grid_.low[k] + grid_.width * static_cast<double>(at[k]);
      }
    }
  }
  return (z * Matrix(root_.matrixL()).transpose()).rowwise() + mean_.transpose();
}

// Sharing mass among nodes has widened the particles; the kernels are that much narrower.
double KernelDensity::grid_bandwidth() const {
  const double variance = bandwidth_ * bandwidth_ - grid_.width * grid_.width / 6.0;
  return std::max(std::sqrt(std::max(variance, 0.0)), grid_.width);
}

Vector KernelDensity::log_density_on_grid(const Points& z) const {
  const Index d = z.cols();
  const double h = grid_bandwidth();
  const double log_normaliser = std::log(gaussian_normaliser(d, h)) - log_root_;
  Vector result(z.rows());
  for_each_block(z.rows(), 64, [&](Index, Index begin, Index size) {
    Eigen::VectorXd kernel[2];
    for (Index i = begin; i < begin + size; ++i) {
      Index first[2] = {0, 0};
      kernel[1] = Vector::Ones(1);
      for (Index k = 0; k < d; ++k) {
        const Index nodes = k == 0 ? grid_.mass.rows() : grid_.mass.cols();
        const double centre = (z(i, k) - grid_.low[k]) / grid_.width, reach = kKernelReach * h / grid_.width;
        const auto node = [=](double at) {
          return static_cast<Index>(std::clamp(at, 0.0, static_cast<double>(nodes - 1)));
        };
        first[k] = node(centre - reach);
        const Index count = node(centre + reach + 1.0) - first[k] + 1;
        const double start = static_cast<double>(first[k]) - centre, scale = grid_.width / h;
        kernel[k] =
            (-0.5 * (scale * Eigen::ArrayXd::LinSpaced(count, start, start + static_cast<double>(count - 1))).square())
                .exp();
      }
      const auto near = grid_.mass.block(first[0], first[1], kernel[0].size(), kernel[1].size());
      result(i) = std::log(kernel[0].dot(near * kernel[1])) + log_normaliser;
    }
  });
  return result;
}

Vector KernelDensity::log_density_of_centres(const Points& z) const {
  const Index d = z.cols(), n = centres_.rows();
  const double log_normaliser =
      std::log(gaussian_normaliser(d, bandwidth_)) - log_root_ - std::log(static_cast<double>(n));
  Vector result(z.rows());
  for_each_block(z.rows(), 4, [&](Index, Index first, Index size) {
    Eigen::ArrayXf exponent(n);
    for (Index i = first; i < first + size; ++i) {
      exponent.setZero();
      for (Index k = 0; k < d; ++k) exponent += (centres_.col(k).array() - static_cast<float>(z(i, k))).square();
      exponent *= static_cast<float>(-0.5 / (bandwidth_ * bandwidth_));
      const float top = exponent.maxCoeff();
      result(i) = top + std::log(static_cast<double>((exponent - top).exp().sum())) + log_normaliser;
    }
  });
  return result;
}

}  // namespace jko
