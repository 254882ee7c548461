#pragma once
/// Teams: the threads that solve one problem together, in blocks that each have a shared memory of their own.
///
/// A team has
///
///     int thread(), threads()    rank in its block, and size of a block
///     int block(), blocks()      the block's rank in the team, and how many there are
///     void sync_block()          all threads of the block have come here, and see what the others wrote
///     void sync_team()           the same for all threads of all blocks of the team
///
/// The kernel's team is CUDA's (fused_step.cu). HostTeam is the same thing made of std::threads: it lets tests and the
/// thread sanitizer find a missing barrier where there is no GPU.

#include <condition_variable>
#include <mutex>

namespace jko::fused {

class HostBarrier {
 public:
  explicit HostBarrier(int count) : count_(count) {}

  void wait() {
    if (count_ == 1) return;
    std::unique_lock<std::mutex> lock(mutex_);
    const unsigned generation = generation_;
    if (++arrived_ == count_) {
      arrived_ = 0;
      ++generation_;
      all_here_.notify_all();
    } else {
      all_here_.wait(lock, [&] { return generation_ != generation; });
    }
  }

 private:
  const int count_;
  int arrived_ = 0;
  unsigned generation_ = 0;
  std::mutex mutex_;
  std::condition_variable all_here_;
};

class HostTeam {
 public:
  HostTeam(int thread, int threads, int block, int blocks, HostBarrier& block_barrier, HostBarrier& team_barrier)
      : thread_(thread),
        threads_(threads),
        block_(block),
        blocks_(blocks),
        block_barrier_(&block_barrier),
        team_barrier_(&team_barrier) {}

  int thread() const { return thread_; }
  int threads() const { return threads_; }
  int block() const { return block_; }
  int blocks() const { return blocks_; }
  void sync_block() const { block_barrier_->wait(); }
  void sync_team() const { team_barrier_->wait(); }

 private:
  int thread_, threads_, block_, blocks_;
  HostBarrier* block_barrier_;
  HostBarrier* team_barrier_;
};

}  // namespace jko::fused
