#include "filter/reference/particle_cloud.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "filter/parallel.hpp"
#include "filter/random.hpp"

namespace jko {
namespace {

constexpr Index kRows = 8192;       // of a block: few enough to stay in cache from one pass to the next
constexpr Index kFewestBlocks = 4;  // blocks, for which other threads are woken

}  // namespace

ParticleCloud::ParticleCloud(Points x, Bandwidth bandwidth)
    : x_(std::move(x)),
      weights_(Vector::Constant(x_.rows(), 1.0 / static_cast<double>(x_.rows()))),
      bandwidth_(bandwidth),
      effective_sample_size_(static_cast<double>(x_.rows())) {}

double ParticleCloud::reweight(const LogLikelihood& log_likelihood) {
  const Index n = size(), blocks = (n + kRows - 1) / kRows;
  // Each block takes its weights relative to its own largest at first, so that they are visited only once more.
  Eigen::ArrayXd tops(blocks), sums(blocks), squares(blocks);
  spare_weights_.resize(n);
  Vector& relative = spare_weights_;
  const auto weigh = [&](Index block, Index first, Index count) {
    auto own = relative.segment(first, count);
    log_likelihood(first, own);
    if (!equal_weights_) own.array() += weights_.segment(first, count).array().log();
    own = own.unaryExpr([](double v) { return std::isnan(v) ? -kInfinity : v; });
    tops(block) = own.maxCoeff();
    // All of a block may be impossible.
    own.array() = (own.array() - std::max(tops(block), std::numeric_limits<double>::lowest())).exp();
    sums(block) = own.sum();
    squares(block) = own.squaredNorm();
  };
  for_each_block(n, kRows, weigh, kFewestBlocks);
  const double top = tops.maxCoeff();
  if (!(top > -kInfinity)) return -kInfinity;
  const Eigen::ArrayXd scale = (tops - top).exp();
  const double sum = (sums * scale).sum();
  const auto normalise = [&](Index block, Index first, Index count) {
    weights_.segment(first, count) = relative.segment(first, count) * (scale(block) / sum);
  };
  for_each_block(n, kRows, normalise, kFewestBlocks);
  const double log_mean = top + std::log(equal_weights_ ? sum / static_cast<double>(n) : sum);
  effective_sample_size_ = sum * sum / (squares * scale.square()).sum();
  equal_weights_ = false;
  density_.reset();
  return log_mean;
}

void ParticleCloud::resample(double offset) {
  const std::vector<Index> chosen = systematic_resample(weights_, size(), offset);
  spare_.resize(x_.rows(), x_.cols());
  const auto take = [&](Index, Index first, Index count) {
    for (Index k = 0; k < x_.cols(); ++k) {
      for (Index i = first; i < first + count; ++i) spare_(i, k) = x_(chosen[i], k);
    }
    weights_.segment(first, count).setConstant(1.0 / static_cast<double>(x_.rows()));
  };
  for_each_block(size(), kRows, take, kFewestBlocks);
  x_.swap(spare_);
  effective_sample_size_ = static_cast<double>(size());
  equal_weights_ = true;
  density_.reset();
}

Vector ParticleCloud::mean() const {
  Matrix sums(x_.cols(), (x_.rows() + kRows - 1) / kRows);
  const auto sum_up = [&](Index block, Index first, Index size) {
    sums.col(block).noalias() = x_.middleRows(first, size).transpose() * weights_.segment(first, size);
  };
  for_each_block(x_.rows(), kRows, sum_up, kFewestBlocks);
  return sums.rowwise().sum();
}

Matrix ParticleCloud::covariance() const {
  const Index d = x_.cols(), blocks = (x_.rows() + kRows - 1) / kRows;
  const Vector centre = mean();
  Matrix sums(d * d, blocks);
  const auto sum_up = [&](Index block, Index first, Index size) {
    const Points centred = x_.middleRows(first, size).rowwise() - centre.transpose();
    const Matrix sum = centred.transpose() * weights_.segment(first, size).asDiagonal() * centred;
    sums.col(block) = sum.reshaped();
  };
  for_each_block(x_.rows(), kRows, sum_up, kFewestBlocks);
  return sums.rowwise().sum().reshaped(d, d);
}

// Without a full sort: only particles in those cells of a histogram in which a quantile lies are put in order.
Matrix ParticleCloud::quantiles(const std::vector<double>& levels) const {
  constexpr Index kCells = 1 << 14;
  struct Cell {
    double mass = 0.0;
    bool wanted = false;
    std::vector<std::pair<double, double>> members;  ///< value and weight
  };
  const Index n = x_.rows();
  Matrix result(static_cast<Index>(levels.size()), x_.cols());
  for_each_block(x_.cols(), 1, [&](Index, Index k, Index) {
    const auto values = x_.col(k);
    const double low = values.minCoeff(), range = values.maxCoeff() - low;
    const double scale = range > 0.0 ? static_cast<double>(kCells - 1) / range : 0.0;
    const auto cell_of = [=](double value) { return static_cast<Index>((value - low) * scale); };
    std::vector<Cell> cells(kCells);
    for (Index i = 0; i < n; ++i) cells[cell_of(values(i))].mass += weights_(i);
    // Each level's cell, and the mass below it.
    std::vector<std::pair<Index, double>> at(levels.size());
    for (std::size_t q = 0; q < levels.size(); ++q) {
      Index c = 0, last = 0;
      double below = 0.0, below_last = 0.0;
      for (; c < kCells; ++c) {
        if (cells[c].mass == 0.0) continue;
        last = c;
        below_last = below;
        below += cells[c].mass;
        if (below >= levels[q]) break;
      }
      at[q] = {last, below_last};
      cells[last].wanted = true;
    }
    for (Index i = 0; i < n; ++i) {
      Cell& cell = cells[cell_of(values(i))];
      if (cell.wanted) cell.members.emplace_back(values(i), weights_(i));
    }
    for (Cell& cell : cells) std::sort(cell.members.begin(), cell.members.end());
    for (std::size_t q = 0; q < levels.size(); ++q) {
      const auto& members = cells[at[q].first].members;
      double cumulative = at[q].second;
      std::size_t i = 0;
      while (i + 1 < members.size() && cumulative + members[i].second < levels[q]) cumulative += members[i++].second;
      result(static_cast<Index>(q), k) = members[i].first;
    }
  });
  return result;
}

const KernelDensity& ParticleCloud::density() const {
  if (!density_) density_.emplace(x_, weights_, mean(), covariance(), bandwidth_);
  return *density_;
}

Points ParticleCloud::sample_density(Index count, std::uint64_t seed) const { return density().sample(count, seed); }

Vector ParticleCloud::log_density(PointsView points) const { return density().log_density(points); }

Points ParticleCloud::sample(Index count, std::uint64_t seed) const {
  Matrix uniform(count, 1);
  fill_uniform(seed, 0, uniform);
  Vector cumulative(weights_.size());
  std::partial_sum(weights_.begin(), weights_.end(), cumulative.begin());
  std::vector<Index> chosen(count);
  for (Index i = 0; i < count; ++i) {
    const Index k =
        std::lower_bound(cumulative.begin(), cumulative.end(), uniform(i) * cumulative.tail(1)(0)) - cumulative.begin();
    chosen[i] = std::min(k, weights_.size() - 1);
  }
  return x_(chosen, Eigen::all);
}

}  // namespace jko
