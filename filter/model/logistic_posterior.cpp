#include "filter/model/logistic_posterior.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <unordered_set>
#include <vector>

#include "filter/model/text.hpp"
#include "filter/parallel.hpp"
#include "filter/random.hpp"

namespace jko {
namespace {

/// Parameter vectors by rows of data in a tile: its margins stay in the nearer caches. A product of as many factors
/// in (1, 2] as a tile has rows of data is finite.
constexpr Index kTileVectors = kFewRows, kTileRows = 256;

/// With few parameter vectors the rows are shared out among threads as well, in pieces of at least so many.
constexpr Index kFewestRows = 2048, kTasks = 32;

/// So many margins, some 0.1 ms, are too few to wake other threads for.
constexpr Index kFewMargins = 32 * 1024;

/// Sums over some rows of the data, for some parameter vectors.
struct PartialSum {
  Vector loss;       ///< Σ_i log(1 + exp(-m_i))
  FewRows gradient;  ///< -Σ_i y_i x_i / (1 + exp(m_i)), shape (vectors, d)
};

struct TileWorkspace {
  FewRows margin = FewRows(kTileVectors, kTileRows), weight = FewRows(kTileVectors, kTileRows);
};

/// Adds the rows [first, first + count) of `signed_rows` (d, n) for the weights `w` (vectors, d).
void add_rows(const Matrix& signed_rows, Index first, Index count, PointsView w, TileWorkspace& work, PartialSum& sum) {
  for (Index done = 0; done < count; done += kTileRows) {
    const Index rows = std::min(kTileRows, count - done);
    const auto data = signed_rows.middleCols(first + done, rows);
    auto margin = work.margin.topLeftCorner(w.rows(), rows);
    auto weight = work.weight.topLeftCorner(w.rows(), rows);
    margin.noalias() = w * data;
    for (Index j = 0; j < w.rows(); ++j) {
      // log(1 + exp(-m)) = max(-m, 0) + log(1 + exp(-|m|)), and the logarithms of a tile are that of one product.
      const double* m = margin.row(j).data();
      double* e = weight.row(j).data();
      weight.row(j) = (-margin.row(j).array().abs()).exp();
      double product = 1.0, wrong = 0.0;
#pragma omp simd reduction(* : product) reduction(+ : wrong) simdlen(kLanes <double>)
      for (Index i = 0; i < rows; ++i) {
        product *= 1.0 + e[i];
        wrong += std::max(-m[i], 0.0);
        e[i] = -(m[i] < 0.0 ? 1.0 : e[i]) / (1.0 + e[i]);
      }
      sum.loss[j] += wrong + std::log(product);
    }
    sum.gradient.noalias() += weight * data.transpose();
  }
}

/// Adds the Taylor polynomials around `sum.at` of the rows [first, first + count) of `signed_rows` (d, n); of the
/// Hessian the lower half alone.
void add_expansions(const Matrix& signed_rows, Index first, Index count, LikelihoodExpansion& sum) {
  // Enough rows for the product of matrices to be worth its name, few enough to stay in a cache.
  constexpr Index kRows = 512;
  Matrix weighted(signed_rows.rows(), std::min(kRows, count));
  for (Index done = 0; done < count; done += kRows) {
    const Index rows = std::min(kRows, count - done);
    const auto data = signed_rows.middleCols(first + done, rows);
    const Eigen::ArrayXd margin = (data.transpose() * sum.at).array();
    const Eigen::ArrayXd e = (-margin.abs()).exp();  // the smaller of both probabilities is e/(1 + e)
    const Eigen::ArrayXd wrong = (margin < 0.0).select(Eigen::ArrayXd::Ones(rows), e) / (1.0 + e);
    sum.value += ((-margin).max(0.0) + e.log1p()).sum();
    sum.gradient.noalias() -= data * wrong.matrix();
    weighted.leftCols(rows) = data * (e.sqrt() / (1.0 + e)).matrix().asDiagonal();
    sum.hessian.selfadjointView<Eigen::Lower>().rankUpdate(weighted.leftCols(rows));
  }
}

/// e^s and its slope, as a straight line beyond s = 50.
struct Exponential {
  double value, slope;
};
Exponential straightened_exponential(double s) {
  constexpr double kEnd = 50.0;
  const double slope = std::exp(std::min(s, kEnd));
  return {slope * (1.0 + std::max(s - kEnd, 0.0)), slope};
}

/// `size` different numbers of 0 … n-1, each subset as likely as any other, in ascending order: Floyd's algorithm
/// (Bentley and Floyd 1987, "A sample of brilliance").
std::vector<Index> random_subset(Index n, Index size, std::uint64_t seed, std::uint64_t step) {
  Matrix uniform(size, 1);
  fill_uniform(seed, step, uniform);
  std::unordered_set<Index> chosen;
  for (Index i = 0; i < size; ++i) {
    const Index last = n - size + i;
    const auto candidate = std::min(last, static_cast<Index>(uniform(i) * static_cast<double>(last + 1)));
    if (!chosen.insert(candidate).second) chosen.insert(last);
  }
  std::vector<Index> sorted(chosen.begin(), chosen.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

void require_valid(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(std::string("logistic posterior: ") + what);
}

}  // namespace

LogisticPosterior::LogisticPosterior(PointsView x, const Vector& y, PrecisionPrior prior) : prior_(prior) {
  require_valid(x.size() > 0, "there are no data");
  require_valid(x.rows() == y.size(), "there is not one label for each row of features");
  require_valid(x.allFinite(), "a feature is not finite");
  require_valid((y.array().abs() == 1.0).all(), "a label is neither -1 nor 1");
  require_valid(prior.shape > 0.0 && prior.rate > 0.0 && std::isfinite(prior.shape) && std::isfinite(prior.rate),
                "the prior's shape and rate are not positive numbers");
  signed_rows_ = std::make_shared<const Matrix>(x.transpose() * y.asDiagonal());
}

LogisticPosterior::LogisticPosterior(std::shared_ptr<const Matrix> signed_rows, PrecisionPrior prior, double scale)
    : signed_rows_(std::move(signed_rows)), prior_(prior), scale_(scale) {}

void LogisticPosterior::evaluate(PointsView theta, double, Eigen::Ref<Vector> value,
                                 Eigen::Ref<Points> gradient) const {
  const Index n = rows(), d = features(), vectors = theta.rows();
  const Index groups = (vectors + kTileVectors - 1) / kTileVectors;
  if (groups == 0) return;
  // Pieces depend on sizes alone: so do sums, whatever the number of threads.
  const Index pieces = std::clamp<Index>(n / kFewestRows, 1, (kTasks + groups - 1) / groups);
  const Index piece_rows = (n + pieces - 1) / pieces;
  std::vector<PartialSum> sums(static_cast<std::size_t>(groups * pieces));
  const Index tasks = groups * pieces, fewest = n * vectors < kFewMargins ? tasks + 1 : 2;
  const auto run = [&](Index task, Index, Index) {
    const Index first = task / pieces * kTileVectors, count = std::min(kTileVectors, vectors - first);
    const Index first_row = task % pieces * piece_rows, row_count = std::min(piece_rows, n - first_row);
    PartialSum& sum = sums[static_cast<std::size_t>(task)];
    sum = {Vector::Zero(count), FewRows::Zero(count, d)};
    thread_local TileWorkspace work;
    if (row_count > 0) {
      add_rows(*signed_rows_, first_row, row_count, theta.middleRows(first, count).leftCols(d), work, sum);
    }
  };
  for_each_block(tasks, 1, run, fewest);

  for (Index group = 0; group < groups; ++group) {
    PartialSum& total = sums[static_cast<std::size_t>(group * pieces)];
    for (Index piece = 1; piece < pieces; ++piece) {
      const PartialSum& part = sums[static_cast<std::size_t>(group * pieces + piece)];
      total.loss += part.loss;
      total.gradient += part.gradient;
    }
    const double slope_of_s = 0.5 * static_cast<double>(d) + prior_.shape;
    for (Index j = 0; j < total.loss.size(); ++j) {
      const Index i = group * kTileVectors + j;
      const double s = theta(i, d);
      const auto alpha = straightened_exponential(s);
      const double energy = 0.5 * theta.row(i).head(d).squaredNorm() + prior_.rate;
      value[i] = scale_ * total.loss[j] + alpha.value * energy - slope_of_s * s;
      gradient.row(i).head(d) = scale_ * total.gradient.row(j) + alpha.value * theta.row(i).head(d);
      gradient(i, d) = alpha.slope * energy - slope_of_s;
    }
  }
}

LikelihoodExpansion LogisticPosterior::expand_likelihood(const Vector& w) const {
  const Index n = rows(), d = features();
  require_valid(w.size() == d, "there is not one weight for each feature");
  // Pieces depend on sizes alone: so do sums, whatever the number of threads.
  const Index pieces = std::clamp<Index>(n / kFewestRows, 1, kTasks), piece_rows = (n + pieces - 1) / pieces;
  std::vector<LikelihoodExpansion> sums(static_cast<std::size_t>((n + piece_rows - 1) / piece_rows));
  for_each_block(n, piece_rows, [&](Index piece, Index first, Index count) {
    LikelihoodExpansion& sum = sums[static_cast<std::size_t>(piece)];
    sum = {w, 0.0, Vector::Zero(d), Matrix::Zero(d, d)};
    add_expansions(*signed_rows_, first, count, sum);
  });
  LikelihoodExpansion total{w, 0.0, Vector::Zero(d), Matrix::Zero(d, d)};
  for (const LikelihoodExpansion& sum : sums) {
    total.value += scale_ * sum.value;
    total.gradient += scale_ * sum.gradient;
    total.hessian += scale_ * sum.hessian;
  }
  total.hessian.triangularView<Eigen::StrictlyUpper>() = total.hessian.transpose();
  return total;
}

std::string LogisticPosterior::formula() const {
  const Index d = features();
  std::string text = "sum of log(1 + exp(-y w.x)) over " + std::to_string(rows()) + " rows";
  if (scale_ != 1.0) text = to_text(scale_) + " * (" + text + ")";
  return text + " + exp(s)*(w.w/2 + " + to_text(prior_.rate) + ") - " +
         to_text(0.5 * static_cast<double>(d) + prior_.shape) + "*s, w = x0 ... x" + std::to_string(d - 1) + ", s = x" +
         std::to_string(d);
}

double LogisticPosterior::curvature_at_zero() const {
  return 0.25 * scale_ * signed_rows_->squaredNorm() / static_cast<double>(features());
}

LogisticPosterior LogisticPosterior::minibatch(Index size, std::uint64_t seed, std::uint64_t step) const {
  require_valid(size >= 1, "a mini-batch has no rows");
  if (size >= rows()) return *this;
  auto chosen = std::make_shared<Matrix>(features(), size);
  Index column = 0;
  for (const Index row : random_subset(rows(), size, seed, step)) chosen->col(column++) = signed_rows_->col(row);
  return {std::move(chosen), prior_, scale_ * static_cast<double>(rows()) / static_cast<double>(size)};
}

Vector predictive_probability(PointsView x, PointsView theta) {
  require_valid(theta.rows() > 0 && theta.cols() == x.cols() + 1,
                "parameters are not weights, one a feature, and log alpha");
  Vector probability(x.rows());
  for_each_block(x.rows(), kFewRows, [&](Index, Index first, Index rows) {
    auto sum = probability.segment(first, rows);
    sum.setZero();
    FewRows margin(rows, kTileRows);
    for (Index done = 0; done < theta.rows(); done += kTileRows) {
      const Index vectors = std::min(kTileRows, theta.rows() - done);
      auto m = margin.leftCols(vectors);
      m.noalias() = x.middleRows(first, rows) * theta.block(done, 0, vectors, x.cols()).transpose();
      // Of 1/(1 + exp(-m)) an overflow is as good as 0.
      sum += (1.0 / (1.0 + (-m.array()).exp())).matrix().rowwise().sum();
    }
  });
  return probability / static_cast<double>(theta.rows());
}

}  // namespace jko
