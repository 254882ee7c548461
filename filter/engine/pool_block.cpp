#include "filter/engine/pool_block.hpp"

namespace jko {

template <typename Scalar>
void PoolBlock<Scalar>::forward(const ConvexMap<Scalar>& map, View x, Mat& image, Array& hessian) {
  const auto& pool = map.layers.front();
  const Index d = x.cols(), units = pool.b.size();
  const Scalar w = pool.w(0);
  share_.noalias() = x * pool.A.transpose();
  share_.rowwise() += pool.b.transpose();
  share_.colwise() -= share_.rowwise().maxCoeff().eval();
  share_ = share_.array().exp();
  share_.array().colwise() /= share_.rowwise().sum().array().eval();
  plane_.noalias() = share_ * pool.A;

  image.noalias() = x * map.Q;  // Q is symmetric
  image.rowwise() += map.c.transpose();
  image += w * plane_;

  // The products a_k a_kᵀ of all units, lower triangles, go through one matrix product.
  Mat squares(units, d * (d + 1) / 2);
  for (Index i = 0, pair = 0; i < d; ++i) {
    for (Index j = 0; j <= i; ++j) squares.col(pair++) = w * pool.A.col(i).cwiseProduct(pool.A.col(j));
  }
  const Mat second = share_ * squares;
  hessian.resize(x.rows(), d * d);
  for (Index i = 0, pair = 0; i < d; ++i) {
    for (Index j = 0; j <= i; ++j) {
      hessian.col(i * d + j) =
          second.col(pair++).array() + map.Q(i, j) - w * plane_.col(i).array() * plane_.col(j).array();
    }
  }
}

template <typename Scalar>
void PoolBlock<Scalar>::accumulate(const ConvexMap<Scalar>& map, View x, View d_image, ArrayView d_hessian,
                                   ConvexMap<Scalar>& gradient) const {
  const auto& pool = map.layers.front();
  auto& sum = gradient.layers.front();
  const Index n = x.rows(), d = x.cols();
  const Scalar w = pool.w(0);

  // G u, and a_kᵀ G a_k for each unit k, where G = ∂L/∂∇²ψ.
  Mat G_plane = Mat::Zero(n, d), G_unit(n, pool.b.size()), bend = Mat::Zero(n, pool.b.size());
  for (Index i = 0; i < d; ++i) {
    const auto row = d_hessian.middleCols(i * d, d);
    G_plane.col(i) = (row * plane_.array()).rowwise().sum();
    G_unit.noalias() = row.matrix() * pool.A.transpose();
    bend.noalias() += G_unit * pool.A.col(i).asDiagonal();
    sum.A.col(i) += Scalar(2) * w * share_.cwiseProduct(G_unit).colwise().sum().transpose();
  }
  const Mat force = d_image - Scalar(2) * G_plane;
  sum.A.noalias() += w * (share_.transpose() * force);
  sum.w(0) += d_image.cwiseProduct(plane_).sum() + share_.cwiseProduct(bend).sum() - G_plane.cwiseProduct(plane_).sum();

  // Through the softmax to a_k·x + b_k.
  Mat d_share = w * (force * pool.A.transpose() + bend);
  d_share.colwise() -= share_.cwiseProduct(d_share).rowwise().sum().eval();
  const Mat d_logit = share_.cwiseProduct(d_share);
  sum.A.noalias() += d_logit.transpose() * x;
  sum.b += d_logit.colwise().sum().transpose();
}

template class PoolBlock<float>;
template class PoolBlock<double>;

}  // namespace jko
