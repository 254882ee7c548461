#pragma once
/// What `jkofilter explore` shows: the Fokker-Planck flow of one law, step by step.

#include <memory>
#include <string>
#include <vector>

#include "src/view/law_picture.hpp"

namespace jko {

/// Where a step took points of the law.
struct MapArrows {
  Points from, to;  ///< (K, D)
  Vector log_det;   ///< log det ∇T at `from`, (K)
};

/// F = E Φ + β⁻¹ E log ρ.
struct FreeEnergy {
  double potential = 0.0;  ///< E Φ
  double entropy = 0.0;    ///< β⁻¹ E log ρ: the negative entropy, times the temperature
  double total() const { return potential + entropy; }
};

/// The flow after one step.
struct FlowFrame {
  double time = 0.0;
  int iterations = 0;
  bool fallback = false;
  std::shared_ptr<const LawPicture> law;              ///< by JKO steps
  std::shared_ptr<const LawPicture> grid, particles;  ///< the same by the other methods
  NodeCloud nodes;
  MapArrows map;               ///< of the step that led here; empty in the first frame
  std::vector<double> losses;  ///< of that step, after each iteration
  FreeEnergy free_energy;
  double to_stationary = 0.0;                ///< KL(ρ | exp(-βΦ)/Z)
  double kl_grid = 0.0, kl_particles = 0.0;  ///< KL(p|q) + KL(q|p) of the grid's law and of the particles' to ours
  double step_ms = 0.0, grid_ms = 0.0, particles_ms = 0.0;
};

struct ExploreView {
  Index dimension = 1;
  std::vector<std::shared_ptr<const FlowFrame>> frames;  ///< bounded; the first is the initial law
  Index shown = 0;                                       ///< the frame to look at
  bool playing = false;
  double beta = 1.0, tau = 0.1;
  SampledCurve potential_curve, stationary_curve;  ///< on a line
  SampledField potential_field, stationary_field;  ///< in the plane
  double stationary_free_energy = 0.0;             ///< F's infimum, -β⁻¹ log Z
  bool forgot = false;                             ///< frames were dropped to stay within bounds
};

}  // namespace jko
