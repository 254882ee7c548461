#include "filter/convex_map.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>

#include "filter/engine/map_block.hpp"

namespace jko {

ConvexMap ConvexMap::zero(Index dimension, const std::vector<Index>& widths) {
  ConvexMap map;
  map.Q = Matrix::Zero(dimension, dimension);
  map.c = Vector::Zero(dimension);
  Index before = 0;
  for (const Index width : widths) {
    map.layers.push_back(
        {Matrix::Zero(width, dimension), Matrix::Zero(width, before), Vector::Zero(width), Vector::Zero(width)});
    before = width;
  }
  return map;
}

ConvexMap ConvexMap::affine(const Matrix& Q, const Vector& c) {
  ConvexMap map;
  map.Q = Q;
  map.c = c;
  return map;
}

std::vector<Index> ConvexMap::widths() const {
  std::vector<Index> widths;
  for (const Layer& layer : layers) widths.push_back(layer.b.size());
  return widths;
}

ConvexMap& ConvexMap::operator+=(const ConvexMap& other) {
  Q += other.Q;
  c += other.c;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    layers[l].A += other.layers[l].A;
    layers[l].W += other.layers[l].W;
    layers[l].b += other.layers[l].b;
    layers[l].w += other.layers[l].w;
  }
  return *this;
}

namespace {

// Rows of a block: a few cache lines of each column, so that a block's layer stays in the level-one cache.
constexpr Index kBlockRows = 64;
// Gradients are summed slice by slice, whatever the number of threads: the order of summation is part of the result.
constexpr Index kSlices = 8;

Index block_count(Index points) { return (points + kBlockRows - 1) / kBlockRows; }

/// Whether the work is worth waking other threads for: on a busy machine a fork and a join cost milliseconds.
bool worth_sharing(Index points, Index dimension, const std::vector<Index>& widths) {
  constexpr Index kOperations = 1'000'000;
  Index weights = 0, before = 0;
  for (const Index width : widths) {
    weights += width * (dimension + before);
    before = width;
  }
  return points * (dimension + 1) * weights > kOperations;
}

}  // namespace

struct MapEvaluator::Workspace {
  Points points;
  Points image;
  Vector log_det, divergence;
  std::vector<MapBlock> blocks;
  std::vector<ConvexMap> slices;
  std::vector<MapAdjoint> adjoints;  // one a slice
  bool share = false;                // the work among threads
};

MapEvaluator::MapEvaluator(const Points& points, const std::vector<Index>& widths)
    : workspace_(std::make_unique<Workspace>()) {
  Workspace& ws = *workspace_;
  const Index n = points.rows(), d = points.cols();
  ws.points = points;
  ws.share = worth_sharing(n, d, widths);
  ws.image.resize(n, d);
  ws.log_det.resize(n);
  ws.divergence.resize(n);
  ws.blocks.resize(block_count(n));
  for (std::size_t k = 0; k < ws.blocks.size(); ++k) {
    ws.blocks[k].resize(std::min(kBlockRows, n - static_cast<Index>(k) * kBlockRows), d, widths);
  }
  const Index slices = std::min(kSlices, block_count(n));
  ws.slices.resize(slices);  // shaped by backward(), since a pooled layer has another shape for the same widths
  ws.adjoints.resize(slices);
  for (auto& adjoint : ws.adjoints) adjoint.resize(kBlockRows, d, widths);
}

MapEvaluator::~MapEvaluator() = default;
MapEvaluator::MapEvaluator(MapEvaluator&&) noexcept = default;
MapEvaluator& MapEvaluator::operator=(MapEvaluator&&) noexcept = default;

const Points& MapEvaluator::points() const { return workspace_->points; }
const Points& MapEvaluator::image() const { return workspace_->image; }
const Vector& MapEvaluator::log_det() const { return workspace_->log_det; }

const Vector& MapEvaluator::divergence() const { return workspace_->divergence; }

double MapEvaluator::minimum_pivot() const {
  double pivot = std::numeric_limits<double>::infinity();
  for (const auto& block : workspace_->blocks) pivot = std::min(pivot, block.minimum_pivot());
  return pivot;
}

Points MapEvaluator::hessian() const {
  const Workspace& ws = *workspace_;
  Points hessian(ws.points.rows(), ws.points.cols() * ws.points.cols());
  Index row = 0;
  for (const auto& block : ws.blocks) {
    hessian.middleRows(row, block.rows()) = block.hessian();
    row += block.rows();
  }
  return hessian;
}

