#pragma once
/// Plain structures of the fused solver: sizes, what a problem is, what is kept between launches, and where everything
/// lies in a block's shared memory and in global memory. No pointer of the host is in them, so that they are copied to
/// a device as they are.
///
///     Shape shape = ...;                                       // fused_batch.hpp fills it
///     BlockMemory<float> memory(base, shape);                  // memory.bytes() of shared memory from `base`
///     Work work(numbers, shape, blocks, pairs, losses);        // work.count() doubles from `numbers`

#include <cstddef>

#include "filter/device/fused/fused_macros.hpp"

namespace jko::fused {

constexpr int kMaxDimension = 4;
constexpr int kMaxLayers = 3;
constexpr int kMaxWidth = 64;
constexpr int kMaxTile = 32;  // nodes that a block has in hand at once: the lanes of a warp
constexpr int kMinTile = 4;
constexpr int kMaxPairs = 20;              // L-BFGS correction pairs
constexpr int kSlots = kMaxPairs + 1;      // one more, for a pair that may be turned down
constexpr int kMaxPatience = 32;           // of MinimizeOptions
constexpr int kChunks = 8;                 // a long sum is cut into so many, whatever the number of threads
constexpr int kMostSums = 4 * kSlots + 1;  // that are taken at once

/// Sizes that all problems of a batch share. Hidden widths are padded to multiples of four by units whose weights are
/// zero, so that products go four by four; a unit has one index through all layers.
struct Shape {
  int dimension = 0;
  int layers = 0;
  int nodes = 0;
  int parameters = 0;  ///< size of θ
  int width[kMaxLayers] = {};
  int padded[kMaxLayers] = {};
  int first_unit[kMaxLayers] = {};
  int first_theta[kMaxLayers] = {};  ///< of the layer's piece of θ, which is laid out as in Parametrisation
  int units = 0;                     ///< of all layers, padded
  // Offsets in the network (Q, c, A, b, w, W) that the nodes see: rows are contiguous, A, b and w run over all units.
  int at_c = 0, at_A = 0, at_b = 0, at_w = 0;
  int at_W[kMaxLayers] = {};
  int network = 0;  ///< its size
  int tile = 0;     ///< nodes of a tile, 4, 8, 16 or 32
  int tile_shift = 0;

  /// Row length of the tile's arrays. Four more than the nodes keeps loads of four nodes free of bank conflicts.
  JKO_ANYWHERE int row() const { return tile > kMinTile ? tile + 4 : tile; }
  JKO_ANYWHERE int tiles() const { return (nodes + tile - 1) / tile; }
};

enum class PotentialKind { sine_well, double_well, quadratic, mixture };

/// What differs between the problems of a batch, besides nodes and θ.
struct Task {
  double center[kMaxDimension];
  double whitening[kMaxDimension * kMaxDimension];  ///< (D, D) by rows
  double scale;
  double output_scale[kMaxLayers];
  double tau_hat;
  double temperature;
  PotentialKind potential;
  int components;  ///< of a mixture
};

/// MinimizeOptions without the callback.
struct Limits {
  int iterations;
  int pairs;
  int patience;
  double value_tolerance;
  double gradient_tolerance;
  double first_step;
};

/// How far the minimisation of one problem has come. All zeros: not begun.
struct Progress {
  double value = 0.0;
  double initial_value = 0.0;
  double largest_gradient = 0.0;
  int iterations = 0;
  int evaluations = 0;
  int finished = 0;
  int reason = 0;  ///< as in MinimizeSummary, once finished
  int pairs = 0;   ///< of L-BFGS
};

/// All that a minimisation knows besides its vectors; a launch reads and writes it. All zeros: not begun.
struct State {
  Progress progress;
  double scale;       ///< of the first inverse Hessian
  int order[kSlots];  ///< slots of the pairs, oldest first; then the free ones
  // Products of steps s and changes of the gradient y, by slots: s_i·y_j with j newer than i, and y_i·y_j.
  double step_change[kSlots][kSlots];
  double change_change[kSlots][kSlots];
  double inverse_curvature[kSlots];
  double step_gradient[kSlots];    ///< s_i·∇L
  double change_gradient[kSlots];  ///< y_i·∇L
  double step_factor[kSlots];      ///< the search direction's coefficients
  double change_factor[kSlots];
  double history[kMaxPatience + 1];  ///< values of the last iterations, by iteration number
};

/// Hands out consecutive pieces of memory. With base 0 it only counts.
class Carver {
 public:
  JKO_ANYWHERE explicit Carver(char* base) : base_(base) {}
  template <typename T>
  JKO_ANYWHERE T* take(std::size_t count) {
    constexpr std::size_t kAlign = 32;
    T* piece = base_ ? reinterpret_cast<T*>(base_ + at_) : nullptr;
    at_ += (count * sizeof(T) + kAlign - 1) / kAlign * kAlign;
    return piece;
  }
  JKO_ANYWHERE std::size_t bytes() const { return at_; }

