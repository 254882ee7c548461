#pragma once
/// What only a LibTorch with CUDA has. cuda_device.cpp implements it there; without CUDA, cuda_absent.cpp does, in
/// which there is no device.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace jko::cuda {

bool built();
bool available();
std::string device_name();
std::size_t free_bytes();  ///< on the device, what the allocator keeps in reserve included

/// Work on the device that is captured once and then replayed, without a launch of its own for each operation.
class Graph {
 public:
  Graph();
  ~Graph();

  /// Captures what `work` launches; nothing of it runs. False if it holds something that cannot be captured: then the
  /// caller runs it as it is.
  bool capture(const std::function<void()>& work);
  void replay();

 private:
  struct Captured;
  std::unique_ptr<Captured> captured_;
};

}  // namespace jko::cuda
