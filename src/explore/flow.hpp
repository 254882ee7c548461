#pragma once
/// The Fokker-Planck flow of one law, by JKO steps, and beside it on a grid and by Langevin paths.
///
///     Flow flow(settings);                 // throws InputError
///     frames.push_back(flow.frame());      // the initial law
///     frames.push_back(flow.step());       // a step of τ later

#include <memory>
#include <string>
#include <vector>

#include "filter/reference/grid_filter.hpp"
#include "filter/reference/particle_filter.hpp"
#include "jko/jko_filter.hpp"
#include "src/config.hpp"
#include "src/explore/explore_settings.hpp"
#include "src/explore/stationary_law.hpp"
#include "src/view/explore_view.hpp"

namespace jko {

/// What a law flows on: Φ and exp(-βΦ)/Z as they are drawn.
struct Landscape {
  SampledCurve potential_curve, stationary_curve;  ///< on a line
  SampledField potential_field, stationary_field;  ///< in the plane
  double free_energy = 0.0;                        ///< of the stationary law; NaN: there is none
};

class Flow {
 public:
  explicit Flow(const ExploreSettings& settings);

  /// The law as it is.
  std::shared_ptr<const FlowFrame> frame() { return draw(); }
  /// The law after a step of τ. Throws std::runtime_error if it cannot be represented any more. A comparison that
  /// fails is given up, with a message.
  std::shared_ptr<const FlowFrame> step();

  Index dimension() const { return config_.model.dimension(); }
  const Config& config() const { return config_; }
  const JkoFilter& law() const { return jko_; }

  /// At any time; the same for all where Φ does not depend on it.
  Landscape landscape(double time) const;
  bool changes_landscape() const { return config_.model.potential->time_dependent(); }

  /// What is to be said to the user since the last call.
  std::vector<std::string> take_messages();

 private:
  std::shared_ptr<FlowFrame> draw();
  void make_grid();
  void make_particles(const ExploreSettings& settings);
  std::string lost(const Filter& law) const;
  void compare(FlowFrame& frame);
  StationaryLaw stationary_at(double time) const;
  Points arrow_points() const;
  double rate() const;

  Config config_;
  double tau_;
  JkoFilter jko_;
  std::unique_ptr<GridFilter> grid_;
  std::unique_ptr<ParticleFilter> particles_;
  std::vector<Interval> start_;  ///< holds the initial law
  std::vector<Interval> view_;   ///< what is drawn of the landscape
  StationaryLaw stationary_;     ///< at the time of the last frame
  std::vector<std::string> messages_;
};

}  // namespace jko