void MapEvaluator::forward(const ConvexMap& map) {
  Workspace& ws = *workspace_;
  const Index blocks = static_cast<Index>(ws.blocks.size());
#pragma omp parallel for schedule(static) if (ws.share)
  for (Index k = 0; k < blocks; ++k) {
    MapBlock& block = ws.blocks[k];
    const Index row = k * kBlockRows;
    block.forward(map, ws.points.middleRows(row, block.rows()));
    ws.image.middleRows(row, block.rows()) = block.image();
    ws.log_det.segment(row, block.rows()) = block.log_det();
    ws.divergence.segment(row, block.rows()) = block.divergence();
  }
}

void MapEvaluator::backward(const ConvexMap& map, const Points& d_image, const Vector& d_log_det, ConvexMap& gradient) {
  backward(map, d_image, d_log_det, Vector::Zero(d_log_det.size()), gradient);
}

void MapEvaluator::backward(const ConvexMap& map, const Points& d_image, const Vector& d_log_det,
                            const Vector& d_divergence, ConvexMap& gradient) {
  Workspace& ws = *workspace_;
  const Index blocks = static_cast<Index>(ws.blocks.size());
  const Index slices = static_cast<Index>(ws.slices.size());
#pragma omp parallel for schedule(static) if (ws.share)
  for (Index s = 0; s < slices; ++s) {
    ConvexMap& sum = ws.slices[s];
    set_zero(sum, map);
    for (Index k = s * blocks / slices; k < (s + 1) * blocks / slices; ++k) {
      MapBlock& block = ws.blocks[k];
      const Index row = k * kBlockRows, n = block.rows();
      block.reverse(map, d_image.middleRows(row, n), d_log_det.segment(row, n), d_divergence.segment(row, n),
                    ws.adjoints[s]);
      block.accumulate(map, ws.points.middleRows(row, n), d_image.middleRows(row, n), ws.adjoints[s], sum);
    }
  }
  gradient = ws.slices.front();
  for (Index s = 1; s < slices; ++s) gradient += ws.slices[s];
}

MapValue apply(const ConvexMap& map, PointsView points) {
  const Index n = points.rows(), d = points.cols(), blocks = block_count(n);
  MapValue value{Points(n, d), Vector(n), Vector(n)};
#pragma omp parallel if (worth_sharing(n, d, map.widths()))
  {
    MapBlock block;
#pragma omp for schedule(static)
    for (Index k = 0; k < blocks; ++k) {
      const Index row = k * kBlockRows, rows = std::min(kBlockRows, n - row);
      if (block.rows() != rows) block.resize(rows, d, map.widths());
      block.evaluate(map, points.middleRows(row, rows));
      value.image.middleRows(row, rows) = block.image();
      value.log_det.segment(row, rows) = block.log_det();
      value.divergence.segment(row, rows) = block.divergence();
    }
  }
  return value;
}

MapAverages average(const ConvexMap& map, PointsView points, const Vector& weights) {
  const Index n = points.rows(), d = points.cols(), blocks = block_count(n);
  // A row for each block: the order of summation is part of the result.
  Matrix sums(blocks, d * d + d);
#pragma omp parallel if (worth_sharing(n, d, map.widths()))
  {
    MapBlock block;
#pragma omp for schedule(static)
    for (Index k = 0; k < blocks; ++k) {
      const Index row = k * kBlockRows, rows = std::min(kBlockRows, n - row);
      if (block.rows() != rows) block.resize(rows, d, map.widths());
      block.evaluate(map, points.middleRows(row, rows));
      const auto w = weights.segment(row, rows).transpose();
      sums.row(k) << w * block.hessian(), w * block.image();
    }
  }
  const Vector sum = sums.colwise().sum();
  return {sum.head(d * d).reshaped(d, d), sum.tail(d)};
}

