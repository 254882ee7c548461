#pragma once
/// Pictures of laws and of potentials, from the filters that hold them. Made by the run's or the illustrator's thread:
/// a window only draws them.
///
///     LawPicture picture = illustrate(filter, {});       // 0.2 ms on a line, some 10 ms in the plane
///     NodeCloud cloud = cloud_of(filter);
///     Glide glide = glide_of(filter);                    // just after a step
///
/// On a line and in the plane densities are the law's own; in more dimensions they are kernel estimates (Silverman
/// 1986) from its nodes, or from draws. What is not finite becomes 0.

#include "jko/filter.hpp"
#include "jko/jko_filter.hpp"
#include "jko/potential.hpp"
#include "src/view/law_picture.hpp"
#include "src/view/snapshot.hpp"

namespace jko {

struct PictureOptions {
  Index first = 0, second = 1;  ///< the pair of coordinates that is shown, in three dimensions or more
  Index line_points = 400;      ///< samples of a density on a line
  Index plane_points = 96;      ///< and along each axis of the plane
};

LawPicture illustrate(const Filter& law, const PictureOptions& options);

/// The nodes of a JKO filter, thinned evenly where there are too many; 2,000 draws of any other law.
NodeCloud cloud_of(const Filter& law);

/// The step that led to the filter's law: empty in the plane and beyond, or where the last change was no step.
Glide glide_of(const JkoFilter& after);

/// Φ on a line. What is infinite or undefined gets the largest value that is not.
SampledCurve sample_potential(const Potential& potential, double t, double low, double high, Index count);

/// Φ in the plane, `count` samples along each axis.
SampledField sample_potential(const Potential& potential, double t, double x_low, double x_high, double y_low,
                              double y_high, Index count);

}  // namespace jko
