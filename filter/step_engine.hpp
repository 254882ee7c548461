#pragma once
/// Where the steps of a filter are computed: the one seam between the solver of JKO steps and the hardware.
///
/// An engine minimises equation 2 over maps whose parameters are all trained, and evaluates maps. All engines follow
/// the same algorithm (minimize.hpp) from the same start, so that they differ by rounding alone. An engine may serve
/// several filters and threads at once.

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "filter/jko_step.hpp"
#include "jko/engine.hpp"

namespace jko {

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

/// `device` as long as it works. When it throws DeviceError, `report` is told why, and this step and all others are the
/// processor's: a filter outlives its device. `newton`: what newton() is to say.
std::shared_ptr<StepEngine> with_fallback(std::shared_ptr<StepEngine> device, bool newton = false,
                                          std::function<void(const std::string&)> report = {});

}  // namespace jko
