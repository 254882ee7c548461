#include "filter/device/tensor_map.hpp"

#include <ATen/ops/cat.h>

#include <type_traits>

#include "filter/device/tensor_parameters.hpp"
#include "filter/device/tensors.hpp"
#include "tests/filter/device/devices.hpp"
#include "tests/filter/random_map.hpp"
#include "tests/filter/relative_difference.hpp"
#include "tests/test.hpp"

using namespace jko;

namespace {

constexpr Index kNodes = 150;

/// Only the symmetric part of ∂L/∂Q has a meaning, since Q is symmetric.
Matrix symmetric(const Matrix& m) { return m + m.transpose(); }

at::Tensor batch_of(const Matrix& matrix, const at::TensorOptions& options) {
  return to_tensor(matrix, options).unsqueeze(0);
}

/// Row-major in each row, as MapEvaluator has it.
Matrix hessians(const at::Tensor& hessian) {
  return to_matrix(hessian.select(0, 0).reshape({hessian.size(1), hessian.size(2) * hessian.size(3)}));
}

/// Problem `b` of a batch of maps, or of gradients, is this one.
void check_same(const ConvexMap& expected, const TensorMap& batch, Index b, double tolerance) {
  CHECK(relative_difference(symmetric(expected.Q), symmetric(to_matrix(batch.Q.select(0, b)))) < tolerance);
  CHECK(relative_difference(expected.c, to_matrix(batch.c.select(0, b))) < tolerance);
  REQUIRE(batch.layers.size() == expected.layers.size());
  for (std::size_t l = 0; l < expected.layers.size(); ++l) {
    CAPTURE(l);
    const auto& [A, W, b_l, w] = batch.layers[l];
    CHECK(relative_difference(expected.layers[l].A, to_matrix(A.select(0, b))) < tolerance);
    CHECK(relative_difference(expected.layers[l].b, to_matrix(b_l.select(0, b))) < tolerance);
    CHECK(relative_difference(expected.layers[l].w, to_matrix(w.select(0, b))) < tolerance);
    if (l > 0) CHECK(relative_difference(expected.layers[l].W, to_matrix(W.select(0, b))) < tolerance);
  }
}

/// The tensor engine against that of the processor, which is checked against autograd.
void check_against_processor(const ConvexMap& map, const Points& x, const at::TensorOptions& options,
                             double tolerance) {
  const Points d_image = random_points(x.rows(), x.cols(), 4);
  const Vector d_log_det = random_points(x.rows(), 1, 5), d_divergence = random_points(x.rows(), 1, 6);
  MapEvaluator evaluator(x, map.widths());
  evaluator.forward(map);
  ConvexMap expected;
  evaluator.backward(map, d_image, d_log_det, d_divergence, expected);

  const TensorMap tensors = TensorMap::of(map, options);
  const at::Tensor points = batch_of(x, options);
  const TensorMapTape tape = forward(tensors, points);
  CHECK(relative_difference(evaluator.image(), to_matrix(tape.image.select(0, 0))) < tolerance);
  CHECK(relative_difference(evaluator.hessian(), hessians(tape.hessian)) < tolerance);
  CHECK(relative_difference(evaluator.log_det(), to_matrix(tape.log_det.select(0, 0))) < tolerance);

  CHECK(relative_difference(evaluator.divergence(), to_matrix(divergence(tape).select(0, 0))) < tolerance);

  const auto row = [&](const Vector& v) { return batch_of(v.transpose(), options).select(1, 0); };
  const TensorMap gradient =
      backward(tensors, points, tape, batch_of(d_image, options), row(d_log_det), row(d_divergence));
  check_same(expected, gradient, 0, tolerance);
}

/// A parametrisation against its tensors, as the second problem of a batch of two, so that a mix-up would show.
template <class Parameters>
void check_parameters(const Parameters& parameters, const Vector& theta, Index d, const std::vector<Index>& widths) {
  const at::TensorOptions options(at::kDouble);
  TensorParameters tensors(2, d, widths, std::is_same_v<Parameters, PooledParametrisation>, options);
  REQUIRE(tensors.size() == parameters.size());
  tensors.assign(1, parameters);
  const at::Tensor both = batch_of(theta, options).select(2, 0).repeat({2, 1});
  const ConvexMap map = parameters.map(theta);
  const TensorMap tensor_map = tensors.map(both);
  check_same(map, tensor_map, 1, 1e-13);
  // The map itself serves as a gradient: any numbers of its shape do.
  const Matrix gradient = to_matrix(tensors.pull_back(both, tensor_map).select(0, 1));
  CHECK(relative_difference(parameters.pull_back(theta, map), gradient) < 1e-13);
}

}  // namespace

