#pragma once
/// The pictures of the study of stationary laws.

#include <string>
#include <utility>
#include <vector>

#include "src/experiments/spread.hpp"
#include "src/experiments/study.hpp"

namespace jko {

/// SymKL of a method over the dimension, and what was published of its counterpart.
struct StationaryCurve {
  std::string method;
  std::vector<std::pair<Index, Spread>> ours;
  std::vector<std::pair<Index, double>> published;
};

/// Medians with a band between the quartiles, published medians dashed; `floor`: the bound of every exact method.
StudyPicture stationary_curves(const std::vector<StationaryCurve>& curves,
                               const std::vector<std::pair<Index, double>>& floor);

using PlanePoints = std::vector<std::vector<double>>;  ///< pairs

/// Draws of the law that was found, beside those of the stationary one, both projected on a plane.
StudyPicture stationary_scatter(Index dimension, const PlanePoints& ours, const PlanePoints& truth);

}  // namespace jko
