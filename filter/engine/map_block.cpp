#include "filter/engine/map_block.hpp"

#include <cmath>
#include <limits>

#include "filter/engine/batched_cholesky.hpp"

namespace jko {

void set_zero(ConvexMap& gradient, const ConvexMap& map) {
  gradient.Q.setZero(map.Q.rows(), map.Q.cols());
  gradient.c.setZero(map.c.size());
  gradient.layers.resize(map.layers.size());
  for (std::size_t l = 0; l < map.layers.size(); ++l) {
    const auto& layer = map.layers[l];
    gradient.layers[l].A.setZero(layer.A.rows(), layer.A.cols());
    gradient.layers[l].W.setZero(layer.W.rows(), layer.W.cols());
    gradient.layers[l].b.setZero(layer.b.size());
    gradient.layers[l].w.setZero(layer.w.size());
  }
}

void MapAdjoint::resize(Index rows, Index dimension, const std::vector<Index>& widths) {
  layers.resize(widths.size());
  for (std::size_t l = 0; l < widths.size(); ++l) {
    const Index h = widths[l];
    layers[l].stack.resize((1 + dimension) * rows, h);
    for (Array* array : {&layers[l].s, &layers[l].lambda, &layers[l].u}) array->resize(rows, h);
  }
  d_hessian.resize(rows, dimension * dimension);
}

void MapBlock::resize(Index rows, Index dimension, const std::vector<Index>& widths) {
  layers_.resize(widths.size());
  for (std::size_t l = 0; l < widths.size(); ++l) {
    const Index h = widths[l];
    layers_[l].stack.resize((1 + dimension) * rows, h);
    layers_[l].J.resize(dimension * rows, h);
    for (Array* array : {&layers_[l].s, &layers_[l].lambda, &layers_[l].u}) array->resize(rows, h);
  }
  image_.resize(rows, dimension);
  for (Array* array : {&hessian_, &inverse_, &cholesky_}) array->resize(rows, dimension * dimension);
  log_det_.resize(rows);
}

// σ(a) and σ'(a) from one exponential of a non-positive number, which cannot overflow.
void MapBlock::activate(Layer& layer) const {
  const Index n = rows();
  for (Index h = 0; h < activation_.cols(); ++h) {
    auto s = layer.s.col(h);
    const auto x = activation_.col(h);
    s = (-x.abs()).exp();
    layer.stack.col(h).head(n) = x.max(0.0) + (1.0 + s).log();
    s = (x >= 0.0).select(1.0, s) / (1.0 + s);
  }
}

void MapBlock::pool(const ConvexMap& map, PointsView x) {
  const Index n = x.rows(), d = x.cols();
  for (Array* array : {&inverse_, &cholesky_}) array->resize(n, d * d);
  log_det_.resize(n);
  pool_.forward(map, x, image_, hessian_);
  mirror_hessian();
  factorise();
}

void MapBlock::forward(const ConvexMap& map, PointsView x) {
  if (map.pooled()) return pool(map, x);
  const Index n = x.rows(), d = x.cols(), count = static_cast<Index>(layers_.size());

  // Up: a_l, σ, σ', and the directional derivatives J_l of a_l.
  for (Index l = 0; l < count; ++l) {
    Layer& layer = layers_[l];
    const auto& w = map.layers[l];
    const Index h = w.b.size();
    if (h == 0) continue;  // of an affine map; an array of no columns has no rows to point at
    activation_ = ((x * w.A.transpose()).rowwise() + w.b.transpose()).array();
    if (l == 0) {
      for (Index k = 0; k < d; ++k) layer.J.middleRows(k * n, n).rowwise() = w.A.col(k).transpose().array();
    } else {
      product_.noalias() = layers_[l - 1].stack.matrix() * w.W.transpose();
      activation_ += product_.topRows(n).array();
      for (Index k = 0; k < d; ++k) {
        layer.J.middleRows(k * n, n) =
            product_.middleRows((1 + k) * n, n).array().rowwise() + w.A.col(k).transpose().array();
      }
    }
    activate(layer);
    if (l + 1 < count) {
      for (Index j = 0; j < h; ++j) {
        for (Index k = 0; k < d; ++k) {
          layer.stack.col(j).segment((1 + k) * n, n) = layer.s.col(j) * layer.J.col(j).segment(k * n, n);
        }
      }
    }
  }

  // Down: λ_l, and with it T and ∇²ψ.
  image_.noalias() = x * map.Q;  // Q is symmetric
  image_.rowwise() += map.c.transpose();
  for (Index i = 0; i < d * d; ++i) hessian_.col(i) = map.Q(i / d, i % d);
  Column m(n), mJ(n);
  for (Index l = count - 1; l >= 0; --l) {
    Layer& layer = layers_[l];
    const auto& w = map.layers[l];
    if (l + 1 == count) {
      layer.lambda.rowwise() = w.w.transpose().array();
    } else {
      layer.lambda.matrix().noalias() = layers_[l + 1].u.matrix() * map.layers[l + 1].W;
      layer.lambda.rowwise() += w.w.transpose().array();
    }
    layer.u = layer.s * layer.lambda;
    image_.noalias() += layer.u.matrix() * w.A;
    for (Index j = 0; j < w.b.size(); ++j) {
      m = layer.u.col(j) * (1.0 - layer.s.col(j));  // σ'' ⊙ λ, as σ'' = σ'(1-σ')
      for (Index k = 0; k < d; ++k) {
        mJ = m * layer.J.col(j).segment(k * n, n);
        for (Index e = 0; e <= k; ++e) hessian_.col(k * d + e) += mJ * layer.J.col(j).segment(e * n, n);
      }
    }
  }
  mirror_hessian();
  factorise();
}

void MapBlock::evaluate(const ConvexMap& map, PointsView x) {
  if (map.layers.size() != 1 || map.pooled()) return forward(map, x);
  const Index n = x.rows(), d = x.cols();
  const auto& w = map.layers.front();
  image_.resize(n, d);
  for (Array* array : {&hessian_, &inverse_, &cholesky_}) array->resize(n, d * d);
  log_det_.resize(n);

  image_.noalias() = x * map.Q;
  image_.rowwise() += map.c.transpose();
  hessian_.rowwise() = map.Q.reshaped().transpose().array();
  // T = Qx + c + Aᵀ(w ⊙ σ'), and ∇²ψ = Q + Σ_h w_h σ''_h A_h A_hᵀ. Units that share a row of A, such as the bumps along
  // one direction, share its exponential: exp(-a_h) = exp(-a_first) exp(b_first - b_h).
  constexpr double kFarthest = 600;  // beyond, σ' is 0 or 1
  for (Index first = 0, end = 0; first < w.b.size(); first = end) {
    const auto direction = w.A.row(first);
    for (end = first + 1; end < w.b.size() && w.A.row(end) == direction; ++end) {
      if (std::abs(w.b(end) - w.b(first)) > kFarthest / 2) break;
    }
    decay_ = (x * direction.transpose()).array() + w.b(first);
    decay_ = (-decay_.max(-kFarthest).min(kFarthest)).exp();
    slope_.setZero(n);
    curvature_.setZero(n);
    for (Index h = first; h < end; ++h) {
      const double shift = std::exp(w.b(first) - w.b(h)), weight = w.w(h);
      for (Index i = 0; i < n; ++i) {
        const double sigma = 1.0 / (1.0 + decay_(i) * shift), weighted = weight * sigma;
        slope_(i) += weighted;
        curvature_(i) += weighted * (1.0 - sigma);
      }
    }
    for (Index k = 0; k < d; ++k) {
      image_.col(k).array() += direction(k) * slope_;
      for (Index e = 0; e <= k; ++e) hessian_.col(k * d + e) += (direction(k) * direction(e)) * curvature_;
    }
  }
  mirror_hessian();
  factorise();
}

void MapBlock::mirror_hessian() {
  const Index d = image_.cols();
  for (Index k = 0; k < d; ++k) {
    for (Index e = 0; e < k; ++e) hessian_.col(e * d + k) = hessian_.col(k * d + e);
  }
}

// Cholesky factor, log determinant and inverse of every ∇²ψ at once: scalars of the textbook's algorithm are columns
// over the points here.
void MapBlock::factorise() {
  const Index d = image_.cols();
  minimum_pivot_ = invert_cholesky_factors(hessian_, d, cholesky_, log_det_);
  const auto M = [this, d](Index i, Index j) { return cholesky_.col(i * d + j); };
  for (Index i = 0; i < d; ++i) {
    for (Index j = 0; j <= i; ++j) {
      auto entry = inverse_.col(i * d + j);
      entry = M(i, i) * M(i, j);
      for (Index k = i + 1; k < d; ++k) entry += M(k, i) * M(k, j);
      if (j != i) inverse_.col(j * d + i) = entry;
    }
  }
}

Matrix MapBlock::solve(PointsView right) const {
  const Index d = image_.cols();
  Matrix x = Matrix::Zero(right.rows(), d);
  for (Index i = 0; i < d; ++i) {
    for (Index j = 0; j < d; ++j) x.col(i).array() += inverse_.col(i * d + j) * right.col(j).array();
  }
  return x;
}

MapBlock::Column MapBlock::divergence() const {
  const Index d = image_.cols();
  Column sum = hessian_.col(0);
  for (Index k = 1; k < d; ++k) sum += hessian_.col(k * d + k);
  return sum;
}

// A point enters ∇²ψ through the activations alone, as a_l = A_l x + ….
Matrix MapBlock::log_det_gradient(const ConvexMap& map, MapAdjoint& adjoint) const {
  const Index n = rows(), d = image_.cols();
  if (map.pooled()) return pool_.input_gradient(map, inverse_);
  const Matrix zero = Matrix::Zero(n, d);
  const Vector one = Vector::Ones(n);
  reverse(map, zero, one, zero.col(0), adjoint);
  Matrix gradient = zero;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    gradient.noalias() += adjoint.layers[l].stack.topRows(n).matrix() * map.layers[l].A;
  }
  return gradient;
}

