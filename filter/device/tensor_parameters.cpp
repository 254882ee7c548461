#include "filter/device/tensor_parameters.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "filter/device/tensors.hpp"

namespace jko {
namespace {

/// Consecutive pieces of θ (B, P), each a matrix of the batch. θ holds matrices by columns, as Eigen does.
class Cursor {
 public:
  explicit Cursor(const at::Tensor& theta) : theta_(theta) {}

  at::Tensor block(Index rows, Index cols) {
    const at::Tensor piece = theta_.slice(1, at_, at_ + rows * cols);
    at_ += rows * cols;
    return piece.reshape({theta_.size(0), cols, rows}).transpose(1, 2);
  }

  at::Tensor vector(Index size) {
    at_ += size;
    return theta_.slice(1, at_ - size, at_);
  }

 private:
  at::Tensor theta_;
  Index at_ = 0;
};

at::Tensor flat(const at::Tensor& matrices) { return matrices.transpose(1, 2).flatten(1); }

at::Tensor nonnegative(const at::Tensor& v) { return v.clamp_min(0.0) + (-v.abs()).exp().log1p(); }

at::Tensor product(const at::Tensor& matrices, const at::Tensor& vectors) {
  return matrices.matmul(vectors.unsqueeze(-1)).squeeze(-1);
}

at::Tensor outer_product(const at::Tensor& a, const at::Tensor& b) { return a.unsqueeze(-1) * b.unsqueeze(-2); }

}  // namespace

TensorParameters::TensorParameters(Index batch, Index dimension, std::vector<Index> widths, bool pooled,
                                   const at::TensorOptions& options)
    : batch_(batch),
      dimension_(dimension),
      size_(dimension * dimension + dimension),
      widths_(std::move(widths)),
      pooled_(pooled) {
  Index before = 0;
  for (const Index width : widths_) {
    size_ += pooled_ ? width * (dimension + 1) + 1 : width * (dimension + before + 2);
    before = width;
  }
  center_ = at::zeros({batch_, dimension_}, options);
  scale_ = at::ones({batch_, 1}, options);
  output_ = at::ones({batch_, pooled_ ? 1 : static_cast<Index>(widths_.size())}, options);
  if (pooled_) {
    seen_ = at::zeros({batch_, widths_.front(), dimension_}, options);
  } else {
    whitening_ = at::zeros({batch_, dimension_, dimension_}, options);
  }
}

void TensorParameters::assign(Index b, const Parametrisation& parametrisation) {
  const Frame& frame = parametrisation.frame();
  Vector output(widths_.size());
  for (std::size_t l = 0; l < widths_.size(); ++l) {
    output(static_cast<Index>(l)) = parametrisation.output_scale(widths_[l]);
  }
  copy_to(frame.center.transpose(), center_.slice(0, b, b + 1));
  copy_to(frame.whitening, whitening_.select(0, b));
  copy_to(Matrix::Constant(1, 1, frame.scale), scale_.slice(0, b, b + 1));
  copy_to(output.transpose(), output_.slice(0, b, b + 1));
}

void TensorParameters::assign(Index b, const PooledParametrisation& parametrisation) {
  copy_to(parametrisation.center().transpose(), center_.slice(0, b, b + 1));
  copy_to(parametrisation.seen(), seen_.select(0, b));
  copy_to(Matrix::Constant(1, 1, parametrisation.scale()), scale_.slice(0, b, b + 1));
  copy_to(Matrix::Constant(1, 1, parametrisation.stretch()), output_.slice(0, b, b + 1));
}

TensorMap TensorParameters::map(const at::Tensor& theta) const {
  const Index d = dimension_;
  Cursor cursor(theta);
  at::Tensor R = cursor.block(d, d).tril();
  if (pooled_) R = R / scale_.unsqueeze(-1);
  TensorMap map;
  map.pooled = pooled_;
  map.Q = R.matmul(R.transpose(1, 2)) + kMapFloor * at::eye(d, theta.options());
  const at::Tensor shift = cursor.vector(d);
  map.c = center_ - product(map.Q, center_) + (pooled_ ? shift : scale_ * shift);
  if (pooled_) {
    const Index units = widths_.front();
    TensorMap::Layer pool;
    pool.A = scale_.unsqueeze(-1) * cursor.block(units, d);
    pool.b = cursor.vector(units) - (pool.A * seen_).sum(-1);
    pool.w = (cursor.vector(1) / output_).exp();
    map.layers.push_back(std::move(pool));
    return map;
  }
  Index before = 0;
  for (std::size_t l = 0; l < widths_.size(); ++l) {
    const Index width = widths_[l], at = static_cast<Index>(l);
    TensorMap::Layer layer;
    layer.A = cursor.block(width, d).matmul(whitening_);
    if (before > 0) layer.W = nonnegative(cursor.block(width, before));
    layer.b = cursor.vector(width) - product(layer.A, center_);
    layer.w = output_.slice(1, at, at + 1) * nonnegative(cursor.vector(width));
    map.layers.push_back(std::move(layer));
    before = width;
  }
  return map;
}

at::Tensor TensorParameters::pull_back(const at::Tensor& theta, const TensorMap& d_map) const {
  const Index d = dimension_;
  Cursor cursor(theta);
  std::vector<at::Tensor> pieces;
  // Q = RRᵀ + ε, c = m - Qm + scale c̃; pooled: R in units of 1/scale, c̃ in those of x
  const at::Tensor R = cursor.block(d, d).tril(), d_Q = d_map.Q - outer_product(d_map.c, center_);
  at::Tensor d_R = (d_Q + d_Q.transpose(1, 2)).matmul(R).tril();
  if (pooled_) d_R = d_R / (scale_ * scale_).unsqueeze(-1);
  pieces.push_back(flat(d_R));
  cursor.vector(d);
  pieces.push_back(pooled_ ? d_map.c : scale_ * d_map.c);
  if (pooled_) {
    const Index units = widths_.front();
    const TensorMap::Layer& pool = d_map.layers.front();
    // A = scale Ã, b = b̃ - A·seen, w = exp(w̃ / stretch)
    cursor.block(units, d);
    cursor.vector(units);
    pieces.push_back(flat(scale_.unsqueeze(-1) * (pool.A - pool.b.unsqueeze(-1) * seen_)));
    pieces.push_back(pool.b);
    pieces.push_back(pool.w * (cursor.vector(1) / output_).exp() / output_);
    return at::cat(pieces, 1);
  }
  Index before = 0;
  for (std::size_t l = 0; l < widths_.size(); ++l) {
    const Index width = widths_[l], at = static_cast<Index>(l);
    const TensorMap::Layer& layer = d_map.layers[l];
    // A = Ã S, b = b̃ - A m
    cursor.block(width, d);
    pieces.push_back(flat((layer.A - outer_product(layer.b, center_)).matmul(whitening_.transpose(1, 2))));
    if (before > 0) pieces.push_back(flat(layer.W * cursor.block(width, before).sigmoid()));
    cursor.vector(width);
    pieces.push_back(layer.b);
    pieces.push_back(output_.slice(1, at, at + 1) * layer.w * cursor.vector(width).sigmoid());
    before = width;
  }
  return at::cat(pieces, 1);
}

}  // namespace jko
