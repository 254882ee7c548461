#pragma once
/// A batch of problems in plain arrays, and who runs it: the host or a CUDA device. No Eigen here, so that the kernel's
/// source needs none.

#include <memory>
#include <vector>

#include "filter/device/fused/fused_layout.hpp"

namespace jko::fused {

struct Batch {
  Shape shape;  ///< but for the tile, which the runner chooses
  Limits limits{};
  std::vector<Task> tasks;   ///< one a problem
  std::vector<double> data;  ///< NodeData of each, data_stride apart
  std::size_t data_stride = 0;
  std::vector<double> theta;  ///< shape.parameters each

  int problems() const { return static_cast<int>(tasks.size()); }
};

class Runner {
 public:
  virtual ~Runner() = default;

  /// Takes the batch in, which outlives the run; no launch will make more than `iterations`.
  virtual void begin(const Batch& batch, bool single_precision, int iterations) = 0;
  /// Makes up to that many further iterations of every problem that is not finished.
  virtual void launch(int iterations) = 0;

  /// After a launch: where each problem is, and its values after each of the launch's iterations.
  virtual const Progress& progress(int problem) const = 0;
  virtual const double* losses(int problem) const = 0;
  /// All θ, and ∂L/∂θ of all, as Batch::theta.
  virtual void read_theta(std::vector<double>& theta) = 0;
  virtual void read_gradient(std::vector<double>& gradient) = 0;
};

#ifdef JKO_CUDA_KERNEL
/// The first CUDA device; `blocks` of a problem, 0: as many as fill the device. Throws std::runtime_error with CUDA's
/// message if there is none, and later if the network does not fit its shared memory or CUDA fails.
std::unique_ptr<Runner> make_cuda_runner(int blocks);
bool cuda_device_present();
#endif

/// The shape with the largest tile for which a block needs no more than `bytes` of shared memory; tile 0 if none does.
template <typename Real>
Shape with_tile(Shape shape, std::size_t bytes) {
  for (shape.tile = kMaxTile; shape.tile >= kMinTile; shape.tile /= 2) {
    // No larger than the nodes ask for.
    if (shape.tile > kMinTile && shape.tile / 2 >= shape.nodes) continue;
    shape.tile_shift = 0;
    while (1 << shape.tile_shift < shape.tile) ++shape.tile_shift;
    if (BlockMemory<Real>(nullptr, shape).bytes <= bytes) return shape;
  }
  shape.tile = 0;
  return shape;
}

}  // namespace jko::fused
