// Compiled where LibTorch has no CUDA.
#include "filter/device/cuda_device.hpp"

namespace jko::cuda {

struct Graph::Captured {};

bool built() { return false; }
bool available() { return false; }
std::string device_name() { return "none"; }
std::size_t free_bytes() { return 0; }

Graph::Graph() = default;
Graph::~Graph() = default;
bool Graph::capture(const std::function<void()>&) { return false; }
void Graph::replay() {}

}  // namespace jko::cuda
