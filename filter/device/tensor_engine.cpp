#include "filter/device/tensor_engine.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <limits>
#include <mutex>
#include <numeric>
#include <tuple>

#include "filter/device/cuda_device.hpp"
#include "filter/device/resident_arrays.hpp"
#include "filter/device/tensor_lbfgs.hpp"
#include "filter/device/tensor_map.hpp"
#include "filter/device/tensor_parameters.hpp"
#include "filter/device/tensor_potential.hpp"
#include "filter/device/tensors.hpp"

namespace jko {
namespace {

/// Evaluations between two looks at whether all is done. On a device a look waits for everything that was launched.
constexpr int kTicksOnDevice = 8;

/// Everything that a solve of one shape needs, kept from step to step: tensors that stay where they are, and on CUDA
/// the graph of the work on them.
class Plan {
 public:
  /// What a plan can be used again for.
  using Key = std::tuple<Index, Index, Index, std::vector<Index>, bool,
                         std::vector<std::pair<const void*, std::uint64_t>>, int, int, int, double>;

  Plan(Key key, const StepShape& shape, const std::vector<const Potential*>& potentials, const MinimizeOptions& options,
       const at::TensorOptions& tensors, ResidentArrays& resident)
      : key_(std::move(key)),
        resident_(resident),
        parameters_(shape.batch, shape.dimension, shape.widths, shape.pooled, tensors),
        potential_(make_tensor_potential(potentials, tensors)),
        solver_(shape.batch, parameters_.size(), options, tensors),
        first_(at::zeros({shape.batch, parameters_.size()}, tensors)),
        nodes_(at::zeros({shape.batch, shape.nodes, shape.dimension}, tensors)),
        target_(at::zeros_like(nodes_)),
        score_(at::zeros_like(nodes_)),
        weights_(at::zeros({shape.batch, shape.nodes}, tensors)) {
    for (at::Tensor* numbers : {&tau_hat_, &temperature_, &score_factor_, &time_})
      *numbers = at::zeros({shape.batch}, tensors);
  }

  const Key& key() const { return key_; }

  void assign(Index b, const StepTask& task) {
    const JkoStepProblem& problem = *task.problem;
    std::visit([&](const auto* parameters) { parameters_.assign(b, *parameters); }, task.parameters);
    const auto place = [&](Points JkoStepProblem::*array, const at::Tensor& to) {
      if (problem.whole) {
        to.copy_(resident_.rows(problem.whole->*array, *problem.rows));
      } else {
        resident_.copy(problem.*array, to);
      }
    };
    place(&JkoStepProblem::nodes, nodes_.select(0, b));
    place(&JkoStepProblem::target, target_.select(0, b));
    const bool scored = problem.score.size() > 0;
    if (scored) place(&JkoStepProblem::score, score_.select(0, b));
    resident_.copy(problem.weights, weights_.select(0, b).unsqueeze(-1));
    const auto row = [b](const at::Tensor& tensor) { return tensor.slice(0, b, b + 1); };
    copy_to(task.theta->transpose(), row(first_));
    row(tau_hat_).fill_(problem.tau_hat);
    row(temperature_).fill_(problem.temperature);
    row(score_factor_).fill_(scored ? problem.temperature : 0.0);
    row(time_).fill_(problem.time);
  }

  std::vector<MinimizeSummary> solve(const MinimizeOptions& options) {
    const TensorLbfgs::Objective f = [this](const at::Tensor& theta) { return loss(theta); };
    const bool on_device = nodes_.is_cuda();
    const auto ticks = [&] {
      for (int k = 0; k < (on_device ? kTicksOnDevice : 1); ++k) solver_.tick(f);
    };
    solver_.set_tolerances(options);
    solver_.start(first_, f);
    while (!solver_.finished()) {
      if (captured_) {
        graph_.replay();
      } else {
        ticks();  // also the first time on CUDA: libraries make their workspaces, which a capture must not
        if (on_device && potential_->stays_on_device() && !refused_) {
          captured_ = graph_.capture(ticks);
          refused_ = !captured_;
        }
      }
      if (options.stop && options.stop()) break;
    }
    return solver_.summaries();
  }

