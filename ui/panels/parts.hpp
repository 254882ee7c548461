#pragma once
/// What several panels draw.

#include <string>
#include <vector>

#include "src/view/law_picture.hpp"
#include "ui/contours.hpp"
#include "ui/plot.hpp"

namespace jko::ui {

/// The loss of a JKO step against its iterations, above its least value; `hint` where there is none.
void plot_loss(const char* id, PlotView& view, const std::vector<double>& losses, float height, const char* hint);

/// The contours around half and 90 % of the mass of a pair of coordinates; nothing if the picture has no such pair.
/// `lines` is scratch.
void plot_regions(Plot& plot, const LawPicture& law, Index x, Index y, const char* name, ImU32 colour, float width,
                  ContourLines& lines);

/// The potential's landscape, the lower half of it: contours that are closer together at the bottom.
void add_landscape(const SampledField& potential, ContourLines& lines);

inline Series series_of(const ContourLines& lines) {
  return {lines.x.data(), lines.y.data(), static_cast<Index>(lines.x.size())};
}

/// A row of a table of two columns: a name and a value. `colour` 0: the text's own.
void figure_row(const char* name, const std::string& value, ImU32 colour = 0);

}  // namespace jko::ui
