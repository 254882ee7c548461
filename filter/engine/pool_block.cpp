#include "filter/engine/pool_block.hpp"

#include <cmath>

namespace jko {
namespace {

/// Units whose share is below this at each point of a block are left out of its sums.
constexpr double kNegligible = 1e-12;

constexpr Index pairs(Index dimension) { return dimension * (dimension + 1) / 2; }

}  // namespace

void PoolBlock::forward(const ConvexMap& map, PointsView x, Matrix& image, Array& hessian) {
  const auto& pool = map.layers.front();
  const Index d = x.cols();
  const double w = pool.w(0);
  logit_.noalias() = x * pool.A.transpose();
  logit_.rowwise() += pool.b.transpose();
  logit_.colwise() -= logit_.rowwise().maxCoeff().eval();
  seen_.clear();
  for (Index k = 0; k < logit_.cols(); ++k) {
    // So written that the units of a NaN are seen.
    if (!(logit_.col(k).maxCoeff() < std::log(kNegligible))) seen_.push_back(k);
  }
  share_ = logit_(Eigen::all, seen_);
  share_ = share_.array().exp();  // not of the view above, whose entries would go one by one
  share_.array().colwise() /= share_.rowwise().sum().array().eval();
  slope_ = pool.A(seen_, Eigen::all);
  plane_.noalias() = share_ * slope_;

  image.noalias() = x * map.Q;  // Q is symmetric
  image.rowwise() += map.c.transpose();
  image += w * plane_;

  // The products a_k a_kᵀ of all units, lower triangles, go through one matrix product.
  squares_.resize(slope_.rows(), pairs(d));
  for (Index i = 0, pair = 0; i < d; ++i) {
    for (Index j = 0; j <= i; ++j) squares_.col(pair++) = slope_.col(i).cwiseProduct(slope_.col(j));
  }
  const Matrix second = share_ * squares_;
  hessian.resize(x.rows(), d * d);
  for (Index i = 0, pair = 0; i < d; ++i) {
    for (Index j = 0; j <= i; ++j) {
      hessian.col(i * d + j) =
          map.Q(i, j) + w * (second.col(pair++).array() - plane_.col(i).array() * plane_.col(j).array());
    }
  }
}

// ∂p_k/∂x = p_k (a_k - u), and with it ∂/∂x tr(G ∇²ψ) = w Σ_k p_k (a_k - u) [a_kᵀ G a_k - 2 uᵀ G a_k].
Matrix PoolBlock::input_gradient(const ConvexMap& map, ArrayView G) const {
  const Index n = plane_.rows(), d = plane_.cols();
  Matrix lower(n, pairs(d)), G_plane(n, d);
  for (Index i = 0, pair = 0; i < d; ++i) {
    for (Index j = 0; j <= i; ++j) lower.col(pair++) = (i == j ? 1.0 : 2.0) * G.col(i * d + j);
    G_plane.col(i) = (G.middleCols(i * d, d) * plane_.array()).rowwise().sum();
  }
  const Matrix bend = share_.cwiseProduct(lower * squares_.transpose() - 2.0 * G_plane * slope_.transpose());
  const Matrix mean = plane_.array().colwise() * bend.rowwise().sum().array();
  return map.layers.front().w(0) * (bend * slope_ - mean);
}

void PoolBlock::accumulate(const ConvexMap& map, PointsView x, PointsView d_image, ArrayView d_hessian,
                           ConvexMap& gradient) const {
  auto& sum = gradient.layers.front();
  const Index n = x.rows(), d = x.cols();
  const double w = map.layers.front().w(0);

  // G = ∂L/∂∇²ψ as its lower triangle, in which what is off the diagonal counts twice; and G u.
  Matrix G(n, pairs(d)), G_plane = Matrix::Zero(n, d);
  for (Index i = 0, pair = 0; i < d; ++i) {
    for (Index j = 0; j <= i; ++j) G.col(pair++) = (i == j ? 1.0 : 2.0) * d_hessian.col(i * d + j);
    G_plane.col(i) = (d_hessian.middleCols(i * d, d) * plane_.array()).rowwise().sum();
  }
  const Matrix bend = G * squares_.transpose();  // a_kᵀ G a_k
  const Matrix force = d_image - 2.0 * G_plane;

  Matrix d_slope = w * (share_.transpose() * force);
  const Matrix G_sum = share_.transpose() * G;  // Σ p_k G of each unit
  for (Index i = 0, pair = 0; i < d; ++i) {
    for (Index j = 0; j <= i; ++j, ++pair) {
      d_slope.col(i) += w * G_sum.col(pair).cwiseProduct(slope_.col(j));
      d_slope.col(j) += w * G_sum.col(pair).cwiseProduct(slope_.col(i));
    }
  }
  sum.w(0) += d_image.cwiseProduct(plane_).sum() + share_.cwiseProduct(bend).sum() - G_plane.cwiseProduct(plane_).sum();

  // Through the softmax to a_k·x + b_k.
  Matrix d_logit = w * (force * slope_.transpose() + bend);
  d_logit.colwise() -= share_.cwiseProduct(d_logit).rowwise().sum().eval();
  d_logit.array() *= share_.array();
  d_slope.noalias() += d_logit.transpose() * x;
  for (std::size_t k = 0; k < seen_.size(); ++k) {
    sum.A.row(seen_[k]) += d_slope.row(static_cast<Index>(k));
    sum.b(seen_[k]) += d_logit.col(static_cast<Index>(k)).sum();
  }
}

}  // namespace jko
