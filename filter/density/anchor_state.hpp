#pragma once
/// What an anchor is made of, as plain data: see filter/jko_state.hpp.

#include "filter/convex_map.hpp"
#include "jko/types.hpp"

namespace jko {

/// A density of filter/density/.
struct AnchorState {
  enum Kind { initial, spline, grid, flow };  ///< numbers are part of the form
  int kind = initial;
  Vector knots, values, second;  ///< spline; a grid's values
  double precision = 0.0, left_slope = 0.0, right_slope = 0.0;
  Vector center;      ///< grid, flow
  Matrix axes;        ///< grid: axes; flow: whitening
  Vector low, high;   ///< grid
  Index counts[2]{};  ///< grid
  ConvexMap map;      ///< flow
};

template <class Archive>
void visit(Archive& archive, ConvexMap::Layer& layer) {
  archive("A", layer.A);
  archive("W", layer.W);
  archive("b", layer.b);
  archive("w", layer.w);
}

template <class Archive>
void visit(Archive& archive, ConvexMap& map) {
  archive("Q", map.Q);
  archive("c", map.c);
  archive("layers", map.layers);
}

template <class Archive>
void visit(Archive& archive, AnchorState& anchor) {
  archive("kind", anchor.kind);
  if (anchor.kind == AnchorState::spline) {
    archive("knots", anchor.knots);
    archive("second", anchor.second);
    archive("precision", anchor.precision);
    archive("left_slope", anchor.left_slope);
    archive("right_slope", anchor.right_slope);
  }
  if (anchor.kind == AnchorState::grid) {
    archive("low", anchor.low);
    archive("high", anchor.high);
    archive("columns", anchor.counts[0]);
    archive("rows", anchor.counts[1]);
  }
  if (anchor.kind == AnchorState::spline || anchor.kind == AnchorState::grid) archive("values", anchor.values);
  if (anchor.kind == AnchorState::grid || anchor.kind == AnchorState::flow) {
    archive("center", anchor.center);
    archive("axes", anchor.axes);
  }
  if (anchor.kind == AnchorState::flow) archive("map", anchor.map);
}

}  // namespace jko