void MapBlock::reverse(const ConvexMap& map, PointsView d_image, ColumnView d_log_det, ColumnView d_divergence,
                       MapAdjoint& adjoint) const {
  const Index n = rows(), d = image_.cols(), count = static_cast<Index>(layers_.size());
  const auto stack = [&](Index l) { return adjoint.layers[l].stack.topRows((1 + d) * n); };

  // ∂ log det H / ∂H = H⁻¹.
  auto G = adjoint.d_hessian.topRows(n);
  G = inverse_.colwise() * d_log_det.array();
  for (Index k = 0; k < d; ++k) G.col(k * d + k) += d_divergence.array();
  if (map.pooled()) return;  // the rest is done while sums are taken

  // Top down: the directional derivatives J_l, which enter ∇²ψ and J_{l+1}.
  Column m(n), m_bar(n), K(n);
  Matrix& P = adjoint.product;
  for (Index l = count - 1; l >= 0; --l) {
    const Layer& layer = layers_[l];
    auto& adj = adjoint.layers[l];
    const bool top = l + 1 == count;
    if (!top) P.noalias() = stack(l + 1).bottomRows(d * n).matrix() * map.layers[l + 1].W;
    for (Index j = 0; j < layer.s.cols(); ++j) {
      const auto s = layer.s.col(j);
      m = layer.u.col(j) * (1.0 - s);
      m_bar.setZero();
      auto s_bar = adj.s.col(j).head(n);
      s_bar.setZero();
      for (Index k = 0; k < d; ++k) {
        K = G.col(k * d) * layer.J.col(j).head(n);
        for (Index e = 1; e < d; ++e) K += G.col(k * d + e) * layer.J.col(j).segment(e * n, n);
        const auto J = layer.J.col(j).segment(k * n, n);
        m_bar += K * J;
        auto J_bar = adj.stack.col(j).segment((1 + k) * n, n);
        J_bar = 2.0 * m * K;
        if (!top) {
          const auto p = P.col(j).segment(k * n, n).array();
          s_bar += p * J;
          J_bar += p * s;
        }
      }
      // m = u (1 - σ')
      adj.u.col(j).head(n) = m_bar * (1.0 - s);
      s_bar -= m_bar * layer.u.col(j);
    }
  }

  // Bottom up: λ_l, which was computed top down. u = σ' ⊙ λ enters T, m and λ of the layer below.
  for (Index l = 0; l < count; ++l) {
    const Layer& layer = layers_[l];
    auto& adj = adjoint.layers[l];
    auto u_bar = adj.u.topRows(n);
    u_bar.matrix().noalias() += d_image * map.layers[l].A.transpose();
    if (l > 0)
      u_bar.matrix().noalias() += adjoint.layers[l - 1].lambda.topRows(n).matrix() * map.layers[l].W.transpose();
    adj.s.topRows(n) += u_bar * layer.lambda;
    adj.lambda.topRows(n) = u_bar * layer.s;
  }

  // Top down: the activations.
  for (Index l = count - 1; l >= 0; --l) {
    const Layer& layer = layers_[l];
    auto a_bar = adjoint.layers[l].stack.topRows(n);
    a_bar = adjoint.layers[l].s.topRows(n) * layer.s * (1.0 - layer.s);
    if (l + 1 < count) {
      P.noalias() = stack(l + 1).topRows(n).matrix() * map.layers[l + 1].W;
      a_bar += P.array() * layer.s;
    }
  }
}

