#include "src/explore/stationary_law.hpp"

#include <algorithm>

namespace jko {
namespace {

constexpr int kMostGrowths = 60;
constexpr Index kLinePoints = 401, kPlanePoints = 61;            // to look around
constexpr Index kLineQuadrature = 4001, kPlaneQuadrature = 241;  // to add up

/// βΦ on the lattice over a box, above its minimum there; infinite where Φ is undefined.
struct Survey {
  Points x;
  Vector rise;
  double lowest;  ///< βΦ
  Index count;    ///< along each axis
};

Survey survey(const Potential& potential, double beta, double t, const std::vector<Interval>& box, Index count) {
  const Index d = potential.dimension();
  Survey survey{Points(d == 1 ? count : count * count, d), {}, kInfinity, count};
  for (Index i = 0; i < survey.x.rows(); ++i) {
    for (Index k = 0; k < d; ++k) {
      const Interval& side = box[static_cast<std::size_t>(k)];
      const double share = static_cast<double>(k == 0 ? i % count : i / count) / static_cast<double>(count - 1);
      survey.x(i, k) = side.low + share * (side.high - side.low);
    }
  }
  Vector value(survey.x.rows());
  Points gradient(survey.x.rows(), d);
  potential.evaluate(survey.x, t, value, gradient);
  survey.rise = value.unaryExpr([&](double v) { return std::isnan(v) ? kInfinity : beta * v; });
  survey.lowest = survey.rise.minCoeff();
  survey.rise.array() -= survey.lowest;
  return survey;
}

/// The least rise on one end of the box.
double rise_on_edge(const Survey& survey, Index axis, bool high) {
  double least = kInfinity;
  for (Index i = 0; i < survey.x.rows(); ++i) {
    const Index at = axis == 0 ? i % survey.count : i / survey.count;
    if (at == (high ? survey.count - 1 : 0)) least = std::min(least, survey.rise(i));
  }
  return least;
}

/// The part of the box where the rise is below a bound, and a cell more.
std::vector<Interval> where_below(const Survey& survey, const std::vector<Interval>& box, double bound) {
  std::vector<Interval> part;
  for (Index k = 0; k < survey.x.cols(); ++k) {
    const Interval& side = box[static_cast<std::size_t>(k)];
    const double cell = (side.high - side.low) / static_cast<double>(survey.count - 1);
    Interval found{side.high, side.low};
    for (Index i = 0; i < survey.x.rows(); ++i) {
      if (!(survey.rise(i) < bound)) continue;
      found.low = std::min(found.low, survey.x(i, k) - cell);
      found.high = std::max(found.high, survey.x(i, k) + cell);
    }
    part.push_back({std::max(found.low, side.low), std::min(found.high, side.high)});
  }
  return part;
}

}  // namespace

StationaryLaw stationary_law(const Potential& potential, double beta, double t, const std::vector<Interval>& start) {
  const Index d = potential.dimension();
  const Index look = d == 1 ? kLinePoints : kPlanePoints;
  StationaryLaw law;
  law.box = law.bulk = start;
  std::vector<Interval> box = start;
  Survey seen = survey(potential, beta, t, box, look);
  bool confined = false;
  for (int growth = 0; growth < kMostGrowths && !confined; ++growth) {
    if (!std::isfinite(seen.lowest)) return law;
    confined = true;
    for (Index k = 0; k < d; ++k) {
      Interval& side = box[static_cast<std::size_t>(k)];
      const double push = 0.15 * (side.high - side.low);
      for (const bool high : {false, true}) {
        if (rise_on_edge(seen, k, high) >= StationaryLaw::kRise) continue;
        confined = false;
        (high ? side.high : side.low) += high ? push : -push;
      }
    }
    if (!confined) seen = survey(potential, beta, t, box, look);
  }
  if (!confined) return law;
  law.box = box;
  // A second look where a cold law may be narrower than the box's cells.
  for (int k = 0; k < 2; ++k) {
    box = where_below(seen, box, StationaryLaw::kRise);
    seen = survey(potential, beta, t, box, look);
  }
  law.bulk = where_below(seen, box, StationaryLaw::kBulkRise);
  const Survey all = survey(potential, beta, t, box, d == 1 ? kLineQuadrature : kPlaneQuadrature);
  double cell = 1.0;
  for (const Interval& side : box) cell *= (side.high - side.low) / static_cast<double>(all.count - 1);
  law.log_normaliser = std::log((-all.rise.array()).exp().sum() * cell) - all.lowest;
  return law;
}

}  // namespace jko
