#pragma once
/// What the user of a JkoFilter may choose. Every default is meant to do.
///
///     JkoOptions options;
///     options.budget_ms = 5.0;
///     if (std::string why; !options.validate(&why)) std::cerr << why << '\n';

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "jko/engine.hpp"
#include "jko/types.hpp"

namespace jko {

/// First order: the JKO scheme (implicit Euler). Second order: variational BDF2, at the same cost a step.
enum class Scheme { jko, bdf2 };

enum class Solver {
  automatic,  ///< newton for one hidden layer, lbfgs for more and on a device
  newton,     ///< one hidden layer of fixed features, projected Newton; the processor's alone
  lbfgs,      ///< any layers, all of them trained
  /// A soft maximum of planes, trained, which starts from the potential's tangent planes: for three dimensions or more
  /// and potentials of many wells.
  pooled,
};

struct JKO_API JkoOptions {
  Scheme scheme = Scheme::bdf2;
  double step = 0.0;  ///< τ, in units of the model's time; 0: from the model's own time scales
  Index nodes = 0;    ///< nodes that represent the law; 0: by dimension
  Solver solver = Solver::automatic;
  /// Hidden units of each layer; empty: by dimension (72, 144, then 16); trained: 32 and 32 on a line, else 16 and 16;
  /// pooled: 16 planes.
  std::vector<Index> widths;
  int iterations = 100;  ///< at most so many solver iterations a step
  /// A step is solved when further iterations lower the free energy by less than this times β⁻¹ (a relative entropy).
  /// 0: by solver and dimension.
  double tolerance = 0.0;
  double budget_ms = 0.0;       ///< at most so much time a step, then the best so far; 0: no limit
  double resample_below = 0.5;  ///< new nodes when the effective sample size falls below this share of them
  int chain = 0;                ///< at most so many maps since the anchor, then a new anchor is fitted; 0: by dimension
  /// New nodes for each step, drawn from the initial law and moved along, as long as nothing was observed: a step is
  /// then not fitted to the nodes that the steps before were fitted to. For three dimensions or more; the chain should
  /// hold all steps.
  bool redraw = false;
  /// Where features are trained: fit seven eighths of the nodes alone, and refuse a step that does worse on the others.
  bool hold_out = true;
  std::uint64_t seed = 0;
  std::shared_ptr<StepEngine>
      engine;  ///< of trained features (jko/engine.hpp); null: this machine's cores. Clones share it

  /// Whether a filter can have these; if not, `why` says in words what is wrong.
  bool validate(std::string* why = nullptr) const;
};

}  // namespace jko