  Vector solution(Index b) const { return to_matrix(solver_.solution().select(0, b)); }

 private:
  /// L and ∂L/∂θ at each θ of the batch (docs/method.md, equations 2 and 3).
  std::pair<at::Tensor, at::Tensor> loss(const at::Tensor& theta) const {
    const TensorMap map = parameters_.map(theta);
    const TensorMapTape tape = forward(map, nodes_);
    const auto [value, force] = potential_->evaluate(tape.image, time_);
    const at::Tensor moved = tape.image - target_;
    const auto column = [](const at::Tensor& numbers) { return numbers.unsqueeze(-1); };
    const at::Tensor zero_mean = divergence(tape) - static_cast<double>(nodes_.size(-1)) +
                                 ((tape.image - nodes_) * score_).sum(-1);  // jko_step.hpp
    const at::Tensor losses = (moved * moved).sum(-1) / (2.0 * column(tau_hat_)) + value -
                              column(temperature_) * tape.log_det + column(score_factor_) * zero_mean;
    const at::Tensor pull = moved / column(column(tau_hat_)) + force + column(column(score_factor_)) * score_;
    const TensorMap d_map = backward(map, nodes_, tape, column(weights_) * pull, -column(temperature_) * weights_,
                                     column(score_factor_) * weights_);
    return {(weights_ * losses).sum(-1), parameters_.pull_back(theta, d_map)};
  }

  Key key_;
  ResidentArrays& resident_;
  TensorParameters parameters_;
  std::unique_ptr<TensorPotential> potential_;
  TensorLbfgs solver_;
  at::Tensor first_;                                        // (B, P)
  at::Tensor nodes_, target_, score_;                       // (B, N, D); the score zero where it is not known
  at::Tensor weights_;                                      // (B, N)
  at::Tensor tau_hat_, temperature_, score_factor_, time_;  // (B)
  cuda::Graph graph_;
  bool captured_ = false, refused_ = false;
};

std::string gibibytes(std::size_t bytes) {
  const std::size_t hundredths = (bytes * 100) >> 30U;
  const std::string digits = std::to_string(hundredths % 100);
  return std::to_string(hundredths / 100) + "." + (digits.size() == 1 ? "0" : "") + digits + " GiB";
}

class LibTorchEngine final : public StepEngine {
 public:
  explicit LibTorchEngine(const TensorEngineOptions& options)
      : options_(options),
        tensors_(at::TensorOptions(options.single_precision ? at::kFloat : at::kDouble)
                     .device(options.cuda ? at::kCUDA : at::kCPU)),
        resident_(tensors_, options.sent) {}

  std::vector<MinimizeSummary> minimise(const std::vector<StepTask>& tasks, const MinimizeOptions& options) override {
    if (tasks.empty()) return {};
    const StepTask& one = tasks.front();
    const StepShape shape{1, one.problem->nodes.rows(), one.problem->nodes.cols(),
                          std::visit([](const auto* parameters) { return parameters->widths(); }, one.parameters),
                          std::holds_alternative<const PooledParametrisation*>(one.parameters)};
    return guarded([&] {
      const std::lock_guard lock(mutex_);
      const auto at_once = static_cast<std::ptrdiff_t>(room_for(bytes_of(shape, options.memory)));
      std::vector<MinimizeSummary> all;
      for (auto first = tasks.begin(); first != tasks.end();) {
        const auto last = first + std::min(at_once, tasks.end() - first);
        std::vector<MinimizeSummary> some = solve({first, last}, shape, options);
        std::move(some.begin(), some.end(), std::back_inserter(all));
        first = last;
      }
      return all;
    });
  }

  bool batches() const override { return true; }

  MapAverages average(const ConvexMap& map, PointsView points, const Vector& weights) override {
    if (few(points, {&map})) return jko::average(map, points, weights);
    return guarded([&] {
      claim(points, map);
      const TensorMapTape tape = forward(TensorMap::of(map, tensors_), on_device(points));
      const at::Tensor w = resident_.tensor(weights).t();  // (1, N)
      return MapAverages{to_matrix(w.matmul(tape.hessian.squeeze(0).flatten(1)).reshape({points.cols(), -1})),
                         to_matrix(w.matmul(tape.image.squeeze(0)).squeeze(0))};
    });
  }

