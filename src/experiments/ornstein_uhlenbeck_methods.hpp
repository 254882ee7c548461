#pragma once
/// The methods of the Ornstein-Uhlenbeck study.

#include <memory>
#include <string>
#include <vector>

#include "jko/jko_filter.hpp"

namespace jko {

/// A method's law as it moves.
class EvolvingLaw {
 public:
  virtual ~EvolvingLaw() = default;
  virtual Filter& filter() = 0;
  /// As many independent draws of what filter().log_density() is the density of, as there are `draws` of filter(),
  /// (N, D): these themselves, if they are its.
  virtual Points density_draws(const Points& draws, std::uint64_t seed) const = 0;
};

/// A method by its name, that of its counterpart among the published ones, and the colour of both in pictures.
struct EvolvingMethod {
  std::string name, published, colour;
  /// Seconds of a task in D dimensions, about; for the time left.
  double (*cost)(Index dimension);
  std::unique_ptr<EvolvingLaw> (*make)(const Model& model, const JkoOptions& jko, double euler_step,
                                       std::uint64_t seed);
};

/// To add one: an entry in the table of the source.
const std::vector<EvolvingMethod>& evolving_methods();

/// Throws std::out_of_range if there is none of that name.
const EvolvingMethod& evolving_method(const std::string& name);

}  // namespace jko
