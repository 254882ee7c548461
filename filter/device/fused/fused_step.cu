// The kernel of the fused solver and its launch. The algorithm is in the headers beside it; here are CUDA's team, and
// what is CUDA's own: memory, streams, errors.

#include <algorithm>
#include <climits>
#include <cuda/atomic>
#include <stdexcept>
#include <string>

#include "filter/device/fused/fused_minimizer.hpp"
#include "filter/device/fused/fused_runner.hpp"

namespace jko::fused {
namespace {

constexpr int kThreads = 256;  // of a block

void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  throw std::runtime_error(std::string("CUDA: ") + what + ": " + cudaGetErrorString(error));
}

/// Blocks of a cooperative launch, all of which are on the device at once, so that they may wait for each other. Teams
/// differ in how often they meet, so each has a barrier of its own instead of the grid's.
class CudaTeam {
 public:
  /// `arrivals` is zero when the launch begins.
  __device__ CudaTeam(int block, int blocks, unsigned* arrivals)
      : block_(block), blocks_(blocks), arrivals_(arrivals) {}

  __device__ int thread() const { return static_cast<int>(threadIdx.x); }
  __device__ int threads() const { return kThreads; }
  __device__ int block() const { return block_; }
  __device__ int blocks() const { return blocks_; }
  __device__ void sync_block() const { __syncthreads(); }

  __device__ void sync_team() {
    __syncthreads();
    if (blocks_ == 1) return;
    if (threadIdx.x == 0) {
      // Release what the block wrote, acquire what the others did; the barriers around pass it on within the block.
      const cuda::atomic_ref<unsigned, cuda::thread_scope_device> arrivals(*arrivals_);
      goal_ += static_cast<unsigned>(blocks_);
      arrivals.fetch_add(1, cuda::memory_order_acq_rel);
      // A difference, since the counter may pass its end.
      while (static_cast<int>(arrivals.load(cuda::memory_order_acquire) - goal_) < 0) {
      }
    }
    __syncthreads();
  }