void MapBlock::accumulate(const ConvexMap& map, PointsView x, PointsView d_image, const MapAdjoint& adjoint,
                          ConvexMap& gradient) const {
  const Index n = rows(), d = x.cols();
  const auto G = adjoint.d_hessian.topRows(n);
  for (Index i = 0; i < d * d; ++i) gradient.Q(i / d, i % d) += G.col(i).sum();
  gradient.Q.noalias() += d_image.transpose() * x;
  gradient.c += d_image.colwise().sum().transpose();
  if (map.pooled()) return pool_.accumulate(map, x, d_image, G, gradient);
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    if (map.layers[l].b.size() == 0) continue;
    const auto stack = adjoint.layers[l].stack.topRows((1 + d) * n).matrix();
    const auto u = layers_[l].u.matrix();
    const auto a_bar = stack.topRows(n);
    auto& sum = gradient.layers[l];
    sum.A.noalias() += a_bar.transpose() * x;
    sum.A.noalias() += u.transpose() * d_image;
    for (Index k = 0; k < d; ++k) sum.A.col(k) += stack.middleRows((1 + k) * n, n).colwise().sum().transpose();
    if (l > 0) {
      sum.W.noalias() += stack.transpose() * layers_[l - 1].stack.matrix();
      sum.W.noalias() += u.transpose() * adjoint.layers[l - 1].lambda.topRows(n).matrix();
    }
    sum.b += a_bar.colwise().sum().transpose();
    sum.w += adjoint.layers[l].lambda.topRows(n).colwise().sum().matrix().transpose();
  }
}

}  // namespace jko
