#pragma once
/// A trained flow as a file: what a JKO filter has learnt of a law, to be evaluated and drawn from anywhere, later.
///
///     save_flow("double_well.flow", filter, model);
///     const TrainedFlow flow = load_flow("double_well.flow");      // throws InputError
///     Vector log_p = flow.log_density(points);                     // bit for bit what the filter said
///     Points draws = flow.sample(1000, /*seed=*/0);                // and drew
///
/// The file is sealed (sealed_file.hpp) and written atomically. It holds the anchor, the chain of maps and the nodes of
/// filter/belief.hpp, the initial law, and of the model what people want to know; no potential is needed to use it.

#include <memory>
#include <string>
#include <string_view>

#include "filter/belief.hpp"
#include "jko/jko_filter.hpp"
#include "jko/model.hpp"

namespace jko {

class TrainedFlow {
 public:
  Index dimension() const { return model_->dimension(); }
  double time() const { return time_; }
  double beta() const { return model_->beta; }
  /// The potential as a formula.
  const std::string& potential() const { return potential_; }
  const GaussianMixture& initial() const { return model_->initial; }
  /// JKO maps since the anchor.
  int maps() const { return belief_.maps(); }

  /// log density at each row of `points` (N, D), normalised, through the inverse maps. -infinity where it underflows,
  /// or a point is so far away that no map can be undone.
  Vector log_density(PointsView points) const;

  /// `count` independent draws, shape (count, D). Throws InputError if a file that is whole, but was not written by
  /// save_flow(), holds a density that cannot be drawn from.
  Points sample(Index count, std::uint64_t seed) const;

 private:
  friend TrainedFlow decode_flow(std::string_view content, const std::string& name);
  TrainedFlow(std::string name, std::string potential, double time, std::shared_ptr<const Model> model, Belief belief);
  void require_usable() const;

  std::string name_, potential_;
  double time_;
  std::shared_ptr<const Model> model_;  ///< without potential and observations
  Belief belief_;
};

/// Throws std::invalid_argument if the chain of maps holds an observation: a likelihood is no part of a flow, and the
/// filter must be asked before its first update, or after it has renewed its anchor. Throws std::runtime_error if the
/// file cannot be written; the former one is still there then.
void save_flow(const std::string& file, const JkoFilter& filter, const Model& model);

/// Throws InputError if there is no flow, not a whole one, or one that makes no sense.
TrainedFlow load_flow(const std::string& file);

/// The same of a file's content, which errors call `name`.
std::string encode_flow(const JkoFilter& filter, const Model& model);
TrainedFlow decode_flow(std::string_view content, const std::string& name);

}  // namespace jko
