#include "filter/reference/chain_diagnostics.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cassert>
#include <cmath>
#include <numeric>
#include <vector>

namespace jko {
namespace {

/// Each chain's halves as chains of their own.
Matrix split_chains(const Matrix& draws) {
  const Index half = draws.rows() / 2;
  Matrix halves(half, 2 * draws.cols());
  halves << draws.topRows(half), draws.middleRows(half, half);
  return halves;
}

/// Draws become normal quantiles of their ranks among all of them; equal ones share the mean of theirs.
Matrix rank_normalised(const Matrix& draws) {
  const Index n = draws.size();
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](Index i, Index j) { return draws(i) < draws(j); });
  const boost::math::normal normal;
  Matrix scores(draws.rows(), draws.cols());
  for (Index first = 0; first < n;) {
    Index end = first + 1;
    while (end < n && draws(order[static_cast<std::size_t>(end)]) == draws(order[static_cast<std::size_t>(first)]))
      ++end;
    const double rank = 0.5 * static_cast<double>(first + 1 + end);
    const double score = boost::math::quantile(normal, (rank - 0.375) / (static_cast<double>(n) + 0.25));
    for (; first < end; ++first) scores(order[static_cast<std::size_t>(first)]) = score;
  }
  return scores;
}

/// W, the mean of the chains' variances, and var⁺, that of the law as all chains together have it (equations 1 to 3).
struct Variances {
  double within, total;
};
Variances variances(const Matrix& chains) {
  const auto n = static_cast<double>(chains.rows()), m = static_cast<double>(chains.cols());
  const Eigen::RowVectorXd mean = chains.colwise().mean();
  const double within = (chains.rowwise() - mean).squaredNorm() / (m * (n - 1.0));
  const double between = (mean.array() - mean.mean()).square().sum() / (m - 1.0);
  return {within, (n - 1.0) / n * within + between};
}

double r_hat(const Matrix& chains) {
  const auto [within, total] = variances(chains);
  return std::sqrt(total / within);
}

double median(const Matrix& draws) {
  std::vector<double> sorted(draws.data(), draws.data() + draws.size());
  const auto middle = sorted.begin() + draws.size() / 2;
  std::nth_element(sorted.begin(), middle, sorted.end());
  return *middle;
}

double effective_sample_size(const Matrix& chains) {
  const Index n = chains.rows();
  const auto [within, total] = variances(chains);
  const Matrix centred = chains.rowwise() - chains.colwise().mean();
  // Equation 10: autocovariances of the chains, on average, corrected by how far the chains lie apart.
  const auto correlation = [&, within = within, total = total](Index lag) {
    const double covariance = centred.topRows(n - lag).cwiseProduct(centred.bottomRows(n - lag)).sum() /
                              static_cast<double>((n - 1) * chains.cols());
    return 1.0 - (within - covariance) / total;
  };
  // Geyer's initial monotone sequence: sums of two neighbours, as long as they are positive, and never rising.
  double sum = 0.0, last = std::numeric_limits<double>::infinity();
  for (Index lag = 0; lag + 1 < n; lag += 2) {
    const double pair = std::min((lag == 0 ? 1.0 : correlation(lag)) + correlation(lag + 1), last);
    if (!(pair > 0.0)) break;
    sum += pair;
    last = pair;
  }
  const auto draws = static_cast<double>(chains.size());
  // Chains may be better than independent, but not by more than the sum's own uncertainty lets one say.
  const double time = std::max(2.0 * sum - 1.0, 1.0 / std::log10(draws));
  return draws / time;
}

}  // namespace

ChainDiagnostics diagnose(const Matrix& draws) {
  assert(draws.rows() >= 4 && draws.cols() >= 1);
  if (draws.maxCoeff() == draws.minCoeff()) return {NAN, NAN};
  const Matrix halves = split_chains(draws);
  const Matrix scores = rank_normalised(halves);
  // Chains with the same mean but other spreads differ in their distances from the median.
  const Matrix folded = rank_normalised((halves.array() - median(halves)).abs());
  return {std::max(r_hat(scores), r_hat(folded)), effective_sample_size(scores)};
}

}  // namespace jko