 private:
  char* base_;
  std::size_t at_ = 0;
};

/// Rows of the tile's arrays that hold one number a node: x, ∂L/∂T and ∂L/∂∇²ψ (lower triangle).
JKO_ANYWHERE constexpr int pairs_of(int d) { return d * (d + 1) / 2; }
JKO_ANYWHERE constexpr int node_rows(int d) { return 2 * d + pairs_of(d); }
/// T and the lower triangle of ∇²ψ.
JKO_ANYWHERE constexpr int group_rows(int d) { return d + pairs_of(d); }
/// Rows a unit: σ, σ', λ, u, ā, ū and for each direction J, σ'J, J̄.
JKO_ANYWHERE constexpr int unit_rows(int d) { return 6 + 3 * d; }

/// A block's shared memory.
template <typename Real>
struct BlockMemory {
  State* state;
  double* scratch;    ///< kMostSums · kChunks partial sums
  double* sums;       ///< kMostSums results
  double* node_loss;  ///< a tile's, summed over the tiles
  Real* network;
  Real* nodes;   ///< node_rows() rows
  Real* groups;  ///< kChunks groups of units, group_rows() rows each
  Real* units;   ///< unit_rows() times all units' rows
  std::size_t bytes;

  JKO_ANYWHERE BlockMemory(char* base, const Shape& shape) {
    Carver carver(base);
    const std::size_t row = shape.row(), d = shape.dimension;
    state = carver.take<State>(1);
    scratch = carver.take<double>(kMostSums * kChunks);
    sums = carver.take<double>(kMostSums);
    node_loss = carver.take<double>(shape.tile);
    network = carver.take<Real>(shape.network);
    nodes = carver.take<Real>(node_rows(d) * row);
    groups = carver.take<Real>(kChunks * group_rows(d) * row);
    units = carver.take<Real>(unit_rows(d) * shape.units * row);
    bytes = carver.bytes();
  }
};

/// A problem's global memory, shared by the blocks of its team. Vectors have shape.parameters entries.
struct Work {
  double* x;
  double* direction;
  double* gradient;
  double* trial_gradient;  ///< and, one further, the value
  double* best_gradient;
  double* steps;            ///< kSlots of them at most: pairs + 1
  double* changes;          ///< likewise
  double* network_partial;  ///< ∂L/∂network, one a block
  double* theta_partial;    ///< ∂L/∂θ and L, one a block
  double* exchange;         ///< two buffers of kMostSums numbers a block
  double* losses;           ///< of this launch's iterations
  std::size_t count;        ///< doubles in all

  JKO_ANYWHERE Work(double* base, const Shape& shape, int blocks, int pairs, int loss_count) {
    Carver carver(reinterpret_cast<char*>(base));
    const std::size_t p = shape.parameters;
    x = carver.take<double>(p);
    direction = carver.take<double>(p);
    gradient = carver.take<double>(p);
    trial_gradient = carver.take<double>(p + 1);
    best_gradient = carver.take<double>(p);
    steps = carver.take<double>((pairs + 1) * p);
    changes = carver.take<double>((pairs + 1) * p);
    network_partial = carver.take<double>(static_cast<std::size_t>(blocks) * shape.network);
    theta_partial = carver.take<double>(blocks * (p + 1));
    exchange = carver.take<double>(static_cast<std::size_t>(2) * blocks * kMostSums);
    losses = carver.take<double>(loss_count);
    count = carver.bytes() / sizeof(double);
  }
};

/// The part of a problem that does not change, in one array: nodes (D rows of N), targets (likewise), weights, and the
/// potential's numbers.
struct NodeData {
  const double* nodes;
  const double* targets;
  const double* weights;
  const double* potential;

  JKO_ANYWHERE NodeData(const double* base, const Shape& shape)
      : nodes(base),
        targets(base + shape.dimension * shape.nodes),
        weights(base + 2 * shape.dimension * shape.nodes),
        potential(base + (2 * shape.dimension + 1) * shape.nodes) {}
};

}  // namespace jko::fused