 private:
  int block_, blocks_;
  unsigned* arrivals_;
  unsigned goal_ = 0;
};

struct Launch {
  Shape shape;
  Limits limits;
  int problems, blocks, iterations, loss_count;
  const Task* tasks;
  const double* data;
  std::size_t data_stride;
  double* work;
  std::size_t work_stride;
  State* states;
  unsigned* arrivals;  ///< one a team
};

// In single precision and few dimensions two blocks of a usual network fit a multiprocessor, if registers allow.
template <typename Real, int D>
constexpr int kBlocksEach = sizeof(Real) == sizeof(float) && D <= 2 ? 2 : 1;

/// Teams take the problems in turn.
template <typename Real, int D>
__global__ void __launch_bounds__(kThreads, (kBlocksEach<Real, D>)) solve_steps(const __grid_constant__ Launch launch) {
  extern __shared__ __align__(32) char shared[];
  const int blocks = launch.blocks, teams = static_cast<int>(gridDim.x) / blocks;
  const int first = static_cast<int>(blockIdx.x) / blocks;
  CudaTeam team(static_cast<int>(blockIdx.x) % blocks, blocks, launch.arrivals + first);
  const BlockMemory<Real> memory(shared, launch.shape);
  for (int b = first; b < launch.problems; b += teams) {
    const NodeData data(launch.data + b * launch.data_stride, launch.shape);
    const Work work(launch.work + b * launch.work_stride, launch.shape, blocks, launch.limits.pairs, launch.loss_count);
    Minimizer<Real, D, CudaTeam> minimizer(team, launch.shape, launch.tasks[b], data, launch.limits, memory, work);
    minimizer.run(launch.states[b], launch.iterations);
  }
}

template <typename Real>
const void* kernel_for(int dimension) {
  switch (dimension) {
    case 1:
      return reinterpret_cast<const void*>(&solve_steps<Real, 1>);
    case 2:
      return reinterpret_cast<const void*>(&solve_steps<Real, 2>);
    case 3:
      return reinterpret_cast<const void*>(&solve_steps<Real, 3>);
    default:
      return reinterpret_cast<const void*>(&solve_steps<Real, 4>);
  }
}

/// Device memory that grows and is kept.
template <typename T>
class Buffer {
 public:
  Buffer() = default;
  ~Buffer() { cudaFree(data_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  T* reserve(std::size_t count) {
    if (count > capacity_) {
      check(cudaFree(data_), "free");
      data_ = nullptr;
      capacity_ = 0;
      check(cudaMalloc(&data_, count * sizeof(T)), "allocate");
      capacity_ = count;
    }
    return data_;
  }
  T* get() const { return data_; }

 private:
  T* data_ = nullptr;
  std::size_t capacity_ = 0;
};

class Stream {
 public:
  Stream() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "create a stream"); }
  ~Stream() { cudaStreamDestroy(stream_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  operator cudaStream_t() const { return stream_; }
  void finish() const { check(cudaStreamSynchronize(stream_), "run the fused kernel"); }

 private:
  cudaStream_t stream_ = nullptr;
};

class CudaRunner final : public Runner {
 public:
  explicit CudaRunner(int blocks) : wanted_blocks_(blocks) {
    check(cudaGetDevice(&device_), "find a device");
    const auto attribute = [&](cudaDeviceAttr which) {
      int value = 0;
      check(cudaDeviceGetAttribute(&value, which, device_), "ask the device");
      return value;
    };
    if (!attribute(cudaDevAttrCooperativeLaunch)) {
      throw std::runtime_error("CUDA: the device knows no cooperative launches");
    }
    processors_ = attribute(cudaDevAttrMultiProcessorCount);
    shared_bytes_ = static_cast<std::size_t>(attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin));
  }

  void begin(const Batch& batch, bool single_precision, int iterations) override {
    problems_ = batch.problems();
    shape_ =
        single_precision ? with_tile<float>(batch.shape, shared_bytes_) : with_tile<double>(batch.shape, shared_bytes_);
    if (shape_.tile == 0) {
      throw std::runtime_error("CUDA: the network does not fit the device's " + std::to_string(shared_bytes_ / 1024) +
                               " KiB of shared memory a block");
    }
    bytes_ = single_precision ? BlockMemory<float>(nullptr, shape_).bytes : BlockMemory<double>(nullptr, shape_).bytes;
    kernel_ = single_precision ? kernel_for<float>(shape_.dimension) : kernel_for<double>(shape_.dimension);
    divide_blocks();

    const Work layout(nullptr, shape_, blocks_, batch.limits.pairs, iterations);
    const std::size_t stride = layout.count, p = shape_.parameters;
    Launch& l = launch_;
    l = {shape_,  batch.limits,      problems_, blocks_, 0,       iterations, nullptr,
         nullptr, batch.data_stride, nullptr,   stride,  nullptr, nullptr};
    work_.reserve(problems_ * stride);
    l.work = work_.get();
    l.states = states_.reserve(problems_);
    l.arrivals = arrivals_.reserve(teams_);
    Task* tasks = tasks_.reserve(problems_);
    l.tasks = tasks;
    double* data = data_.reserve(batch.data.size());
    l.data = data;
    upload(tasks, batch.tasks.data(), batch.tasks.size());
    upload(data, batch.data.data(), batch.data.size());
    check(cudaMemsetAsync(l.states, 0, problems_ * sizeof(State), stream_), "begin");
    check(cudaMemcpy2DAsync(l.work, stride * sizeof(double), batch.theta.data(), p * sizeof(double), p * sizeof(double),
                            problems_, cudaMemcpyHostToDevice, stream_),
          "copy the first guesses");
    stream_.finish();  // the host's arrays may go
    progress_.resize(problems_);
    losses_.resize(static_cast<std::size_t>(problems_) * iterations);
  }

  void launch(int iterations) override {
    Launch& l = launch_;
    l.iterations = iterations;
    check(cudaMemsetAsync(l.arrivals, 0, teams_ * sizeof(unsigned), stream_), "reset the barriers");
    void* arguments[] = {&l};
    check(cudaLaunchCooperativeKernel(kernel_, dim3(teams_ * blocks_), dim3(kThreads), arguments, bytes_, stream_),
          "launch the fused kernel");
    check(cudaMemcpy2DAsync(progress_.data(), sizeof(Progress), l.states, sizeof(State), sizeof(Progress), problems_,
                            cudaMemcpyDeviceToHost, stream_),
          "copy the progress");
    const Work first(l.work, shape_, blocks_, l.limits.pairs, l.loss_count);
    download(losses_, first.losses, l.loss_count);
    stream_.finish();
  }

  const Progress& progress(int problem) const override { return progress_[problem]; }
  const double* losses(int problem) const override {
    return losses_.data() + static_cast<std::size_t>(problem) * launch_.loss_count;
  }

  void read_theta(std::vector<double>& theta) override { read(theta, &Work::x); }
  void read_gradient(std::vector<double>& gradient) override { read(gradient, &Work::gradient); }

 private:
  /// As many blocks as the device holds at once, divided among as many problems as it can have in hand.
  void divide_blocks() {
    check(cudaFuncSetAttribute(kernel_, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes_)),
          "ask for shared memory");
    int each = 0;
    check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&each, kernel_, kThreads, bytes_), "count the blocks");
    const int resident = each * processors_;
    if (resident < 1) throw std::runtime_error("CUDA: the fused kernel does not fit the device");
    const int share = wanted_blocks_ > 0 ? wanted_blocks_ : resident / std::min(problems_, resident);
    blocks_ = std::clamp(share, 1, std::min(shape_.tiles(), resident));
    teams_ = std::min(problems_, resident / blocks_);
  }

  template <typename T>
  void upload(T* to, const T* from, std::size_t count) {
    check(cudaMemcpyAsync(to, from, count * sizeof(T), cudaMemcpyHostToDevice, stream_), "copy the problems");
  }

  /// `count` numbers of each problem's work.
  void download(std::vector<double>& to, const double* from, std::size_t count) {
    to.resize(problems_ * count);
    check(cudaMemcpy2DAsync(to.data(), count * sizeof(double), from, launch_.work_stride * sizeof(double),
                            count * sizeof(double), problems_, cudaMemcpyDeviceToHost, stream_),
          "copy the results");
  }

  void read(std::vector<double>& to, double* Work::*vector) {
    const Work first(launch_.work, shape_, blocks_, launch_.limits.pairs, launch_.loss_count);
    download(to, first.*vector, shape_.parameters);
    stream_.finish();
  }

  const int wanted_blocks_;
  int device_ = 0, processors_ = 0;
  std::size_t shared_bytes_ = 0;  // that a block can have
  Shape shape_;
  std::size_t bytes_ = 0;  // that a block does have
  const void* kernel_ = nullptr;
  int problems_ = 0, blocks_ = 1, teams_ = 1;
  Launch launch_{};
  Stream stream_;
  Buffer<Task> tasks_;
  Buffer<double> data_, work_;
  Buffer<State> states_;
  Buffer<unsigned> arrivals_;
  std::vector<Progress> progress_;
  std::vector<double> losses_;
};

}  // namespace

std::unique_ptr<Runner> make_cuda_runner(int blocks) {
  int devices = 0;
  check(cudaGetDeviceCount(&devices), "find a device");
  if (devices == 0) throw std::runtime_error("CUDA: there is no device");
  return std::make_unique<CudaRunner>(blocks);
}

bool cuda_device_present() {
  int devices = 0;
  return cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0;
}

}  // namespace jko::fused