  Pushforward pushforward(const std::vector<const ConvexMap*>& maps, PointsView points, PointsView score) override {
    if (few(points, maps)) return jko::pushforward(maps, points, score);
    return guarded([&] {
      at::Tensor x = on_device(points), before, log_det, trace;
      at::Tensor s = score.size() > 0 ? on_device(score) : at::Tensor();
      for (const ConvexMap* link : maps) {
        claim(points, *link);
        const TensorMap map = TensorMap::of(*link, tensors_);
        const TensorMapTape tape = forward(map, x);
        if (s.defined()) s = tape.inverse.matmul((s - log_det_gradient(map, x, tape)).unsqueeze(-1)).squeeze(-1);
        before = x;
        x = tape.image;
        log_det = log_det.defined() ? log_det + tape.log_det : tape.log_det;
        trace = divergence(tape);
      }
      const auto numbers = [](const at::Tensor& batch) { return to_matrix(batch.squeeze(0)); };
      const auto back = [&](const at::Tensor& batch) { return resident_.fetch(batch.squeeze(0)); };
      return Pushforward{{back(x), numbers(log_det), numbers(trace)},
                         maps.size() == 1 ? Points(points) : back(before),
                         s.defined() ? back(s) : Points()};
    });
  }

  std::string name() const override {
    const std::string precision = options_.single_precision ? ", single precision" : "";
    return (options_.cuda ? "cuda (" + cuda::device_name() + ")" : "LibTorch on the processor") + precision;
  }

 private:
  /// Precondition: the mutex is held. `shape`: of one of the tasks.
  std::vector<MinimizeSummary> solve(const std::vector<StepTask>& tasks, StepShape shape,
                                     const MinimizeOptions& options) {
    shape.batch = static_cast<Index>(tasks.size());
    Plan& plan = plan_for(shape, tasks, options);
    for (std::size_t b = 0; b < tasks.size(); ++b) plan.assign(static_cast<Index>(b), tasks[b]);
    std::vector<MinimizeSummary> summaries = plan.solve(options);
    for (std::size_t b = 0; b < tasks.size(); ++b) *tasks[b].theta = plan.solution(static_cast<Index>(b));
    return summaries;
  }

  /// How many tasks of so many bytes a batch may have: at least one. What is free is asked for once, before this engine
  /// has taken any of it, and a tenth is left for what else is evaluated.
  std::size_t room_for(std::size_t bytes) {
    if (room_ == 0) {
      room_ = options_.memory > 0 ? options_.memory
              : options_.cuda     ? cuda::free_bytes() / 10 * 9
                                  : std::numeric_limits<std::size_t>::max();
    }
    return std::max<std::size_t>(1, room_ / bytes);
  }

  /// A batch of one.
  at::Tensor on_device(PointsView points) { return resident_.tensor(points).unsqueeze(0); }

  /// Whether the processor is through with so little before a device has been told what to do.
  bool few(PointsView points, const std::vector<const ConvexMap*>& maps) const {
    const auto d = static_cast<double>(points.cols());
    double operations = 0.0;
    for (const ConvexMap* map : maps) {
      for (const auto& layer : map->layers) {
        const auto inputs = map->pooled() ? 0.5 * d * d : static_cast<double>(layer.A.cols() + layer.W.cols());
        operations += 2.0 * (1.0 + d) * inputs * static_cast<double>(layer.b.size());
      }
    }
    return static_cast<double>(points.rows()) * operations < options_.fewest_operations;
  }

