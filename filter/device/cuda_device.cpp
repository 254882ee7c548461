// Compiled where LibTorch has CUDA.
#include "filter/device/cuda_device.hpp"

#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

namespace jko::cuda {

struct Graph::Captured {
  // A capture cannot happen on the default stream.
  c10::cuda::CUDAStream stream = c10::cuda::getStreamFromPool();
  at::cuda::CUDAGraph graph;
};

bool built() { return true; }
bool available() { return at::cuda::is_available(); }
std::string device_name() { return at::cuda::getCurrentDeviceProperties()->name; }

std::size_t free_bytes() {
  // Blocks that the allocator keeps in reserve would serve as well.
  c10::cuda::CUDACachingAllocator::emptyCache();
  std::size_t free = 0, total = 0;
  return cudaMemGetInfo(&free, &total) == cudaSuccess ? free : 0;
}

Graph::Graph() = default;
Graph::~Graph() = default;

bool Graph::capture(const std::function<void()>& work) {
  auto captured = std::make_unique<Captured>();
  at::cuda::getCurrentCUDAStream().synchronize();
  const c10::cuda::CUDAStreamGuard guard(captured->stream);
  captured->graph.capture_begin();
  try {
    work();
    captured->graph.capture_end();
  } catch (const c10::Error&) {
    try {
      captured->graph.capture_end();
    } catch (const c10::Error&) {
      // The first error ended the capture.
    }
    cudaGetLastError();  // else the next call would report it
    return false;
  }
  captured_ = std::move(captured);
  return true;
}

void Graph::replay() { captured_->graph.replay(); }

}  // namespace jko::cuda
