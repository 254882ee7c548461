#pragma once
/// The picture of a run: for each coordinate of the state (at most four) its posterior density over time, with mean, 90
/// % band and the observations; in two dimensions also the last joint density.
///
///     PosteriorPicture picture(model, columns);
///     picture.add_law(filter, false);            // the initial law
///     for (…) {
///       filter.predict(t);  picture.add_law(filter, true);
///       filter.update(y);   picture.add_observation(filter, y);  picture.add_law(filter, false);
///     }
///     picture.write("posterior.png", filter, {"title", "days"});
///
/// An observed value is drawn over the state's density where it is on the same scale (observation_scale.hpp), else in a
/// panel of its own. Memory is bounded: long recordings are thinned.

#include <string>
#include <vector>

#include "jko/filter.hpp"
#include "jko/model.hpp"
#include "src/marginal_track.hpp"
#include "src/observation_scale.hpp"

namespace jko {

class PosteriorPicture {
 public:
  struct Labels {
    std::string title;
    std::string time_unit;
  };

  /// `names` of the observed values; empty: y0, y1, …
  PosteriorPicture(const Model& model, std::vector<std::string> names);

  void add_law(const Filter& filter, bool predicted);
  void add_observation(const Filter& filter, const Vector& y);

  /// Draws it by gnuplot, with `filter` as it is at the end. Returns false if that did not work.
  bool write(const std::string& file, const Filter& filter, const Labels& labels);

 private:
  struct Point {
    double time;
    Index stage;
    Vector value;
  };

  std::vector<Index> off_scale_components() const;
  std::string coordinate_panel(std::size_t panel, double begin, double end) const;
  std::string observation_panel(const std::vector<Index>& components, double begin, double end) const;

  std::vector<std::string> names_;
  std::vector<MarginalTrack> tracks_;
  ObservationScale scale_;
  std::vector<Point> points_;
  Index stage_ = 0, stride_ = 1;
};

}  // namespace jko