  /// The plan of the last solve, if it will do: steps of one filter are alike.
  Plan& plan_for(const StepShape& shape, const std::vector<StepTask>& tasks, const MinimizeOptions& options) {
    std::vector<const Potential*> potentials;
    std::vector<std::pair<const void*, std::uint64_t>> identities;
    for (const StepTask& task : tasks) {
      potentials.push_back(task.problem->potential);
      identities.emplace_back(potentials.back(), potentials.back()->identity());
    }
    Plan::Key key{shape.batch, shape.nodes,        shape.dimension, shape.widths,     shape.pooled,
                  identities,  options.iterations, options.memory,  options.patience, options.first_step};
    if (plan_ && plan_->key() == key) return *plan_;
    plan_.reset();  // gives its memory back first
    require_memory(shape, options.memory);
    plan_ = std::make_unique<Plan>(std::move(key), shape, potentials, options, tensors_, resident_);
    return *plan_;
  }

  std::size_t bytes_of(const StepShape& shape, int memory_pairs) const {
    return bytes_needed(shape, memory_pairs, options_.single_precision ? sizeof(float) : sizeof(double));
  }

  /// Room for a map at these points. Steps of one filter are alike: what is free is asked for once, since that stops
  /// the device.
  void claim(PointsView points, const ConvexMap& map) {
    const StepShape shape{1, points.rows(), points.cols(), map.widths(), map.pooled()};
    const std::size_t needed = bytes_of(shape, 0);
    if (needed <= granted_) return;
    require_memory(shape, 0);
    granted_ = needed;
  }

  void require_memory(const StepShape& shape, int memory_pairs) const {
    const std::size_t free = options_.memory > 0 ? options_.memory : options_.cuda ? cuda::free_bytes() : 0;
    if (free == 0) return;  // the processor's memory is the operating system's affair
    const std::size_t needed = bytes_of(shape, memory_pairs);
    if (needed <= free) return;
    throw DeviceError("a step of " + std::to_string(shape.batch) + " x " + std::to_string(shape.nodes) +
                      " nodes needs up to " + gibibytes(needed) + " on the device, of which " + gibibytes(free) +
                      " are free: take fewer nodes, narrower layers or single precision");
  }

  /// What LibTorch throws becomes one line.
  template <class Work>
  auto guarded(Work&& work) const -> decltype(work()) {
    try {
      return work();
    } catch (const c10::Error& error) {
      const std::string what = error.what_without_backtrace();
      throw DeviceError(name() + ": " + what.substr(0, what.find('\n')));
    }
  }

  TensorEngineOptions options_;
  at::TensorOptions tensors_;
  ResidentArrays resident_;
  std::atomic<std::size_t> granted_{0};  ///< bytes that evaluating a map may take
  std::mutex mutex_;
  std::size_t room_ = 0;  ///< bytes that a batch may take; 0: not asked yet
  std::unique_ptr<Plan> plan_;
};

}  // namespace

// Counts of tensors that are alive at once, of one number a node and unit, unit and direction, or pair of directions;
// measured at 1.5 to 2.8 times of what is taken on the processor, for 1 to 32 dimensions.
std::size_t bytes_needed(const StepShape& shape, int memory_pairs, std::size_t bytes_a_number) {
  const auto size = [](Index n) { return static_cast<std::size_t>(n); };
  const std::size_t d = size(shape.dimension);
  std::size_t parameters = d * (d + 1), a_node = 10 * d * d + 20 * d + 20, squares = 0, before = 0;
  for (const Index width : shape.widths) {
    const std::size_t h = size(width);
    a_node += shape.pooled ? 12 * h : (9 + 5 * d) * h;
    parameters += shape.pooled ? h * (d + 1) + 1 : h * (d + before + 2);
    squares += shape.pooled ? 4 * h * d * d : 0;
    before = h;
  }
  const std::size_t vectors = 16 + 10 * size(memory_pairs);
  return bytes_a_number * size(shape.batch) * (size(shape.nodes) * a_node + parameters * vectors + squares);
}

std::shared_ptr<StepEngine> make_tensor_engine(const TensorEngineOptions& options) {
  if (options.cuda && !cuda::built()) {
    throw DeviceError("this program's LibTorch has no CUDA: build it with one that has (docs/gpu.md)");
  }
  if (options.cuda && !cuda::available()) throw DeviceError("no CUDA device was found on this machine");
  return std::make_shared<LibTorchEngine>(options);
}

}  // namespace jko
