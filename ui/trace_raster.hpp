#pragma once
/// The density of one coordinate over time as a picture: a column of pixels for each moment, blended between the laws
/// just before and just after it.

#include "src/view/history.hpp"
#include "ui/colours.hpp"

namespace jko::ui {

/// Fills `pixels` (width × height as they are) with the traces of `coordinate` for times from `begin` to `end` and
/// values from `low` (bottom) to `high`. Where nothing is known pixels are transparent.
void raster_traces(const History& history, Index coordinate, double begin, double end, double low, double high,
                   const std::array<ImU32, 256>& map, Pixels& pixels);

}  // namespace jko::ui
