#include "filter/device/tensor_map.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/cholesky_inverse.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/linalg_cholesky_ex.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <limits>

#include "filter/device/tensors.hpp"

namespace jko {
namespace {

/// Up to this dimension Cholesky factors are written out entry by entry over all points: a handful of operations, and
/// no library call that a CUDA graph could not hold.
constexpr int64_t kUnrolled = 4;

/// Inverse and log determinant of each matrix of H (B, N, D, D), from its Cholesky factor L.
void factorise_unrolled(TensorMapTape& tape) {
  const int64_t d = tape.hessian.size(-1);
  const auto H = [&](int64_t i, int64_t j) { return tape.hessian.select(-2, i).select(-1, j); };
  at::Tensor L[kUnrolled][kUnrolled], K[kUnrolled][kUnrolled];  // K = L⁻¹
  tape.log_det = at::zeros_like(H(0, 0));
  for (int64_t j = 0; j < d; ++j) {
    for (int64_t i = j; i < d; ++i) {
      at::Tensor sum = H(i, j);
      for (int64_t k = 0; k < j; ++k) sum = sum - L[i][k] * L[j][k];
      L[i][j] = i == j ? sum.sqrt() : sum * K[j][j];
      if (i == j) {
        K[j][j] = L[j][j].reciprocal();
        tape.log_det = tape.log_det + sum.log();
      }
    }
  }
  for (int64_t j = 0; j < d; ++j) {
    for (int64_t i = j + 1; i < d; ++i) {
      at::Tensor sum = L[i][j] * K[j][j];
      for (int64_t k = j + 1; k < i; ++k) sum = sum + L[i][k] * K[k][j];
      K[i][j] = -(sum * K[i][i]);
    }
  }
  tape.inverse = at::empty_like(tape.hessian);
  for (int64_t i = 0; i < d; ++i) {
    for (int64_t j = 0; j <= i; ++j) {
      at::Tensor sum = K[i][i] * K[i][j];
      for (int64_t k = i + 1; k < d; ++k) sum = sum + K[k][i] * K[k][j];
      tape.inverse.select(-2, i).select(-1, j).copy_(sum);
      if (i != j) tape.inverse.select(-2, j).select(-1, i).copy_(sum);
    }
  }
}

void factorise(TensorMapTape& tape) {
  if (tape.hessian.size(-1) <= kUnrolled) return factorise_unrolled(tape);
  const auto [L, info] = at::linalg_cholesky_ex(tape.hessian);
  const at::Tensor log_det = 2.0 * L.diagonal(0, -2, -1).log().sum(-1);
  tape.log_det = log_det.masked_fill(info > 0, std::numeric_limits<double>::quiet_NaN());
  tape.inverse = at::cholesky_inverse(L);
}

/// σ(a) and σ'(a) from one exponential of a non-positive number, which cannot overflow.
std::pair<at::Tensor, at::Tensor> activate(const at::Tensor& a) {
  const at::Tensor decay = (-a.abs()).exp();
  const at::Tensor slope = at::where(a >= 0.0, at::ones_like(decay), decay) / (decay + 1.0);
  return {a.clamp_min(0.0) + decay.log1p(), slope};
}

/// Points in front: (B, D, N, H) -> (B, N, D, H).
at::Tensor by_point(const at::Tensor& J, int64_t n) {
  return J.expand({J.size(0), J.size(1), n, J.size(3)}).permute({0, 2, 1, 3});
}

void start(const TensorMap& map, const at::Tensor& x, TensorMapTape& tape) {
  tape.image = x.matmul(map.Q) + map.c.unsqueeze(1);  // Q is symmetric
  tape.hessian = map.Q.unsqueeze(1).expand({x.size(0), x.size(1), x.size(2), x.size(2)});
}

TensorMapTape forward_pooled(const TensorMap& map, const at::Tensor& x) {
  const TensorMap::Layer& pool = map.layers.front();
  const int64_t batch = x.size(0), n = x.size(1), d = x.size(2);
  const at::Tensor w = pool.w.unsqueeze(-1);  // (B, 1, 1)
  TensorMapTape tape;
  start(map, x, tape);
  tape.share = (x.matmul(pool.A.transpose(1, 2)) + pool.b.unsqueeze(1)).softmax(-1);
  tape.plane = tape.share.matmul(pool.A);
  tape.image = tape.image + w * tape.plane;
  tape.squares = (pool.A.unsqueeze(-1) * pool.A.unsqueeze(-2)).reshape({batch, -1, d * d});
  const at::Tensor second = tape.share.matmul(tape.squares).reshape({batch, n, d, d});
  tape.hessian = tape.hessian + w.unsqueeze(-1) * (second - tape.plane.unsqueeze(-1) * tape.plane.unsqueeze(-2));
  factorise(tape);
  return tape;
}

void backward_pooled(const TensorMap& map, const at::Tensor& x, const TensorMapTape& tape, const at::Tensor& d_image,
                     const at::Tensor& G, TensorMap& gradient) {
  const TensorMap::Layer& pool = map.layers.front();
  const int64_t batch = x.size(0), n = x.size(1), d = x.size(2), units = pool.A.size(1);
  const at::Tensor w = pool.w.unsqueeze(-1);
  const at::Tensor G_plane = G.matmul(tape.plane.unsqueeze(-1)).squeeze(-1);
  const at::Tensor G_flat = G.reshape({batch, n, d * d});
  const at::Tensor bend = G_flat.matmul(tape.squares.transpose(1, 2));  // a_kᵀ G a_k, (B, N, H)
  const at::Tensor force = d_image - 2.0 * G_plane;
  const at::Tensor share_t = tape.share.transpose(1, 2);
  const at::Tensor G_sum = share_t.matmul(G_flat).reshape({batch, units, d, d});  // Σ p_k G of each unit
  at::Tensor d_logit = w * (force.matmul(pool.A.transpose(1, 2)) + bend);
  d_logit = tape.share * (d_logit - (tape.share * d_logit).sum(-1, true));  // through the softmax

  TensorMap::Layer sum;
  sum.A = w * (share_t.matmul(force) + 2.0 * G_sum.matmul(pool.A.unsqueeze(-1)).squeeze(-1)) +
          d_logit.transpose(1, 2).matmul(x);
  sum.b = d_logit.sum(1);
  sum.w = ((d_image - G_plane) * tape.plane).sum({1, 2}).unsqueeze(-1) + (tape.share * bend).sum({1, 2}).unsqueeze(-1);
  gradient.layers.push_back(std::move(sum));
}

}  // namespace

TensorMap TensorMap::of(const ConvexMap& map, const at::TensorOptions& options) {
  const auto matrix = [&](const Matrix& m) { return to_tensor(m, options).unsqueeze(0); };
  const auto vector = [&](const Vector& v) { return to_tensor(v, options).reshape({1, v.size()}); };
  TensorMap batch;
  batch.Q = matrix(map.Q);
  batch.c = vector(map.c);
  batch.pooled = map.pooled();
  for (std::size_t l = 0; l < map.layers.size(); ++l) {
    const auto& layer = map.layers[l];
    batch.layers.push_back({matrix(layer.A), l > 0 ? matrix(layer.W) : at::Tensor(), vector(layer.b), vector(layer.w)});
  }
  return batch;
}

TensorMapTape forward(const TensorMap& map, const at::Tensor& x) {
  if (map.pooled) return forward_pooled(map, x);
  const int64_t n = x.size(1);
  const std::size_t count = map.layers.size();
  TensorMapTape tape;
  tape.layers.resize(count);

  // Up: a_l, σ, σ', and the directional derivatives J_l of a_l.
  for (std::size_t l = 0; l < count; ++l) {
    const TensorMap::Layer& w = map.layers[l];
    TensorMapTape::Layer& layer = tape.layers[l];
    at::Tensor a = x.matmul(w.A.transpose(1, 2)) + w.b.unsqueeze(1);
    layer.J = w.A.transpose(1, 2).unsqueeze(2);
    if (l > 0) {
      const at::Tensor product = tape.layers[l - 1].stack.matmul(w.W.transpose(1, 2).unsqueeze(1));
      a = a + product.select(1, 0);
      layer.J = layer.J + product.slice(1, 1);
    }
    at::Tensor sigma;
    std::tie(sigma, layer.s) = activate(a);
    if (l + 1 < count) layer.stack = at::cat({sigma.unsqueeze(1), layer.s.unsqueeze(1) * layer.J}, 1);
  }

  // Down: λ_l, and with it T and ∇²ψ.
  start(map, x, tape);
  for (std::size_t l = count; l-- > 0;) {
    const TensorMap::Layer& w = map.layers[l];
    TensorMapTape::Layer& layer = tape.layers[l];
    layer.lambda = w.w.unsqueeze(1);
    if (l + 1 < count) layer.lambda = layer.lambda + tape.layers[l + 1].u.matmul(map.layers[l + 1].W);
    layer.u = layer.s * layer.lambda;
    tape.image = tape.image + layer.u.matmul(w.A);
    const at::Tensor m = layer.u * (1.0 - layer.s), J = by_point(layer.J, n);
    tape.hessian = tape.hessian + (J * m.unsqueeze(2)).matmul(J.transpose(2, 3));
  }
  factorise(tape);
  return tape;
}

at::Tensor divergence(const TensorMapTape& tape) { return tape.hessian.diagonal(0, -2, -1).sum(-1); }

namespace {

/// ∂L/∂ of what forward() computed in a layer.
struct Adjoint {
  at::Tensor J, s, u, lambda, a;
};

/// From ∂L/∂T (B, N, D) and G = ∂L/∂∇²ψ (B, N, D, D), point by point.
std::vector<Adjoint> reverse(const TensorMap& map, const TensorMapTape& tape, const at::Tensor& d_image,
                             const at::Tensor& G) {
  const int64_t n = d_image.size(1);
  const std::size_t count = map.layers.size();
  std::vector<Adjoint> adjoints(count);

  // Top down: the directional derivatives J_l, which enter ∇²ψ and J_{l+1}.
  for (std::size_t l = count; l-- > 0;) {
    const TensorMapTape::Layer& layer = tape.layers[l];
    Adjoint& adjoint = adjoints[l];
    const at::Tensor m = layer.u * (1.0 - layer.s);
    const at::Tensor K = G.matmul(by_point(layer.J, n)).permute({0, 2, 1, 3});  // (B, D, N, H)
    const at::Tensor m_bar = (K * layer.J).sum(1);
    adjoint.J = 2.0 * m.unsqueeze(1) * K;
    adjoint.s = -m_bar * layer.u;  // m = u (1 - σ')
    adjoint.u = m_bar * (1.0 - layer.s);
    if (l + 1 < count) {
      const at::Tensor P = adjoints[l + 1].J.matmul(map.layers[l + 1].W.unsqueeze(1));
      adjoint.s = adjoint.s + (P * layer.J).sum(1);
      adjoint.J = adjoint.J + P * layer.s.unsqueeze(1);
    }
  }

  // Bottom up: λ_l, which was computed top down. u = σ' ⊙ λ enters T, m and λ of the layer below.
  for (std::size_t l = 0; l < count; ++l) {
    const TensorMapTape::Layer& layer = tape.layers[l];
    Adjoint& adjoint = adjoints[l];
    adjoint.u = adjoint.u + d_image.matmul(map.layers[l].A.transpose(1, 2));
    if (l > 0) adjoint.u = adjoint.u + adjoints[l - 1].lambda.matmul(map.layers[l].W.transpose(1, 2));
    adjoint.s = adjoint.s + adjoint.u * layer.lambda;
    adjoint.lambda = adjoint.u * layer.s;
  }

  // Top down: the activations.
  for (std::size_t l = count; l-- > 0;) {
    const TensorMapTape::Layer& layer = tape.layers[l];
    adjoints[l].a = adjoints[l].s * layer.s * (1.0 - layer.s);
    if (l + 1 < count) adjoints[l].a = adjoints[l].a + adjoints[l + 1].a.matmul(map.layers[l + 1].W) * layer.s;
  }
  return adjoints;
}

/// pool_block.cpp, input_gradient().
at::Tensor input_gradient_pooled(const TensorMap& map, const TensorMapTape& tape, const at::Tensor& G) {
  const TensorMap::Layer& pool = map.layers.front();
  const at::Tensor G_plane = G.matmul(tape.plane.unsqueeze(-1)).squeeze(-1);
  const at::Tensor bend =
      tape.share * (G.flatten(2).matmul(tape.squares.transpose(1, 2)) - 2.0 * G_plane.matmul(pool.A.transpose(1, 2)));
  return pool.w.unsqueeze(-1) * (bend.matmul(pool.A) - tape.plane * bend.sum(-1, true));
}

}  // namespace

// A point enters ∇²ψ through the activations alone, as a_l = A_l x + ….
at::Tensor log_det_gradient(const TensorMap& map, const at::Tensor& x, const TensorMapTape& tape) {
  if (map.pooled) return input_gradient_pooled(map, tape, tape.inverse);
  at::Tensor gradient = at::zeros_like(x);
  const std::vector<Adjoint> adjoints = reverse(map, tape, gradient, tape.inverse);
  for (std::size_t l = 0; l < adjoints.size(); ++l) gradient = gradient + adjoints[l].a.matmul(map.layers[l].A);
  return gradient;
}

TensorMap backward(const TensorMap& map, const at::Tensor& x, const TensorMapTape& tape, const at::Tensor& d_image,
                   const at::Tensor& d_log_det, const at::Tensor& d_divergence) {
  // ∂ log det H / ∂H = H⁻¹.
  at::Tensor G = tape.inverse * d_log_det.unsqueeze(-1).unsqueeze(-1);
  G.diagonal(0, -2, -1).add_(d_divergence.unsqueeze(-1));
  TensorMap gradient;
  gradient.pooled = map.pooled;
  gradient.Q = G.sum(1) + d_image.transpose(1, 2).matmul(x);
  gradient.c = d_image.sum(1);
  if (map.pooled) {
    backward_pooled(map, x, tape, d_image, G, gradient);
    return gradient;
  }

  const std::vector<Adjoint> adjoints = reverse(map, tape, d_image, G);
  for (std::size_t l = 0; l < adjoints.size(); ++l) {
    const TensorMapTape::Layer& layer = tape.layers[l];
    const Adjoint& adjoint = adjoints[l];
    TensorMap::Layer sum;
    sum.A = adjoint.a.transpose(1, 2).matmul(x) + layer.u.transpose(1, 2).matmul(d_image) +
            adjoint.J.sum(2).transpose(1, 2);
    sum.b = adjoint.a.sum(1);
    sum.w = adjoint.lambda.sum(1);
    if (l > 0) {
      const at::Tensor all = at::cat({adjoint.a.unsqueeze(1), adjoint.J}, 1);  // as tape.layers[l - 1].stack
      sum.W = all.transpose(2, 3).matmul(tape.layers[l - 1].stack).sum(1) +
              layer.u.transpose(1, 2).matmul(adjoints[l - 1].lambda);
    }
    gradient.layers.push_back(std::move(sum));
  }
  return gradient;
}

}  // namespace jko
