// The fused solver on the host: a library of its own, jko_fused_host, which tests alone link.
#include <algorithm>
#include <new>
#include <thread>

#include "filter/device/fused/fused_minimizer.hpp"
#include "filter/device/fused/fused_runner.hpp"
#include "filter/device/fused/fused_team.hpp"
#include "filter/device/fused_step.hpp"

namespace jko::fused {
namespace {

/// Stands for a block's shared memory.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::size_t bytes)
      : bytes_(static_cast<char*>(::operator new (bytes, std::align_val_t{kAlign}))) {}
  ~AlignedBytes() { ::operator delete (bytes_, std::align_val_t{kAlign}); }
  AlignedBytes(AlignedBytes&& other) noexcept : bytes_(other.bytes_) { other.bytes_ = nullptr; }
  AlignedBytes(const AlignedBytes&) = delete;
  AlignedBytes& operator=(const AlignedBytes&) = delete;
  AlignedBytes& operator=(AlignedBytes&&) = delete;
  char* get() const { return bytes_; }

 private:
  static constexpr std::size_t kAlign = 64;
  char* bytes_;
};

class HostRunner final : public Runner {
 public:
  HostRunner(int blocks, int threads) : wanted_blocks_(blocks), threads_(threads) {}

  void begin(const Batch& batch, bool single_precision, int iterations) override {
    batch_ = &batch;
    single_precision_ = single_precision;
    constexpr std::size_t kPlenty = std::size_t{1} << 30;
    shape_ = single_precision ? with_tile<float>(batch.shape, kPlenty) : with_tile<double>(batch.shape, kPlenty);
    blocks_ = std::clamp(wanted_blocks_, 1, shape_.tiles());
    iterations_ = iterations;
    work_stride_ = Work(nullptr, shape_, blocks_, batch.limits.pairs, iterations_).count;
    work_.assign(work_stride_ * batch.problems(), 0.0);
    states_.assign(batch.problems(), State{});
    for (int b = 0; b < batch.problems(); ++b) {
      std::copy_n(batch.theta.data() + static_cast<std::size_t>(b) * shape_.parameters, shape_.parameters, work(b).x);
    }
  }

  void launch(int iterations) override {
    switch (shape_.dimension) {
      case 1:
        return launch_in<1>(iterations);
      case 2:
        return launch_in<2>(iterations);
      case 3:
        return launch_in<3>(iterations);
      default:
        return launch_in<4>(iterations);
    }
  }

  const Progress& progress(int problem) const override { return states_[problem].progress; }
  const double* losses(int problem) const override { return work(problem).losses; }

  void read_theta(std::vector<double>& theta) override {
    theta.clear();
    for (int b = 0; b < batch_->problems(); ++b) theta.insert(theta.end(), work(b).x, work(b).x + shape_.parameters);
  }

  void read_gradient(std::vector<double>& gradient) override {
    gradient.clear();
    for (int b = 0; b < batch_->problems(); ++b) {
      gradient.insert(gradient.end(), work(b).gradient, work(b).gradient + shape_.parameters);
    }
  }

 private:
  Work work(int problem) const {
    auto* base = const_cast<double*>(work_.data()) + problem * work_stride_;
    return {base, shape_, blocks_, batch_->limits.pairs, iterations_};
  }

  template <int D>
  void launch_in(int iterations) {
    for (int b = 0; b < batch_->problems(); ++b) {
      if (single_precision_) {
        solve<float, D>(b, iterations);
      } else {
        solve<double, D>(b, iterations);
      }
    }
  }

  template <typename Real, int D>
  void solve(int problem, int iterations) {
    HostBarrier team_barrier(blocks_ * threads_);
    std::vector<std::unique_ptr<HostBarrier>> block_barriers;
    std::vector<AlignedBytes> memories;
    for (int block = 0; block < blocks_; ++block) {
      block_barriers.push_back(std::make_unique<HostBarrier>(threads_));
      memories.emplace_back(BlockMemory<Real>(nullptr, shape_).bytes);
    }
    const NodeData data(batch_->data.data() + problem * batch_->data_stride, shape_);
    const Work vectors = work(problem);
    const auto member = [&](int rank) {
      const int block = rank / threads_;
      HostTeam team(rank % threads_, threads_, block, blocks_, *block_barriers[block], team_barrier);
      const BlockMemory<Real> memory(memories[block].get(), shape_);
      Minimizer<Real, D, HostTeam> minimizer(team, shape_, batch_->tasks[problem], data, batch_->limits, memory,
                                             vectors);
      minimizer.run(states_[problem], iterations);
    };
    std::vector<std::thread> others;
    for (int rank = 1; rank < blocks_ * threads_; ++rank) others.emplace_back(member, rank);
    member(0);
    for (std::thread& other : others) other.join();
  }

  const int wanted_blocks_, threads_;
  const Batch* batch_ = nullptr;
  bool single_precision_ = false;
  Shape shape_;
  int blocks_ = 1, iterations_ = 0;
  std::size_t work_stride_ = 0;
  std::vector<double> work_;
  std::vector<State> states_;
};

}  // namespace

}  // namespace jko::fused

namespace jko {

FusedSolver FusedSolver::on_host(const FusedOptions& options) {
  return FusedSolver(options,
                     std::make_unique<fused::HostRunner>(std::max(options.blocks, 1), std::max(options.threads, 1)));
}

}  // namespace jko
