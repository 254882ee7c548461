#pragma once
/// Where the steps of a filter are computed: the one seam between the solver of JKO steps and the hardware.
///
///     JkoOptions options;                                                   // options.engine is null:
///     set_default_engine(device_engine(Device::cuda));                      // … this one (filter/device/)
///     options.engine = processor_engine();                                  // … or Eigen, on this machine's cores
///
/// An engine minimises equation 2 over maps whose parameters are all trained, and evaluates maps. All engines follow
/// the same algorithm (minimize.hpp) from the same start, so that they differ by rounding alone. An engine may serve
/// several filters and threads at once.

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "filter/jko_step.hpp"

namespace jko {

/// The device is gone, or has too little memory: the message is one line that says what to do.
class DeviceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// θ of an L-BFGS step: of all layers, or of planes under a soft maximum.
using StepParameters = std::variant<const Parametrisation*, const PooledParametrisation*>;

/// One of the problems that are solved at once. What it points to is the caller's.
struct StepTask {
  const JkoStepProblem* problem;
  StepParameters parameters;
  Vector* theta;  ///< first guess, then solution
};

class StepEngine {
 public:
  virtual ~StepEngine() = default;

  /// Minimises L of each task from its θ, which becomes the solution: together if batches(), in which case tasks must
  /// agree in the number of nodes, the dimension, the kind of parameters and the widths. `options.stop` is then asked
  /// for all of them. Throws DeviceError.
  virtual std::vector<MinimizeSummary> minimise(const std::vector<StepTask>& tasks, const MinimizeOptions& options) = 0;
  virtual bool batches() const { return false; }

  // As in convex_map.hpp, but that they throw DeviceError.
  virtual MapAverages average(const ConvexMap& map, PointsView points, const Vector& weights) = 0;
  virtual Pushforward pushforward(const std::vector<const ConvexMap*>& maps, PointsView points, PointsView score) = 0;

  /// Whether steps may be solved beside it by Newton's method for fixed features, which only the processor knows
  /// (newton_step.hpp).
  virtual bool newton() const { return false; }

  /// For people: "processor", "cuda (NVIDIA H200)".
  virtual std::string name() const = 0;

  /// What went wrong for good, in one line; empty while all is well.
  virtual std::string trouble() const { return {}; }
};

/// One problem alone.
MinimizeSummary minimise(StepEngine& engine, const JkoStepProblem& problem, StepParameters parameters, Vector& theta,
                         const MinimizeOptions& options);

/// The engine of this machine's cores.
std::shared_ptr<StepEngine> processor_engine();

/// `device` as long as it works. When it throws DeviceError, `report` is told why, and this step and all others are the
/// processor's: a filter outlives its device. `newton`: what newton() is to say.
std::shared_ptr<StepEngine> with_fallback(std::shared_ptr<StepEngine> device, bool newton = false,
                                          std::function<void(const std::string&)> report = {});

/// What filters without an engine of their own use, from when they are made; like the number of OpenMP's threads, it is
/// one for the whole program. At first the processor's.
std::shared_ptr<StepEngine> default_engine();
void set_default_engine(std::shared_ptr<StepEngine> engine);

}  // namespace jko