TEST_CASE("The tensor engine's values, Hessians and gradients are the processor's", "[tensor_map]") {
  for (const at::Device& device : test_devices()) {
    for (const auto& [type, tolerance] : {std::pair{at::kDouble, 1e-9}, {at::kFloat, 1e-4}}) {
      const at::TensorOptions options = at::TensorOptions(type).device(device);
      for (const Index d : {1, 2, 4, 6}) {
        CAPTURE(device.str(), type, d);
        const Points x = random_points(kNodes, d, 3);
        for (const auto& widths : {std::vector<Index>{}, {7}, {9, 6}, {5, 8, 4}}) {
          CAPTURE(widths.size());
          const ConvexMap map = random_map(d, widths, 10 * d + static_cast<unsigned>(widths.size()));
          check_against_processor(map, x, options, tolerance);
        }
        check_against_processor(random_pooled_map(d, 7, 10 * d), x, options, tolerance);
      }
    }
  }
}

TEST_CASE("Each map of a batch is evaluated as it is alone", "[tensor_map]") {
  const at::TensorOptions options(at::kDouble);
  const Index d = 2, batch = 3;
  for (const bool pooled : {false, true}) {
    std::vector<TensorMap> maps;
    std::vector<at::Tensor> points;
    for (unsigned b = 0; b < batch; ++b) {
      maps.push_back(TensorMap::of(pooled ? random_pooled_map(d, 6, b) : random_map(d, {6, 5}, b), options));
      points.push_back(batch_of(random_points(40, d, 10 + b), options));
    }
    TensorMap all = maps.front();
    const auto join = [&](auto member) {
      std::vector<at::Tensor> parts;
      parts.reserve(maps.size());
      for (TensorMap& map : maps) parts.push_back(member(map));
      return parts.front().defined() ? at::cat(parts, 0) : at::Tensor();
    };
    all.Q = join([](TensorMap& map) { return map.Q; });
    all.c = join([](TensorMap& map) { return map.c; });
    for (std::size_t l = 0; l < all.layers.size(); ++l) {
      all.layers[l] = {
          join([l](TensorMap& map) { return map.layers[l].A; }), join([l](TensorMap& map) { return map.layers[l].W; }),
          join([l](TensorMap& map) { return map.layers[l].b; }), join([l](TensorMap& map) { return map.layers[l].w; })};
    }
    const TensorMapTape tape = forward(all, at::cat(points, 0));
    for (Index b = 0; b < batch; ++b) {
      const TensorMapTape alone = forward(maps[static_cast<std::size_t>(b)], points[static_cast<std::size_t>(b)]);
      CHECK(tape.image.select(0, b).allclose(alone.image.select(0, 0), 1e-12, 1e-12));
      CHECK(tape.log_det.select(0, b).allclose(alone.log_det.select(0, 0), 1e-12, 1e-12));
    }
  }
}

TEST_CASE("A Hessian that is not positive definite has no log determinant", "[tensor_map]") {
  for (const Index d : {2, 6}) {
    ConvexMap map = random_map(d, {}, 1);
    map.Q = Vector::LinSpaced(d, -1.0, 1.0).asDiagonal();
    const at::TensorOptions options(at::kDouble);
    const TensorMapTape tape = forward(TensorMap::of(map, options), batch_of(random_points(3, d, 1), options));
    CHECK(tape.log_det.isnan().all().item<bool>());
  }
}

TEST_CASE("θ becomes the same map and gets the same gradient as on the processor", "[tensor_parameters]") {
  for (const Index d : {1, 3}) {
    const Points x = 2.0 * random_points(40, d, 1);
    const Vector weights = Vector::Constant(40, 1.0 / 40);
    for (const auto& widths : {std::vector<Index>{}, {5}, {5, 4}}) {
      CAPTURE(d, widths.size());
      const Parametrisation parameters(widths, Frame::of(x, weights), 1);
      const Vector away = 0.3 * random_points(parameters.size(), 1, 2);
      check_parameters(parameters, parameters.start(x, weights) + away, d, widths);
    }
    CAPTURE(d);
    const PooledParametrisation pooled(random_pooled_map(d, 5, 3), x, weights);
    const Vector away = 0.1 * random_points(pooled.size(), 1, 2);
    check_parameters(pooled, pooled.start() + away, d, {5});
  }
}
