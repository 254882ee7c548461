#pragma once
/// Which observed values can be drawn over which coordinate of the state.
///
///     ObservationScale scale(model, 4);
///     scale.judge(filter, y);           // at each of the first observations
///     if (scale.shared(0, 1)) …         // y0 means a value of x1
///
/// A value is on a coordinate's scale if its likelihood peaks where the coordinate equals it, whatever kind of
/// likelihood that is, at every observation that was judged.

#include "jko/filter.hpp"
#include "jko/model.hpp"

namespace jko {

class ObservationScale {
 public:
  /// For the first `coordinates` of the state.
  ObservationScale(const Model& model, Index coordinates);

  /// Takes note of one observation, with the state's current law; does nothing once enough are judged.
  void judge(const Filter& filter, const Vector& y);

  bool shared(Index component, Index coordinate) const;
  /// Whether a component shares the scale of any coordinate.
  bool shared(Index component) const;

 private:
  bool peaks_at(const Filter& filter, const Vector& y, Index component, Index coordinate) const;

  std::shared_ptr<const ObservationModel> observation_;
  Eigen::ArrayXXi judged_, agreed_;  ///< number of observations, (component, coordinate)
};

}  // namespace jko
