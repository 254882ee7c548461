#pragma once
/// Solves the JKO steps of one filter, one after another: chooses the method, starts each step from the one before,
/// checks every result and never fails.
///
///     StepSolver solver(options, dimension);
///     JkoStepResult step = solver.solve(problem, length);
///     solver.forget();    // after an observation: the velocity field has jumped
///
/// What a result must satisfy: finite values, ∇²ψ well away from singular, and a loss that went down against the
/// identity, also on nodes that were held out of the fit, if there are any. A step that does not is solved again from
/// the identity, and at last replaced by an affine map that cannot fail. Where the nodes' score is known and the fit
/// ends a little above the identity, the law is at rest and stays as it is.

#include "filter/convex_features.hpp"
#include "filter/jko_state.hpp"
#include "filter/jko_step.hpp"
#include "filter/newton_step.hpp"
#include "filter/step_engine.hpp"
#include "jko/jko_options.hpp"
#include "jko/step_limits.hpp"

namespace jko {

struct StepSolverOptions {
  Solver solver = Solver::automatic;
  std::vector<Index> widths;  ///< hidden units a layer; empty: by dimension (72, 144, then 16); trained: 32 and 32 on a
                              ///< line, else 16 and 16; pooled: 16 planes
  int iterations = 100;
  double budget_ms = 0.0;  ///< a step's deadline; 0: none
  /// A step is solved when further iterations lower the free energy by less than this times β⁻¹ (a relative entropy).
  /// 0: by solver and dimension; trained features stop early, before they bend between the nodes.
  double tolerance = 0.0;
  /// Where features are trained: fit seven eighths of the nodes alone, and refuse a step that does worse on the others.
  /// Nodes of a normal law have its mean and covariance exactly, which any part of them has not: where the law stays
  /// close to a normal one, a fit to all of them errs less. On a line none are held out.
  bool hold_out = true;
  std::uint64_t seed = 0;
  std::shared_ptr<StepEngine> engine;  ///< where trained features are solved for; null: this machine's cores
};

struct JkoStepResult {
  ConvexMap map;
  Pushforward moved;        ///< the nodes and the law's score behind the map
  MinimizeSummary summary;  ///< of the last attempt
  SolveRecord record;
  bool stopped = false;    ///< a deadline struck
  bool restarted = false;  ///< the first attempt failed a check
  bool fallback = false;   ///< the affine map stood in for a solve that failed
};

class StepSolver {
 public:
  /// Throws std::invalid_argument if the engine cannot run the solver.
  StepSolver(StepSolverOptions options, Index dimension);

  /// `length` is τ of the step: the first guess is the last step's displacement, scaled to it.
  JkoStepResult solve(const JkoStepProblem& problem, double length, const StepLimits& limits = {});

  void forget() { last_length_ = 0.0; }

  /// What restore() takes back: throws std::invalid_argument if it cannot be this solver's.
  SolverState state() const;
  void restore(const SolverState& state);

 private:
  MinimizeOptions minimize_options(const JkoStepProblem& problem, const StepLimits& limits, int attempt) const;
  ConvexMap solve_newton(const JkoStepProblem& problem, double ratio, const MinimizeOptions& options,
                         MinimizeSummary& summary);
  ConvexMap solve_lbfgs(const JkoStepProblem& problem, double ratio, const MinimizeOptions& options,
                        MinimizeSummary& summary);
  ConvexMap solve_pooled(const JkoStepProblem& problem, bool afresh, const MinimizeOptions& options,
                         MinimizeSummary& summary);
  bool has_previous() const { return last_length_ > 0.0; }

  Index dimension_;
  StepSolverOptions options_;
  double last_length_ = 0.0;  ///< 0: nothing to start from
  // The last solution and the identity that it is measured from.
  FeatureCoefficients coefficients_, identity_coefficients_;
  Vector theta_, identity_theta_;  ///< pooled: the last map's own parameters (flat()), and nothing
};

}  // namespace jko