Pushforward pushforward(const std::vector<const ConvexMap*>& maps, PointsView points, PointsView score) {
  const Index n = points.rows(), d = points.cols(), blocks = block_count(n);
  const bool scored = score.size() > 0;
  Pushforward moved{{Points(n, d), Vector::Zero(n), Vector(n)}, Points(n, d), Points(scored ? n : 0, scored ? d : 0)};
  const auto links = static_cast<Index>(maps.size());
#pragma omp parallel if (worth_sharing(n * links, d, maps.back()->widths()))
  {
    MapBlock block;
    MapAdjoint adjoint;
#pragma omp for schedule(static)
    for (Index k = 0; k < blocks; ++k) {
      const Index row = k * kBlockRows, rows = std::min(kBlockRows, n - row);
      Points x = points.middleRows(row, rows), s = scored ? Points(score.middleRows(row, rows)) : Points();
      for (const ConvexMap* map : maps) {
        block.resize(rows, d, map->widths());
        if (scored) {
          adjoint.resize(rows, d, map->widths());
          block.forward(*map, x);
          s = block.solve(s - block.log_det_gradient(*map, adjoint));
        } else {
          block.evaluate(*map, x);
        }
        if (map == maps.back()) moved.before.middleRows(row, rows) = x;
        x = block.image();
        moved.log_det.segment(row, rows) += block.log_det();
      }
      moved.image.middleRows(row, rows) = x;
      moved.divergence.segment(row, rows) = block.divergence();
      if (scored) moved.score.middleRows(row, rows) = s;
    }
  }
  return moved;
}

MapInverse invert(const ConvexMap& map, PointsView z) {
  constexpr int kIterations = 60;
  // Of |T(x) - z|, relative to the size of z. One more Newton step, which needs no evaluation, squares it; what it
  // leaves in log det is of the size of the tolerance.
  constexpr double kTolerance = 1e-8;
  const Index n = z.rows(), d = z.cols(), blocks = block_count(n);
  MapInverse inverse{Points(n, d), Vector(n), true};
  bool converged = true;
#pragma omp parallel if (worth_sharing(n, d, map.widths()))
  {
    MapBlock block;
#pragma omp for schedule(static) reduction(&& : converged)
    for (Index k = 0; k < blocks; ++k) {
      const Index row = k * kBlockRows, rows = std::min(kBlockRows, n - row);
      if (block.rows() != rows) block.resize(rows, d, map.widths());
      const Points target = z.middleRows(row, rows);
      const Vector tolerance = kTolerance * (1.0 + target.rowwise().norm().array());
      // Newton's step for the strictly convex merit ψ(x) - zᵀx, halved where the residual does not shrink.
      Points x = target, trial = target, step = Points::Zero(rows, d);
      Vector damping = Vector::Ones(rows), error = Vector::Constant(rows, kInfinity);
      Vector log_det = Vector::Constant(rows, std::numeric_limits<double>::quiet_NaN());
      for (int iteration = 0; iteration < kIterations && (error.array() > tolerance.array()).any(); ++iteration) {
        block.evaluate(map, trial);
        const Points residual = block.image() - target, next = block.solve(residual);
        for (Index i = 0; i < rows; ++i) {
          if (error(i) <= tolerance(i)) continue;
          const double trial_error = residual.row(i).norm();
          if (trial_error < error(i)) {
            x.row(i) = trial.row(i);
            error(i) = trial_error;
            step.row(i) = next.row(i);
            log_det(i) = block.log_det()(i);
            damping(i) = 1.0;
          } else {
            damping(i) *= 0.5;
          }
          trial.row(i) = x.row(i) - damping(i) * step.row(i);
        }
      }
      converged = converged && (error.array() <= 1e3 * tolerance.array()).all();
      inverse.preimage.middleRows(row, rows) = x - step;
      inverse.log_det.segment(row, rows) = log_det;
    }
  }
  inverse.converged = converged;
  return inverse;
}

ConvexMap interpolate(const ConvexMap& map, double s) {
  constexpr double kFloor = 1e-3;
  ConvexMap scaled = map;
  const Index d = map.dimension();
  scaled.Q = (1.0 - s) * Matrix::Identity(d, d) + s * map.Q;
  if (s > 1.0) {
    Eigen::SelfAdjointEigenSolver<Matrix> eigen(scaled.Q);
    scaled.Q =
        eigen.eigenvectors() * eigen.eigenvalues().cwiseMax(kFloor).asDiagonal() * eigen.eigenvectors().transpose();
  }
  scaled.c = s * map.c;
  // λ is linear in the output weights, so scaling them scales the whole hidden part of T.
  for (auto& layer : scaled.layers) layer.w *= s;
  return scaled;
}

}  // namespace jko
