#pragma once
/// The density of one coordinate over time, thinned so that memory stays bounded however long the recording is.
///
/// A law is kept as its quantile function, at levels that crowd towards both tails. Between two laws the track is
/// McCann's interpolation: the quantile functions are averaged, so mass moves instead of fading in and out.

#include <vector>

#include "jko/filter.hpp"

namespace jko {

class MarginalTrack {
 public:
  struct Law {
    double time;
    bool predicted;  ///< just before an observation
    Index stage;     ///< number of observations seen so far
    double mean, low, high;
    Vector quantile;  ///< at the levels of quantile_level()
  };

  explicit MarginalTrack(Index coordinate) : coordinate_(coordinate) {}

  /// Keeps the filter's current marginal, unless so many are kept already that it will not be missed.
  void add(const Filter& filter, Index stage, bool predicted);
  /// Keeps it whatever happens: the first and the last law.
  void add_always(const Filter& filter, Index stage, bool predicted);

  const std::vector<Law>& laws() const { return laws_; }

  /// The values that a picture should show: no less than the middle 99 % of nearly every law.
  std::pair<double, double> range() const;

  /// The density on `columns` times (evenly from `begin` to `end`) by `rows` values (from `low` to `high`, cell
  /// centres), shape (rows, columns).
  Matrix raster(double begin, double end, Index columns, double low, double high, Index rows) const;

 private:
  void thin();

  Index coordinate_;
  Index stride_ = 1;
  std::vector<Law> laws_;
};

}  // namespace jko
